// One agent: its form, its version, and what can be done with it.
"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { ApiError } from "../../../client/api-error.ts";
import type { Agent } from "../../../contract/agents.ts";
import { visibleExactly } from "../../../lib/visible-text.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import { FailureNote } from "../../components/failure-note.tsx";
import { ListSkeleton } from "../../components/list-skeleton.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { Button } from "../../components/ui/button.tsx";
import { useBerth } from "../../providers.tsx";
import { type AgentDraft, toDraft, toInput } from "../agent-draft.ts";
import { AgentForm } from "../agent-form.tsx";
import { ArchiveAgentButton } from "./archive-agent-button.tsx";
import { StaleVersionNote } from "./stale-version-note.tsx";

export function AgentRoom({ agentId }: { agentId: string }) {
  const berth = useBerth();
  const query = useQuery({
    queryKey: ["agent", agentId],
    queryFn: ({ signal }) => berth.agents.get(agentId, signal),
    // A form that is being filled in must not change under the hands.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: "always",
  });
  if (query.error instanceof ApiError && query.error.status === 404) {
    return (
      <EmptyState title="There is no such agent">
        <Link href="/agents" className="text-accent underline">
          Back to all agents
        </Link>
      </EmptyState>
    );
  }
  if (query.error) return <FailureNote error={query.error} onRetry={() => void query.refetch()} />;
  // While it is read again the form goes away, and with it what was typed: that is what a reload is for.
  if (!query.data || query.isFetching) return <ListSkeleton label="Loading the agent" />;
  return <AgentEditor agent={query.data} onReload={() => void query.refetch()} />;
}

function AgentEditor({ agent, onReload }: { agent: Agent; onReload: () => void }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const [refused, setRefused] = useState<AgentDraft | null>(null);
  const save = useMutation({
    mutationFn: ({ draft, version }: { draft: AgentDraft; version: number }) =>
      berth.agents.update(agent.id, { ...toInput(draft, agent), version }),
    onSuccess: (saved) => {
      setRefused(null);
      queries.setQueryData(["agent", agent.id], saved);
      void queries.invalidateQueries({ queryKey: ["agents"] });
    },
    onError: (error, { draft }) => setRefused(error instanceof ApiError && error.status === 409 ? draft : null),
  });
  const overwrite = useMutation({
    mutationFn: async (draft: AgentDraft) => {
      const latest = await berth.agents.get(agent.id);
      await save.mutateAsync({ draft, version: latest.version });
    },
  });
  const archived = agent.archived_at !== null;
  return (
    <>
      <PageHeader
        title={
          <>
            {visibleExactly(agent.name)}{" "}
            <span className="font-normal text-muted">
              version {agent.version}
              {archived && " · archived"}
            </span>
          </>
        }
      >
        {!archived && <ArchiveAgentButton agentId={agent.id} />}
        {!archived && (
          <Button asChild>
            <Link href={`/sessions/new?agent=${agent.id}`}>Start a session</Link>
          </Button>
        )}
      </PageHeader>
      <AgentForm
        initial={toDraft(agent)}
        action={archived ? null : "Save as new version"}
        pending={save.isPending || overwrite.isPending}
        error={refused ? null : save.error}
        question={
          refused && (
            <StaleVersionNote
              error={overwrite.error}
              onReload={onReload}
              onOverwrite={() => overwrite.mutate(refused)}
            />
          )
        }
        saved={save.isSuccess}
        onSave={(draft) => {
          setRefused(null);
          save.mutate({ draft, version: agent.version });
        }}
      />
    </>
  );
}
