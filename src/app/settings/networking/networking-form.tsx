// Changes the team's networking; the server's own is told beside it.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { ceilingWords } from "../../../contract/networking-ceiling.ts";
import type { TeamNetworking } from "../../../contract/team-networking.ts";
import { FailureNote } from "../../components/failure-note.tsx";
import { StaleNote } from "../../components/stale-note.tsx";
import { Button } from "../../components/ui/button.tsx";
import { UnsavedEdits } from "../../components/unsaved-edits.tsx";
import { useLiveForm } from "../../components/use-live-form.ts";
import { networkingWords } from "../../environments/networking-draft.ts";
import { useBerth } from "../../providers.tsx";
import { NetworkingPart } from "./networking-part.tsx";
import { findProblems, type TeamNetworkingDraft, toDraft, toUpdate } from "./team-networking-draft.ts";
import { TEAM_NETWORKING } from "./use-team-networking.ts";

export function NetworkingForm({ saved }: { saved: TeamNetworking }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const element = useRef<HTMLFormElement>(null);
  const { form, stale, begin } = useLiveForm(saved, {
    stamp: ({ updated_at }) => updated_at ?? "",
    toDraft,
    findProblems,
  });
  const save = useMutation({
    mutationFn: (draft: TeamNetworkingDraft) => berth.teamNetworking.update(toUpdate(draft)),
    onSuccess: (changed, draft) => {
      queries.setQueryData(TEAM_NETWORKING, changed);
      begin(changed, draft);
    },
  });
  const { draft, problems, refusals, dirty, change } = form;
  useEffect(() => {
    if (refusals > 0) element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [refusals]);
  const { server } = saved;
  return (
    <form
      ref={element}
      noValidate
      className="grid max-w-3xl gap-4 p-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (form.check()) save.mutate(draft);
      }}
    >
      <UnsavedEdits dirty={dirty && !save.isPending} />
      <p className="rounded-md bg-waiting-soft px-3 py-2 [overflow-wrap:anywhere]">
        {server.ceiling.type === "limited"
          ? `This server allows no environment of any team more than: ${ceilingWords(server.ceiling)}. Only its operator can change that.`
          : "This server sets no ceiling: without one of the team's own, an environment may allow every public host."}
      </p>
      <NetworkingPart
        title="Default of new environments"
        about="What an environment begins with when it is made without a choice. Those that exist keep what they have."
        choices={{
          server: `As the server says: ${networkingWords[server.default.type].toLowerCase()}`,
          ...(server.ceiling.type === "limited" ? {} : { unrestricted: networkingWords.unrestricted }),
          limited: networkingWords.limited,
        }}
        draft={draft.default}
        error={problems?.default}
        change={(changes) => change({ default: { ...draft.default, ...changes } })}
      />
      <NetworkingPart
        title="Ceiling of all environments"
        about="No environment of the team may allow more, whoever writes it. It holds within seconds, in running sandboxes and in environments from before, too: they reach what lies below it."
        choices={{ server: "No ceiling of the team's own", limited: "No more than what follows" }}
        draft={draft.ceiling}
        error={problems?.ceiling}
        change={(changes) => change({ ceiling: { ...draft.ceiling, ...changes } })}
      />
      {save.error && <FailureNote error={save.error} />}
      {stale && dirty && (
        <StaleNote overwrite="Save mine" onReload={() => begin(saved)} onOverwrite={() => save.mutate(draft)}>
          Somebody changed the team's networking while you were editing.
        </StaleNote>
      )}
      <div className="flex items-center gap-3">
        <Button type="submit" look="primary" disabled={save.isPending}>
          {save.isPending ? "Saving…" : "Save"}
        </Button>
        <span role="status" className="text-muted">
          {dirty && !save.isPending && "Not saved yet"}
          {save.isSuccess && !dirty && <span className="text-good">Saved</span>}
        </span>
      </div>
    </form>
  );
}
