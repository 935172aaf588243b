// All sessions of the team with their state, those that wait for a person first.
"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import Link from "next/link";
import { FirstSessionCard } from "../agents/first-session-card.tsx";
import { EmptyState } from "../components/empty-state.tsx";
import { FailureNote } from "../components/failure-note.tsx";
import { ListSkeleton } from "../components/list-skeleton.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { sessionState } from "../components/status-chip.tsx";
import { Button } from "../components/ui/button.tsx";
import { useBerth } from "../providers.tsx";
import { SessionsTable } from "./sessions-table.tsx";

const REFRESH_MS = 2_000;

export function SessionsRoom() {
  const berth = useBerth();
  const query = useInfiniteQuery({
    queryKey: ["sessions"],
    queryFn: ({ pageParam, signal }) =>
      berth.sessions.list({ limit: 50, ...(pageParam ? { page: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page,
    refetchInterval: REFRESH_MS,
  });
  const sessions = query.data?.pages.flatMap((page) => page.data) ?? [];
  const waiting = sessions.filter((session) => sessionState(session) === "waiting");
  const others = sessions.filter((session) => sessionState(session) !== "waiting");
  return (
    <>
      <PageHeader title="Sessions">
        <Button asChild look="primary">
          <Link href="/sessions/new">
            <Plus aria-hidden /> New session
          </Link>
        </Button>
      </PageHeader>
      {query.error && <FailureNote error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <ListSkeleton label="Loading sessions" />}
      {query.isSuccess && sessions.length === 0 && (
        <EmptyState title="No sessions yet">
          <p>A session is one conversation with one agent. It keeps its files and its place until you delete it.</p>
          <FirstSessionCard />
          <Button asChild>
            <Link href="/sessions/new">Choose an agent and a message yourself</Link>
          </Button>
        </EmptyState>
      )}
      {sessions.length > 0 && <SessionsTable sessions={[...waiting, ...others]} />}
      {query.hasNextPage && (
        <div className="p-4 text-center">
          <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
            {query.isFetchingNextPage ? "Loading…" : "Show older sessions"}
          </Button>
        </div>
      )}
    </>
  );
}
