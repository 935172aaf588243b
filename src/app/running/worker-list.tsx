// The workers: where each runs, how much it does, when it was last seen.
import type { Overview } from "../../contract/overview.ts";
import { visibleExactly } from "../../lib/visible-text.ts";
import { Name } from "../components/name.tsx";
import { RelativeTime } from "../components/relative-time.tsx";

export function WorkerList({ workers }: { workers: Overview["workers"] }) {
  return (
    <ul aria-label="Workers" className="rounded-md border border-line">
      {workers.map((worker) => (
        <li
          key={worker.id}
          className="flex flex-wrap gap-x-4 gap-y-1 border-b border-line px-3 py-2 last:border-0 [&>span]:tabular-nums"
        >
          <span className="font-mono text-xs leading-5">{worker.id}</span>
          <span>
            <Name text={worker.hostname} />
          </span>
          <span className="text-muted">Berth {visibleExactly(worker.version)}</span>
          <span>
            {worker.running} of {worker.concurrency ?? "?"} sessions
          </span>
          <span className="text-muted">
            started <RelativeTime at={worker.started_at} />
          </span>
          <span className="ml-auto text-muted">seen {worker.seen_seconds_ago.toFixed(1)} s ago</span>
        </li>
      ))}
    </ul>
  );
}
