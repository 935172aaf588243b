// What happened to the session, newest first: who held it, its sandbox, its states and failures. For whoever asks why it was slow or stuck.
"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import type { TimelineEntry } from "../../../../contract/timeline.ts";
import { formatDuration } from "../../../../lib/format-duration.ts";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { EmptyState } from "../../../components/empty-state.tsx";
import { FailureNote } from "../../../components/failure-note.tsx";
import { TriangleAlert } from "../../../components/icons/icons.tsx";
import { ListSkeleton } from "../../../components/list-skeleton.tsx";
import { RelativeTime } from "../../../components/relative-time.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { useBerth } from "../../../providers.tsx";
import { entryWords } from "./entry-words.ts";
import type { PanelTabProps } from "./panel-tabs.ts";

const PAGE = 50;

export function HistoryTab({ session, view }: PanelTabProps) {
  const berth = useBerth();
  const history = useInfiniteQuery({
    // Each change of the status is news here.
    queryKey: ["timeline", session.id, view.status, view.turns.length],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      berth.sessions.timeline(session.id, { limit: PAGE, ...(pageParam ? { page: pageParam } : {}) }, signal),
    getNextPageParam: ({ next_page }) => next_page,
    placeholderData: (before) => before,
  });
  const entries = history.data?.pages.flatMap(({ data }) => data) ?? [];
  if (history.error) return <FailureNote error={history.error} onRetry={() => void history.refetch()} />;
  if (!history.data) return <ListSkeleton label="Loading the history" />;
  if (entries.length === 0) return <EmptyState title="Nothing happened yet">The first message starts it.</EmptyState>;
  return (
    <div className="p-4">
      <ol className="grid gap-2">
        {entries.map((entry, index) => (
          <Entry key={`${entry.started_at} ${entry.kind} ${entry.event_id ?? index}`} entry={entry} />
        ))}
      </ol>
      {history.hasNextPage && (
        <Button
          size="small"
          className="mt-3"
          disabled={history.isFetchingNextPage}
          onClick={() => void history.fetchNextPage()}
        >
          Show earlier
        </Button>
      )}
    </div>
  );
}

function Entry({ entry }: { entry: TimelineEntry }) {
  const { title, detail, trouble } = entryWords(entry);
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3">
      <span className="flex min-w-0 items-center gap-1.5 font-medium">
        {trouble && <TriangleAlert aria-label="Trouble" className="size-4 shrink-0 text-danger" />}
        {visibleExactly(title)}
        {entry.duration_ms !== null && (
          <span className="font-normal text-muted tabular-nums">{formatDuration(entry.duration_ms)}</span>
        )}
      </span>
      <span className="text-muted">
        <RelativeTime at={entry.started_at} />
      </span>
      {detail !== null && <span className="col-span-2 text-muted wrap-anywhere">{visibleExactly(detail)}</span>}
      {entry.worker_id !== null && (
        <span className="col-span-2 font-mono text-[13px] text-muted wrap-anywhere">{entry.worker_id}</span>
      )}
    </li>
  );
}
