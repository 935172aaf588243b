// All sessions of the team with their state, those that wait for a person first.
"use client";

import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { FirstSessionCard } from "../agents/first-session-card.tsx";
import { EmptyState } from "../components/empty-state.tsx";
import { FailureNote } from "../components/failure-note.tsx";
import { Plus } from "../components/icons/icons.tsx";
import { ListSkeleton } from "../components/list-skeleton.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { Button } from "../components/ui/button.tsx";
import { filterPath, readFilter } from "./session-filter.ts";
import { SessionFilters } from "./session-filters.tsx";
import { SessionsTable } from "./sessions-table.tsx";
import { useOrderedSessions } from "./use-ordered-sessions.ts";

export function SessionsRoom() {
  const filter = readFilter(new URLSearchParams(useSearchParams()));
  const chosen = filterPath(filter) !== "/";
  const { query, sessions } = useOrderedSessions(filter);
  const empty = query.isSuccess && sessions.length === 0 && !query.hasNextPage;
  return (
    <>
      <PageHeader title="Sessions">
        <Button asChild look="primary">
          <Link href="/sessions/new">
            <Plus aria-hidden /> New session
          </Link>
        </Button>
      </PageHeader>
      {(chosen || !empty) && <SessionFilters filter={filter} />}
      {query.error && <FailureNote error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <ListSkeleton label="Loading sessions" />}
      {empty && !chosen && (
        <EmptyState title="No sessions yet">
          <p>A session is one conversation with one agent. It keeps its files and its place until you delete it.</p>
          <FirstSessionCard />
          <Button asChild>
            <Link href="/sessions/new">Choose an agent and a message yourself</Link>
          </Button>
        </EmptyState>
      )}
      {empty && chosen && (
        <EmptyState title={filter.state === "waiting" ? "No session waits for you" : "No session is like this"}>
          <p>As soon as one is, it appears here.</p>
          <Button asChild>
            <Link href="/">Show all sessions</Link>
          </Button>
        </EmptyState>
      )}
      {sessions.length > 0 && <SessionsTable sessions={sessions} />}
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
