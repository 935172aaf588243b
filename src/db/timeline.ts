// What happened to a session, for operators. Holds and hibernations are written by triggers: migrations/0010-session-timeline.sql.
import { sql } from "kysely";
import type { Database } from "./database.ts";

const KEPT_DAYS = 30;

export type TimelineRow = {
  /** Microseconds since the epoch; with `key` the place in the list. */
  us: number;
  key: string;
  kind: string;
  startedAt: Date;
  endedAt: Date | null;
  epoch: number | null;
  workerId: string | null;
  eventId: string | null;
  detail: Record<string, unknown>;
};

/** Rows of their own and the log's entries of these types, by time. `after`: exclusive, in the direction of `order`. */
export async function listTimeline(
  db: Database,
  input: {
    teamId: string;
    sessionId: string;
    eventTypes: readonly string[];
    order: "asc" | "desc";
    after: { us: number; key: string } | null;
    limit: number;
  },
): Promise<TimelineRow[]> {
  const { after } = input;
  const ascending = input.order === "asc";
  const beyond = after
    ? ascending
      ? sql`where (us, key) > (${after.us}::bigint, ${after.key})`
      : sql`where (us, key) < (${after.us}::bigint, ${after.key})`
    : sql``;
  const direction = ascending ? sql`asc` : sql`desc`;
  const result = await sql<TimelineRow>`
    with entries as (
      select (extract(epoch from started_at) * 1000000)::bigint as us, 't' || lpad(id::text, 19, '0') as key, kind,
        started_at as "startedAt", ended_at as "endedAt", epoch, worker_id as "workerId", null::text as "eventId", detail
      from session_timeline where session_id = ${input.sessionId} and team_id = ${input.teamId}
      union all
      select (extract(epoch from created_at) * 1000000)::bigint, 'e' || lpad(seq::text, 19, '0'), type,
        created_at, null, null, null, id, payload
      from events where session_id = ${input.sessionId} and team_id = ${input.teamId}
        and type = any(${[...input.eventTypes]}::text[])
    )
    select * from entries ${beyond} order by us ${direction}, key ${direction} limit ${input.limit}`.execute(db);
  return result.rows;
}

export async function forgetOldTimeline(db: Database): Promise<void> {
  await sql`delete from session_timeline where started_at < now() - ${KEPT_DAYS}::integer * interval '1 day'`.execute(
    db,
  );
}
