// The form of one agent, and what happens when it is saved.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "../../../client/api-error.ts";
import type { Agent } from "../../../contract/agents.ts";
import { StaleNote } from "../../components/stale-note.tsx";
import type { LiveForm } from "../../components/use-live-form.ts";
import { useBerth } from "../../providers.tsx";
import { type AgentDraft, type DraftProblems, toUpdate } from "../agent-draft.ts";
import { AgentForm } from "../agent-form.tsx";

export type AgentEditing = LiveForm<Agent, AgentDraft, DraftProblems>;

export function AgentEditor({ agent, editing }: { agent: Agent; editing: AgentEditing }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const { form, base, stale, begin } = editing;
  const save = useMutation({
    mutationFn: ({ draft, version }: { draft: AgentDraft; version: number }) =>
      berth.agents.update(agent.id, { ...toUpdate(draft, base), version }),
    onSuccess: (saved, { draft }) => {
      queries.setQueryData(["agent", agent.id], saved);
      begin(saved, draft);
      void queries.invalidateQueries({ queryKey: ["agents"] });
      void queries.invalidateQueries({ queryKey: ["agent-versions", agent.id] });
    },
    onError: (error) => {
      // What the others saved is shown before anybody decides.
      if (isConflict(error)) void queries.invalidateQueries({ queryKey: ["agent", agent.id] });
    },
  });
  return (
    <AgentForm
      state={form}
      action={agent.archived_at === null ? "Save as new version" : null}
      pending={save.isPending}
      error={isConflict(save.error) ? null : save.error}
      question={
        stale &&
        form.dirty && (
          <StaleNote
            overwrite="Save mine as the newest"
            onReload={() => begin(agent)}
            onOverwrite={() => save.mutate({ draft: form.draft, version: agent.version })}
          >
            Somebody saved version {agent.version} of this agent while you were editing.
          </StaleNote>
        )
      }
      saved={save.isSuccess}
      onSave={(draft) => save.mutate({ draft, version: base.version })}
    />
  );
}

function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}
