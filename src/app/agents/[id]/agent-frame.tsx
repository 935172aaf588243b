// What every page of an agent has around it: name, version, actions, and the ways to the other pages.
"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import type { Agent } from "../../../contract/agents.ts";
import { classNames } from "../../components/class-names.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import { FailureNote } from "../../components/failure-note.tsx";
import { ListSkeleton } from "../../components/list-skeleton.tsx";
import { Name } from "../../components/name.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { Button } from "../../components/ui/button.tsx";
import { useMissing } from "../../components/use-missing.ts";
import { AgentMenu } from "./agent-menu.tsx";
import { useAgent } from "./use-agent.ts";

type AgentFrameProps = {
  agentId: string;
  children: (agent: Agent) => ReactNode;
};

export function AgentFrame({ agentId, children }: AgentFrameProps) {
  const query = useAgent(agentId);
  const missing = useMissing(query);
  if (missing) {
    return (
      <EmptyState alone title="There is no such agent">
        <Link href="/agents" className="text-accent underline">
          Back to all agents
        </Link>
      </EmptyState>
    );
  }
  if (query.error && !query.data) return <FailureNote error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <ListSkeleton label="Loading the agent" />;
  const agent = query.data;
  const archived = agent.archived_at !== null;
  return (
    <div className="flex h-full flex-col">
      <PageHeader
        title={
          <>
            <Name text={agent.name} />{" "}
            <span className="font-normal text-muted">
              version {agent.version}
              {archived && " · archived"}
            </span>
          </>
        }
      >
        {!archived && (
          <Button asChild>
            <Link href={`/sessions/new?agent=${agent.id}`}>Start a session</Link>
          </Button>
        )}
        <AgentMenu agent={agent} />
      </PageHeader>
      <AgentPages agentId={agentId} />
      {children(agent)}
    </div>
  );
}

const pages = [
  { label: "Definition", path: "" },
  { label: "Versions", path: "/versions" },
  { label: "Use from code", path: "/code" },
];

function AgentPages({ agentId }: { agentId: string }) {
  const pathname = usePathname();
  return (
    <nav aria-label="Pages of this agent" className="flex shrink-0 gap-1 overflow-x-auto border-b border-line px-4">
      {pages.map(({ label, path }) => {
        const href = `/agents/${agentId}${path}`;
        const here = pathname === href;
        return (
          <Link
            key={path}
            href={href}
            aria-current={here ? "page" : undefined}
            className={classNames(
              "border-b-2 border-transparent px-2 py-2 whitespace-nowrap text-muted hover:text-text max-md:py-3",
              here && "border-accent font-medium text-text",
            )}
          >
            {label}
          </Link>
        );
      })}
    </nav>
  );
}
