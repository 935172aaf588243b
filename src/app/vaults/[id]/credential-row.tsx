// One credential of a vault: what it is for, never its value; a new value, archive, delete.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Credential } from "../../../contract/credentials.ts";
import { visibleName } from "../../../lib/visible-text.ts";
import { FailureNote } from "../../components/failure-note.tsx";
import { Archive, Ellipsis, KeyRound, Trash2 } from "../../components/icons/icons.tsx";
import { Name } from "../../components/name.tsx";
import { RelativeTime } from "../../components/relative-time.tsx";
import { SecretInput } from "../../components/secret-input.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Dialog } from "../../components/ui/dialog.tsx";
import { Menu, MenuItem } from "../../components/ui/menu.tsx";
import { useBerth } from "../../providers.tsx";
import {
  canBeRenewed,
  findValueProblem,
  kindWords,
  nameIn,
  newValueOf,
  scopeWords,
  titleOf,
  toNewValue,
} from "./credential-draft.ts";
import { CredentialState } from "./credential-state.tsx";

const questions = {
  value: {
    text: "It takes the old one's place, in running sessions within seconds.",
    action: "Replace",
  },
  archive: {
    title: "Archive",
    text: "Its value is gone for good, in running sessions within seconds. It stays listed without it.",
    action: "Archive",
  },
  delete: {
    title: "Delete",
    text: "It is gone, in running sessions within seconds. This cannot be undone.",
    action: "Delete",
  },
};
type Question = keyof typeof questions;
const RENEWED_TEXT = "They take the place of the old ones, in running sessions within seconds.";

export function CredentialRow({ credential }: { credential: Credential }) {
  const [asked, setAsked] = useState<Question | null>(null);
  const live = credential.archived_at === null;
  const title = titleOf(credential);
  const newValue = newValueOf(credential);
  const name = nameIn(credential.auth);
  return (
    <li className="flex items-center gap-x-4 border-line px-3 py-2 not-last:border-b max-md:items-start">
      <div className="grid min-w-0 flex-1 gap-x-4 wrap-anywhere md:grid-cols-[1fr_auto] md:items-center">
        <div className="min-w-0">
          <span className={live ? "font-medium" : "text-muted line-through"}>
            <Name text={title} />
          </span>
          <span className="block text-muted">
            {kindWords[credential.auth.type].kind}
            {name !== null && name !== title && (
              <>
                {" "}
                <span className="font-mono text-[13px]">{visibleName(name)}</span>
              </>
            )}
            {" for "}
            {scopeWords(credential.auth)}
          </span>
          {live && <CredentialState credential={credential} onNewTokens={() => setAsked("value")} />}
        </div>
        <span className="text-muted">
          {live ? "changed " : "archived "}
          <RelativeTime at={credential.archived_at ?? credential.updated_at} />
        </span>
      </div>
      <Menu
        trigger={
          <Button look="quiet" size="icon" aria-label={`Actions for ${visibleName(title)}`}>
            <Ellipsis aria-hidden />
          </Button>
        }
      >
        {live && (
          <>
            <MenuItem onSelect={() => setAsked("value")}>
              <KeyRound aria-hidden /> New {newValue}…
            </MenuItem>
            <MenuItem onSelect={() => setAsked("archive")}>
              <Archive aria-hidden /> Archive…
            </MenuItem>
          </>
        )}
        <MenuItem danger onSelect={() => setAsked("delete")}>
          <Trash2 aria-hidden /> Delete…
        </MenuItem>
      </Menu>
      <Dialog
        open={asked !== null}
        onClose={() => setAsked(null)}
        title={asked ? titleOfQuestion(asked, credential) : ""}
      >
        {asked && <CredentialQuestion credential={credential} asked={asked} onClose={() => setAsked(null)} />}
      </Dialog>
    </li>
  );
}

function titleOfQuestion(asked: Question, credential: Credential): string {
  const name = visibleName(titleOf(credential));
  if (asked !== "value") return `${questions[asked].title} ${name}?`;
  const newValue = newValueOf(credential);
  return `${newValue === "tokens" ? "New" : "A new"} ${newValue} for ${name}`;
}

type CredentialQuestionProps = { credential: Credential; asked: Question; onClose: () => void };

function CredentialQuestion({ credential, asked, onClose }: CredentialQuestionProps) {
  const berth = useBerth();
  const queries = useQueryClient();
  const [value, setValue] = useState("");
  const [refreshToken, setRefreshToken] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const { id, vault_id: vaultId } = credential;
  const act = useMutation({
    mutationFn: async () => {
      const { credentials } = berth.vaults;
      if (asked === "delete") await credentials.delete(vaultId, id);
      else if (asked === "archive") await credentials.archive(vaultId, id);
      else await credentials.update(vaultId, id, { auth: toNewValue(credential, { value, refreshToken }) });
    },
    onSuccess: () => {
      onClose();
      void queries.invalidateQueries({ queryKey: ["credentials", vaultId] });
    },
  });
  const { text, action } = questions[asked];
  const isRenewed = asked === "value" && canBeRenewed(credential);
  return (
    <form
      noValidate
      autoComplete="off"
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        const found = asked === "value" ? findValueProblem(credential.auth.type, value) : null;
        setProblem(found);
        if (found === null) act.mutate();
      }}
    >
      <p className="text-muted">{isRenewed ? RENEWED_TEXT : text}</p>
      {asked === "value" && (
        <SecretInput
          label={kindWords[credential.auth.type].value}
          error={problem}
          value={value}
          onChange={(typed) => {
            setValue(typed);
            setProblem(null);
          }}
        />
      )}
      {isRenewed && (
        <SecretInput
          label="Refresh token"
          hint="Left empty, the one that is stored stays. After authorizing again, put in the new one."
          error={null}
          value={refreshToken}
          onChange={setRefreshToken}
        />
      )}
      {act.error && <FailureNote error={act.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{asked === "value" ? "Cancel" : "Keep it"}</Button>
        <Button type="submit" look={asked === "value" ? "primary" : "danger"} disabled={act.isPending}>
          {action}
        </Button>
      </div>
    </form>
  );
}
