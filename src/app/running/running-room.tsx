// What is running now: numbers, sessions with work, workers.
"use client";

import { EmptyState } from "../components/empty-state.tsx";
import { FailureNote } from "../components/failure-note.tsx";
import { ListSkeleton } from "../components/list-skeleton.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { ActiveSessions } from "./active-sessions.tsx";
import { OverviewFigures } from "./overview-figures.tsx";
import { OVERVIEW_WATCHED_S, useOverview } from "./use-overview.ts";
import { WorkerList } from "./worker-list.tsx";

export function RunningRoom() {
  const query = useOverview();
  const overview = query.data;
  return (
    <>
      <PageHeader title="Running now">
        <span className="text-[13px] text-muted">
          Sessions are live; workers and memory are read every {OVERVIEW_WATCHED_S} s
        </span>
      </PageHeader>
      {query.error && <FailureNote error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <ListSkeleton label="Looking around" />}
      {overview && (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-6 p-4">
          <OverviewFigures overview={overview} />
          {overview.sandboxes.problem !== null && (
            <p className="text-danger">The sandboxes could not be asked: {overview.sandboxes.problem}</p>
          )}
          <section>
            <h2 className="mb-1 font-semibold">Sessions with work</h2>
            {overview.active.length > 0 ? (
              <ActiveSessions sessions={overview.active} />
            ) : (
              <EmptyState title="No session has work">
                <p>Sessions that run, wait for a worker or for their next try appear here.</p>
              </EmptyState>
            )}
          </section>
          <section>
            <h2 className="mb-1 font-semibold">Workers</h2>
            {overview.workers.length > 0 ? (
              <WorkerList workers={overview.workers} />
            ) : (
              <p className="text-muted">None was seen in the last minute. Messages are kept until one runs.</p>
            )}
          </section>
        </div>
      )}
    </>
  );
}
