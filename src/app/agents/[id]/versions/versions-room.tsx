// Versions of an agent, newest first; the chosen one is compared with the current one.
"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Agent } from "../../../../contract/agents.ts";
import { classNames } from "../../../components/class-names.ts";
import { FailureNote } from "../../../components/failure-note.tsx";
import { ListSkeleton } from "../../../components/list-skeleton.tsx";
import { RelativeTime } from "../../../components/relative-time.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { useBerth } from "../../../providers.tsx";
import { AgentFrame } from "../agent-frame.tsx";
import { VersionComparison } from "./version-comparison.tsx";

export function VersionsRoom({ agentId }: { agentId: string }) {
  return <AgentFrame agentId={agentId}>{(agent) => <Versions agent={agent} />}</AgentFrame>;
}

function Versions({ agent }: { agent: Agent }) {
  const berth = useBerth();
  const [chosen, setChosen] = useState<number | null>(null);
  const query = useInfiniteQuery({
    queryKey: ["agent-versions", agent.id],
    queryFn: ({ pageParam, signal }) =>
      berth.agents.listVersions(agent.id, { limit: 50, ...(pageParam ? { page: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page,
  });
  const versions = query.data?.pages.flatMap((page) => page.data) ?? [];
  const compared = versions.find(({ version }) => version === chosen) ?? versions[1];
  return (
    <div className="grid items-start gap-4 p-4 md:grid-cols-[17rem_minmax(0,1fr)]">
      <div className="grid gap-2">
        {query.error && <FailureNote error={query.error} onRetry={() => void query.refetch()} />}
        {query.isPending && <ListSkeleton label="Loading versions" />}
        <ul
          aria-label="Versions"
          className="rounded-md border border-line bg-panel max-md:max-h-60 max-md:overflow-y-auto"
        >
          {versions.map((version) => (
            <li key={version.version} className="border-line not-last:border-b">
              <button
                type="button"
                aria-pressed={version.version === compared?.version}
                onClick={() => setChosen(version.version)}
                className={classNames(
                  "flex w-full items-baseline justify-between gap-2 px-3 py-2 text-left hover:bg-sunken max-md:min-h-[44px]",
                  version.version === compared?.version && "bg-accent-soft hover:bg-accent-soft",
                )}
              >
                <span className="font-medium">
                  Version {version.version}
                  {version.version === agent.version && <span className="font-normal text-muted"> · current</span>}
                </span>
                <span className="text-muted">
                  <RelativeTime at={version.updated_at} />
                </span>
              </button>
            </li>
          ))}
        </ul>
        {query.hasNextPage && (
          <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
            Show earlier versions
          </Button>
        )}
      </div>
      {versions.length === 1 && <p className="text-muted">This is the only version. Saving a change makes the next.</p>}
      {compared && <VersionComparison key={compared.version} earlier={compared} current={agent} />}
    </div>
  );
}
