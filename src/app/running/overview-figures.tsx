// The overview in numbers, each with what it means.
import Link from "next/link";
import type { ReactNode } from "react";
import type { Overview } from "../../contract/overview.ts";
import { formatDuration } from "../../lib/format-duration.ts";
import { formatBytes } from "../components/format.ts";

export function OverviewFigures({ overview }: { overview: Overview }) {
  const { sessions, queue, sandboxes, database } = overview;
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-md border border-line bg-line md:grid-cols-3 xl:grid-cols-6">
      <Figure name="Sessions running" value={sessions.running} />
      <Figure
        name="Waiting for you"
        value={
          sessions.waiting_for_you === 0 ? (
            0
          ) : (
            <Link href="/approvals" className="text-accent underline">
              {sessions.waiting_for_you}
            </Link>
          )
        }
        note={`${sessions.waiting_for_program} for a program, ${sessions.idle} idle, ${sessions.terminated} ended`}
      />
      <Figure
        name="In the queue"
        value={queue.length}
        note={
          queue.oldest_seconds === null ? "nothing waits" : `oldest ${formatDuration(queue.oldest_seconds * 1_000)}`
        }
      />
      <Figure name="Workers" value={overview.workers.length} note={workersInWords(overview.workers)} />
      <Figure
        name="Sandboxes running"
        value={sandboxes.running}
        note={[
          `${sandboxes.hibernated} hibernated`,
          sandboxes.memory_bytes === null ? null : `${formatBytes(sandboxes.memory_bytes)} of memory`,
        ]
          .filter((part) => part !== null)
          .join(", ")}
      />
      <Figure
        name="Database"
        value={formatBytes(database.size_bytes)}
        note={`${database.connections} ${database.connections === 1 ? "connection" : "connections"}`}
      />
    </dl>
  );
}

function Figure({ name, value, note }: { name: string; value: ReactNode; note?: string }) {
  return (
    <div className="grid content-start gap-0.5 bg-panel px-3 py-2">
      <dt className="text-[13px] text-muted">{name}</dt>
      <dd className="text-base font-semibold tabular-nums">{value}</dd>
      {note && <dd className="text-xs text-muted">{note}</dd>}
    </div>
  );
}

function workersInWords(workers: Overview["workers"]): string {
  const running = workers.reduce((sum, worker) => sum + worker.running, 0);
  const room = workers.reduce((sum, worker) => sum + (worker.concurrency ?? 0), 0);
  return workers.length === 0 ? "messages are kept until one runs" : `${running} of ${room} sessions at once`;
}
