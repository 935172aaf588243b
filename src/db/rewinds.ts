// What was taken back of a session's log, and copies of a log up to a place.
import { sql } from "kysely";
import type { Database, DatabaseTransaction } from "./database.ts";

/** Entries from `toSeq` on, before `seq`, were taken back. */
export type Rewind = { seq: number; toSeq: number };

export async function listRewinds(db: Database, input: { sessionId: string }): Promise<Rewind[]> {
  const result = await sql<Rewind>`
    select seq, (private->>'to_seq')::bigint as "toSeq" from events
    where session_id = ${input.sessionId} and type = 'session.rewound' order by seq`.execute(db);
  return result.rows;
}

/** Ids of accepted events that have not entered the conversation, before `beforeSeq`. */
export async function listQueued(
  db: Database,
  input: { sessionId: string; beforeSeq?: number },
): Promise<{ id: string; type: string; payload: Record<string, unknown> }[]> {
  const before = input.beforeSeq === undefined ? sql`` : sql`and e.seq < ${input.beforeSeq}`;
  const echoBefore = input.beforeSeq === undefined ? sql`` : sql`and x.seq < ${input.beforeSeq}`;
  const result = await sql<{ id: string; type: string; payload: Record<string, unknown> }>`
    select e.id, e.type, e.payload from events e
    where e.session_id = ${input.sessionId} and e.type like 'user.%' and not e.echo ${before}
      and not exists (select from events x where x.session_id = e.session_id and x.id = e.id and x.echo ${echoBefore})
    order by e.seq`.execute(db);
  return result.rows;
}

/**
 * Copies the log before `beforeSeq` into a session that has none, places and ids as they were, so that what refers to a place
 * goes on to do so. Usage is not counted again. Returns the number of entries.
 */
export async function copyLog(
  tx: DatabaseTransaction,
  input: { fromSessionId: string; toSessionId: string; beforeSeq: number },
): Promise<number> {
  await sql`select set_config('berth.copying', 'on', true)`.execute(tx);
  const result = await sql`
    insert into events (session_id, seq, id, team_id, type, payload, private, echo, created_at, processed_at)
    select ${input.toSessionId}, seq, id, team_id, type, payload, private, echo, created_at, processed_at
    from events where session_id = ${input.fromSessionId} and seq < ${input.beforeSeq}`.execute(tx);
  const count = Number(result.numAffectedRows ?? 0n);
  await sql`update sessions set last_seq = ${count} where id = ${input.toSessionId}`.execute(tx);
  await sql`select set_config('berth.copying', '', true)`.execute(tx);
  return count;
}

export async function noteFork(
  tx: DatabaseTransaction,
  input: { sessionId: string; from: { session_id: string; event_id: string | null } },
): Promise<void> {
  await sql`update sessions set forked_from = ${JSON.stringify(input.from)}::jsonb where id = ${input.sessionId}`.execute(
    tx,
  );
}
