// What this session tried to reach and was refused, with the click that allows a host.
"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { ruleWords } from "../../../../client/rule-words.ts";
import type { Environment } from "../../../../contract/environments.ts";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { EmptyState } from "../../../components/empty-state.tsx";
import { FailureNote } from "../../../components/failure-note.tsx";
import { ListSkeleton } from "../../../components/list-skeleton.tsx";
import { Name } from "../../../components/name.tsx";
import { RelativeTime } from "../../../components/relative-time.tsx";
import { AllowHostButton } from "../../../network/allow-host-button.tsx";
import { DecisionChip } from "../../../network/decision-chip.tsx";
import { networkPath } from "../../../network/network-filter.ts";
import { useEgressRequests } from "../../../network/use-egress-requests.ts";
import { useBerth } from "../../../providers.tsx";
import type { PanelTabProps } from "./panel-tabs.ts";
import { type RefusedHost, refusedHosts } from "./refused-hosts.ts";

export function NetworkTab({ session }: PanelTabProps) {
  const berth = useBerth();
  const refused = useEgressRequests({ session_id: session.id, decision: "deny" });
  const environment = useQuery({
    queryKey: ["environment", session.environment_id],
    queryFn: ({ signal }) => berth.environments.get(session.environment_id, signal),
  });
  const hosts = refusedHosts(refused.data?.pages.flatMap(({ data }) => data) ?? []);
  return (
    <div className="grid gap-3 p-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        {environment.data && <Rules environment={environment.data} />}
        <Link href={networkPath({ sessionId: session.id })} className="text-accent underline max-md:py-2">
          All requests of this session
        </Link>
      </div>
      {refused.error && <FailureNote error={refused.error} onRetry={() => void refused.refetch()} />}
      {refused.isPending && <ListSkeleton label="Loading what was refused" />}
      {refused.data && hosts.length === 0 && (
        <EmptyState title="Nothing was refused">
          <p>A host that the agent tries to reach and may not appears here; one click allows it.</p>
        </EmptyState>
      )}
      {hosts.length > 0 && (
        <ul aria-label="Refused" className="rounded-md border border-line">
          {hosts.map((host) => (
            <HostRow key={host.key} refused={host} environment={environment.data ?? null} />
          ))}
        </ul>
      )}
      {refused.hasNextPage && <p className="text-[13px] text-muted">Only the last refusals are counted here.</p>}
    </div>
  );
}

function Rules({ environment }: { environment: Environment }) {
  const { networking } = environment.config;
  return (
    <p className="text-muted">
      <Link href={`/environments/${environment.id}`} className="text-accent underline">
        <Name text={environment.name} />
      </Link>
      {networking.type === "unrestricted"
        ? ": every public host is allowed."
        : `: ${countWords(networking.allowed_hosts.length)} allowed. Allowing one more holds for all its sessions, in running ones within seconds.`}
    </p>
  );
}

function countWords(hosts: number): string {
  if (hosts === 0) return "no host is";
  return hosts === 1 ? "1 host is" : `${hosts} hosts are`;
}

function HostRow({ refused, environment }: { refused: RefusedHost; environment: Environment | null }) {
  const { last, count } = refused;
  return (
    <li className="grid gap-1 border-b border-line px-3 py-2 last:border-0">
      <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="min-w-0 font-mono text-[13px] font-medium wrap-anywhere">{visibleExactly(last.host)}</span>
        <DecisionChip request={last} />
        <span className="ml-auto text-[13px] text-muted">
          {count > 1 && `${count} times, last `}
          <RelativeTime at={last.created_at} />
        </span>
      </span>
      <span className="text-[13px] wrap-anywhere text-muted">
        {visibleExactly(ruleWords(last))}
        {last.detail !== null && ` · ${visibleExactly(last.detail)}`}
      </span>
      {last.rule === "host_not_allowed" && environment && (
        <AllowHostButton host={last.host} environment={environment} />
      )}
    </li>
  );
}
