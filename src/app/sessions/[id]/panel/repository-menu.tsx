// What can be done with a session's repository: another token, or none of it any more.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../../../../client/api-error.ts";
import type { SessionResource } from "../../../../contract/session-resources.ts";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { FailureNote } from "../../../components/failure-note.tsx";
import { Ellipsis, KeyRound, Trash2 } from "../../../components/icons/icons.tsx";
import { SecretInput } from "../../../components/secret-input.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { Dialog } from "../../../components/ui/dialog.tsx";
import { Menu, MenuItem } from "../../../components/ui/menu.tsx";
import { useBerth } from "../../../providers.tsx";
import { refusalsIn } from "../../repository-draft.ts";

const questions = {
  token: {
    title: "New token",
    text: "It takes the old one's place within seconds, while the agent works, too. It is never shown again.",
    action: "Replace",
    keep: "Cancel",
  },
  remove: {
    title: "Remove the repository?",
    text: "Its token is gone, and its host is closed again, within seconds. The files in the sandbox stay.",
    action: "Remove",
    keep: "Keep it",
  },
};
type Question = keyof typeof questions;
type RepositoryMenuProps = { sessionId: string; resource: SessionResource; takesToken: boolean };

export function RepositoryMenu({ sessionId, resource, takesToken }: RepositoryMenuProps) {
  const [asked, setAsked] = useState<Question | null>(null);
  return (
    <>
      <Menu
        trigger={
          <Button look="quiet" size="icon" aria-label={`Actions for ${visibleExactly(resource.url)}`}>
            <Ellipsis aria-hidden />
          </Button>
        }
      >
        {takesToken && (
          <MenuItem onSelect={() => setAsked("token")}>
            <KeyRound aria-hidden /> New token…
          </MenuItem>
        )}
        <MenuItem danger onSelect={() => setAsked("remove")}>
          <Trash2 aria-hidden /> Remove…
        </MenuItem>
      </Menu>
      <Dialog open={asked !== null} onClose={() => setAsked(null)} title={asked ? questions[asked].title : ""}>
        {asked && (
          <RepositoryQuestion sessionId={sessionId} resource={resource} asked={asked} onClose={() => setAsked(null)} />
        )}
      </Dialog>
    </>
  );
}

type RepositoryQuestionProps = {
  sessionId: string;
  resource: SessionResource;
  asked: Question;
  onClose: () => void;
};

function RepositoryQuestion({ sessionId, resource, asked, onClose }: RepositoryQuestionProps) {
  const berth = useBerth();
  const queries = useQueryClient();
  const [token, setToken] = useState("");
  const [isMissing, setMissing] = useState(false);
  const act = useMutation({
    mutationFn: async () => {
      const { resources } = berth.sessions;
      if (asked === "token") await resources.updateToken(sessionId, resource.id, token.trim());
      else await resources.delete(sessionId, resource.id);
    },
    gcTime: 0,
    onSuccess: () => {
      onClose();
      void queries.invalidateQueries({ queryKey: ["session", sessionId] });
    },
  });
  const refused = act.error instanceof ApiError ? refusalsIn(act.error.message)?.get(0)?.token : undefined;
  const { text, action, keep } = questions[asked];
  return (
    <form
      noValidate
      autoComplete="off"
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        const missing = asked === "token" && token.trim() === "";
        setMissing(missing);
        if (!missing) act.mutate();
      }}
    >
      <p className="wrap-anywhere">{visibleExactly(resource.url)}</p>
      <p className="text-muted">{text}</p>
      {asked === "token" && (
        <SecretInput
          label="Token"
          error={isMissing ? "Put in the token." : refused}
          value={token}
          onChange={(typed) => {
            setToken(typed);
            setMissing(false);
            if (act.error) act.reset();
          }}
        />
      )}
      {act.error && !refused && <FailureNote error={act.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{keep}</Button>
        <Button type="submit" look={asked === "token" ? "primary" : "danger"} disabled={act.isPending}>
          {action}
        </Button>
      </div>
    </form>
  );
}
