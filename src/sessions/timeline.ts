// Reads what happened to a session: the operator's view beside the conversation.
import type { Page } from "../contract/page.ts";
import type { TimelineEntry, TimelineQuery } from "../contract/timeline.ts";
import type { Database } from "../db/database.ts";
import { listTimeline, type TimelineRow } from "../db/timeline.ts";
import { PlatformError } from "../lib/errors.ts";
import { getSession } from "./sessions.ts";

/** Entries of the log that tell of the session's life, not of the conversation. */
const EVENT_TYPES = [
  "session.status_running",
  "session.status_idle",
  "session.status_rescheduled",
  "session.status_terminated",
  "session.error",
  "session.restored",
  "session.packages",
  "session.repository",
  "session.rewound",
  "session.forked",
  "session.egress_refused",
  "agent.thread_context_compacted",
] as const;
const DEFAULT_LIMIT = 100;

export type ReadTimeline = (teamId: string, sessionId: string, query: TimelineQuery) => Promise<Page<TimelineEntry>>;

/** Throws `not_found` for unknown and foreign sessions. */
export function createReadTimeline({ db }: { db: Database }): ReadTimeline {
  return async (teamId, sessionId, query) => {
    await getSession(db, { teamId, sessionId });
    const order = query.order ?? "desc";
    const limit = query.limit ?? DEFAULT_LIMIT;
    const after = query.page === undefined ? null : parseCursor(query.page, order);
    const found = await listTimeline(db, {
      teamId,
      sessionId,
      eventTypes: EVENT_TYPES,
      order,
      after,
      limit: limit + 1,
    });
    const rows = found.slice(0, limit);
    const last = rows.at(-1);
    return {
      data: rows.map(toEntry),
      next_page: found.length > limit && last ? `${order}_${last.us}_${last.key}` : null,
    };
  };
}

function toEntry(row: TimelineRow): TimelineEntry {
  const { startedAt, endedAt } = row;
  return {
    type: "timeline_entry",
    kind: row.kind,
    started_at: startedAt.toISOString(),
    ended_at: endedAt?.toISOString() ?? null,
    duration_ms: endedAt ? Math.max(0, endedAt.getTime() - startedAt.getTime()) : null,
    epoch: row.epoch,
    worker_id: row.workerId,
    event_id: row.eventId,
    detail: row.detail,
  };
}

function parseCursor(text: string, order: "asc" | "desc"): { us: number; key: string } {
  const match = /^(asc|desc)_(\d{1,17})_([te]\d{19})$/.exec(text);
  if (!match?.[2] || !match[3]) throw new PlatformError("invalid_request", "page: is not a cursor of this list");
  if (match[1] !== order) throw new PlatformError("invalid_request", `page: the cursor belongs to order=${match[1]}`);
  return { us: Number(match[2]), key: match[3] };
}
