// What the team's sessions asked of the outside.
"use client";

import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { EmptyState } from "../components/empty-state.tsx";
import { FailureNote } from "../components/failure-note.tsx";
import { ListSkeleton } from "../components/list-skeleton.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { Button } from "../components/ui/button.tsx";
import { networkPath, networkQuery, readNetworkFilter } from "./network-filter.ts";
import { NetworkFilters } from "./network-filters.tsx";
import { RequestTable } from "./request-table.tsx";
import { NETWORK_WATCHED_S, useEgressRequests } from "./use-egress-requests.ts";

export function NetworkRoom() {
  const filter = readNetworkFilter(useSearchParams());
  const query = useEgressRequests(networkQuery(filter));
  const pages = query.data?.pages ?? [];
  const requests = pages.flatMap(({ data }) => data);
  const filtered = networkPath(filter) !== "/network";
  return (
    <>
      <PageHeader title="Network">
        <span className="text-[13px] text-muted">
          {pages.length > 1 ? "Not read again while older ones are shown" : `Read every ${NETWORK_WATCHED_S} s`}
        </span>
      </PageHeader>
      <NetworkFilters filter={filter} />
      {query.error && <FailureNote error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <ListSkeleton label="Loading requests" />}
      {query.data && requests.length === 0 && !filtered && (
        <EmptyState title="No session has asked for anything">
          <p>
            Each request to the outside appears here, of sandboxes, MCP servers and web tools, with the rule that
            allowed or refused it. They are kept for 30 days.
          </p>
        </EmptyState>
      )}
      {query.data && requests.length === 0 && filtered && (
        <EmptyState title="No request is like this">
          <Button asChild>
            <Link href="/network">Show all requests</Link>
          </Button>
        </EmptyState>
      )}
      {requests.length > 0 && <RequestTable requests={requests} />}
      {query.hasNextPage && (
        <div className="p-4">
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {query.isFetchingNextPage ? "Loading…" : "Show older ones"}
          </Button>
        </div>
      )}
    </>
  );
}
