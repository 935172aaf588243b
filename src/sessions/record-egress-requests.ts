// Writes audit lines of sandboxes' requests; of those that no program makes by accident their session's log tells, too.
import type { EgressRefusedEvent } from "../contract/events.ts";
import { type Database, type DatabaseTransaction, inTransaction } from "../db/database.ts";
import { type EgressRequestRow, insertEgressRequests } from "../db/egress-requests.ts";
import { appendEvents } from "../db/events.ts";
import type { LogWakeup } from "../db/wakeups.ts";
import { newId } from "../lib/ids.ts";

/** A log is for people: whoever tries a thousand addresses is told of so often an hour, and the rest is in the list of requests. */
const MAX_TOLD = 20;
const PERIOD_MS = 60 * 60_000;
const MAX_SESSIONS = 10_000;

export type RecordEgressRequests = (rows: readonly EgressRequestRow[]) => Promise<void>;

/** Rows that are written already are not written, nor told of, again. Throws what the database throws: then nothing was written. */
export function createRecordEgressRequests(options: {
  db: Database;
  now: () => number;
  onLogGrew: (wakeup: LogWakeup) => void;
}): RecordEgressRequests {
  const { db, now, onLogGrew } = options;
  const told = new Map<string, { count: number; since: number }>();

  /** How many more this session's log takes. */
  function roomOf(sessionId: string): number {
    const known = told.get(sessionId);
    return known && now() - known.since < PERIOD_MS ? MAX_TOLD - known.count : MAX_TOLD;
  }

  function count(sessionId: string, more: number): void {
    if (told.size >= MAX_SESSIONS) told.clear();
    const known = told.get(sessionId);
    if (known && now() - known.since < PERIOD_MS) known.count += more;
    else told.set(sessionId, { count: more, since: now() });
  }

  return async (rows) => {
    const grown = await inTransaction(db, async (tx) => {
      const fresh = new Set(await insertEgressRequests(tx, rows));
      const suspicious = rows.flatMap((row) => {
        const { id, suspicious, sessionId } = row;
        return suspicious && fresh.has(id) && sessionId !== null ? [{ ...row, sessionId }] : [];
      });
      // In one order for all, so that two brokers do not wait for each other.
      const sessionIds = [...new Set(suspicious.map(({ sessionId }) => sessionId))].sort();
      const appended: { sessionId: string; lastSeq: number; events: number }[] = [];
      for (const sessionId of sessionIds) {
        const ofSession = suspicious.filter((row) => row.sessionId === sessionId);
        const added = await tell(tx, oncePerReason(ofSession).slice(0, roomOf(sessionId)));
        if (added) appended.push({ sessionId, ...added });
      }
      return appended;
    });
    for (const { sessionId, lastSeq, events } of grown) {
      count(sessionId, events);
      onLogGrew({ sessionId, lastSeq });
    }
  };
}

/** Null: the session has ended, or is gone. */
async function tell(
  tx: DatabaseTransaction,
  rows: readonly OfSession[],
): Promise<{ lastSeq: number; events: number } | null> {
  const [first] = rows;
  if (!first) return null;
  const events = rows.map((row) => {
    const { id, method, host, port, path, rule, detail } = row;
    const payload: EgressRefused = { egress_request_id: id, method, host, port, path, rule, detail };
    return {
      id: newId("event", row.createdAt.getTime()),
      type: "session.egress_refused",
      payload,
      processedAt: row.createdAt,
    };
  });
  const lastSeq = await appendEvents(tx, {
    sessionId: first.sessionId,
    ifOpenIn: { teamId: first.teamId },
    events,
  });
  return lastSeq === null ? null : { lastSeq, events: events.length };
}

type OfSession = EgressRequestRow & { sessionId: string };
type EgressRefused = Omit<EgressRefusedEvent, "id" | "type" | "processed_at">;

function oncePerReason(rows: readonly OfSession[]): OfSession[] {
  return [...new Map(rows.map((row) => [`${row.rule} ${row.host}`, row])).values()];
}
