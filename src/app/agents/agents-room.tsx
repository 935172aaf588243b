// Agents of the team.
"use client";

import Link from "next/link";
import { useRef } from "react";
import type { Agent } from "../../contract/agents.ts";
import { visibleExactly } from "../../lib/visible-text.ts";
import { EmptyState } from "../components/empty-state.tsx";
import { FailureNote } from "../components/failure-note.tsx";
import { Plus } from "../components/icons/icons.tsx";
import { ListSkeleton } from "../components/list-skeleton.tsx";
import { Name } from "../components/name.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { RelativeTime } from "../components/relative-time.tsx";
import { Button } from "../components/ui/button.tsx";
import { useRowKeys } from "../components/use-row-keys.ts";
import { useAgents } from "./use-agents.ts";

export function AgentsRoom() {
  const agents = useAgents();
  const rows = useRef<HTMLUListElement>(null);
  useRowKeys(rows);
  return (
    <>
      <PageHeader title="Agents">
        <Button asChild look="primary">
          <Link href="/agents/new">
            <Plus aria-hidden /> New agent
          </Link>
        </Button>
      </PageHeader>
      {agents.error && <FailureNote error={agents.error} onRetry={() => void agents.refetch()} />}
      {agents.isPending && <ListSkeleton label="Loading agents" />}
      {agents.data?.length === 0 && (
        <EmptyState title="No agents yet">
          <p>An agent is a model, a system prompt and tools. Create one, then start sessions with it.</p>
          <Button asChild look="primary">
            <Link href="/agents/new">Create the first one</Link>
          </Button>
        </EmptyState>
      )}
      <ul ref={rows}>
        {agents.data?.map((agent) => (
          <AgentRow key={agent.id} agent={agent} />
        ))}
      </ul>
    </>
  );
}

function AgentRow({ agent }: { agent: Agent }) {
  return (
    <li className="relative flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2 hover:bg-sunken">
      <Link
        data-row
        href={`/agents/${agent.id}`}
        className="min-w-0 truncate font-medium before:absolute before:inset-0"
      >
        <Name text={agent.name} />
      </Link>
      <span className="text-muted">{visibleExactly(agent.model.id)}</span>
      <span className="text-muted">v{agent.version}</span>
      {agent.description && (
        <span className="min-w-0 truncate text-muted max-md:basis-full">{visibleExactly(agent.description)}</span>
      )}
      <span className="ml-auto flex items-center gap-4 text-muted">
        <RelativeTime at={agent.updated_at} />
        <Button asChild size="small" className="relative">
          <Link href={`/sessions/new?agent=${agent.id}`}>Start a session</Link>
        </Button>
      </span>
    </li>
  );
}
