// One agent's definition: the form, and what happens when it is saved.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../../../client/api-error.ts";
import type { Agent } from "../../../contract/agents.ts";
import { useBerth } from "../../providers.tsx";
import { type AgentDraft, toDraft, toUpdate } from "../agent-draft.ts";
import { AgentForm } from "../agent-form.tsx";
import { AgentFrame } from "./agent-frame.tsx";
import { StaleVersionNote } from "./stale-version-note.tsx";
import { TryPanel } from "./try-panel.tsx";
import { useWideScreen } from "./use-wide-screen.ts";

export function AgentRoom({ agentId }: { agentId: string }) {
  return <AgentFrame agentId={agentId}>{(agent, reload) => <Workbench agent={agent} onReload={reload} />}</AgentFrame>;
}

/** The editor and, where there is room, a session to try the agent with. What is typed outlives a change of the window's width. */
function Workbench({ agent, onReload }: { agent: Agent; onReload: () => void }) {
  const split = useWideScreen() && agent.archived_at === null;
  return (
    <div className={split ? "grid min-h-0 flex-1 grid-cols-[minmax(0,5fr)_minmax(0,4fr)]" : "contents"}>
      <div className={split ? "min-h-0 overflow-y-auto" : "contents"}>
        <AgentEditor agent={agent} onReload={onReload} />
      </div>
      {split && (
        <aside aria-label="Try it" className="min-h-0 overflow-y-auto border-l border-line">
          <TryPanel agent={agent} />
        </aside>
      )}
    </div>
  );
}

function AgentEditor({ agent, onReload }: { agent: Agent; onReload: () => void }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const [refused, setRefused] = useState<AgentDraft | null>(null);
  const save = useMutation({
    mutationFn: ({ draft, version }: { draft: AgentDraft; version: number }) =>
      berth.agents.update(agent.id, { ...toUpdate(draft, agent), version }),
    onSuccess: (saved) => {
      setRefused(null);
      queries.setQueryData(["agent", agent.id], saved);
      void queries.invalidateQueries({ queryKey: ["agents"] });
      void queries.invalidateQueries({ queryKey: ["agent-versions", agent.id] });
    },
    onError: (error, { draft }) => setRefused(error instanceof ApiError && error.status === 409 ? draft : null),
  });
  const overwrite = useMutation({
    mutationFn: async (draft: AgentDraft) => {
      const latest = await berth.agents.get(agent.id);
      await save.mutateAsync({ draft, version: latest.version });
    },
  });
  return (
    <AgentForm
      initial={toDraft(agent)}
      action={agent.archived_at === null ? "Save as new version" : null}
      pending={save.isPending || overwrite.isPending}
      error={refused ? null : save.error}
      question={
        refused && (
          <StaleVersionNote error={overwrite.error} onReload={onReload} onOverwrite={() => overwrite.mutate(refused)} />
        )
      }
      saved={save.isSuccess}
      onSave={(draft) => {
        setRefused(null);
        save.mutate({ draft, version: agent.version });
      }}
    />
  );
}
