// The session's log: one statement appends, guarded by the worker's lease; readers page by seq.
import { sql } from "kysely";
import { type Database, leaseLost } from "./database.ts";
import { toJson } from "./json.ts";
import type { SessionStatus } from "./schema.ts";

/** A worker's right to write to a session. Writes with an old epoch are refused. */
export type Fence = { owner: string; epoch: number };

export type NewEvent = {
  id: string;
  type: string;
  payload: Record<string, unknown>;
  private?: Record<string, unknown> | null;
  /** Null: accepted, not yet in the conversation. */
  processedAt: Date | null;
  /** The same event again, where it entered the conversation. */
  echo?: boolean;
};

export type StoredEvent = {
  seq: number;
  id: string;
  type: string;
  payload: Record<string, unknown>;
  private: Record<string, unknown> | null;
  echo: boolean;
  createdAt: Date;
  processedAt: Date | null;
};

/** What may change on the session's row in the same statement as an append. Absent: unchanged. */
export type SessionChanges = {
  status?: SessionStatus;
  stopReason?: unknown;
  /** Null: nothing to do. A date, or "now" by the database's clock: have it claimed from then on. */
  wakeAt?: Date | "now" | null;
  retryAttempt?: number;
  usage?: { inputTokens: number; outputTokens: number; cacheReadTokens: number; cacheCreationTokens: number };
  /** Decimal US dollars to add; null: the price of this request is not known. */
  addCostUsd?: string | null;
  /** Gives the lease back in the same statement. */
  releaseLease?: boolean;
  /** The session got on: earlier failures of its workers do not count any more. */
  forgetFailedClaims?: boolean;
};

/**
 * Appends events in order and returns the seq of the last one. Atomic with `changes`.
 * With a fence: throws `lease_lost` when the worker no longer holds the session. Without: returns null when there is no such session.
 * With `ifLastSeq`: returns null, and changes nothing, when the log has another end (or the lease is lost).
 * With `ifOpenIn`: returns null, and changes nothing, unless the session is this team's and still takes a client's events.
 */
export async function appendEvents(
  db: Database,
  input: {
    sessionId: string;
    fence?: Fence;
    ifLastSeq?: number;
    ifOpenIn?: { teamId: string };
    events: readonly NewEvent[];
    changes?: SessionChanges;
  },
): Promise<number | null> {
  const { sessionId, fence, ifLastSeq, ifOpenIn, events, changes = {} } = input;
  const sets = [sql`last_seq = last_seq + ${events.length}`, sql`updated_at = now()`];
  if (changes.status !== undefined) {
    sets.push(sql`status = ${changes.status}`);
    if (changes.status === "running") sets.push(sql`active_since = coalesce(active_since, now())`);
    else {
      sets.push(
        sql`active_ms = active_ms + coalesce((extract(epoch from now() - active_since) * 1000)::bigint, 0)`,
        sql`active_since = null`,
      );
    }
  }
  if (changes.stopReason !== undefined) {
    sets.push(sql`stop_reason = ${changes.stopReason === null ? null : JSON.stringify(changes.stopReason)}::jsonb`);
  }
  if (changes.wakeAt !== undefined) {
    sets.push(changes.wakeAt === "now" ? sql`wake_at = now()` : sql`wake_at = ${changes.wakeAt}`);
  }
  if (changes.retryAttempt !== undefined) sets.push(sql`retry_attempt = ${changes.retryAttempt}`);
  if (changes.usage) {
    sets.push(
      sql`input_tokens = input_tokens + ${changes.usage.inputTokens}`,
      sql`output_tokens = output_tokens + ${changes.usage.outputTokens}`,
      sql`cache_read_tokens = cache_read_tokens + ${changes.usage.cacheReadTokens}`,
      sql`cache_creation_tokens = cache_creation_tokens + ${changes.usage.cacheCreationTokens}`,
    );
  }
  if (changes.addCostUsd === null) sets.push(sql`cost_complete = false`);
  else if (changes.addCostUsd !== undefined) sets.push(sql`cost_usd = cost_usd + ${changes.addCostUsd}::numeric`);
  if (changes.forgetFailedClaims || changes.releaseLease) sets.push(sql`failed_claims = 0, failures_alone = 0`);
  if (changes.releaseLease) sets.push(sql`lease_owner = null, lease_until = null`);
  const guard = fence ? sql`and lease_owner = ${fence.owner} and lease_epoch = ${fence.epoch}` : sql``;
  const atSeq = ifLastSeq === undefined ? sql`` : sql`and last_seq = ${ifLastSeq}`;

  const open = ifOpenIn
    ? sql`and team_id = ${ifOpenIn.teamId} and archived_at is null and status <> 'terminated'`
    : sql``;

  const result = await sql<{ last_seq: number }>`
    with s as (
      update sessions set ${sql.join(sets)} where id = ${sessionId} ${guard} ${atSeq} ${open} returning last_seq, team_id
    ), added as (
      insert into events (session_id, seq, id, team_id, type, payload, private, echo, processed_at)
      select ${sessionId}, s.last_seq - ${events.length} + x.ord, x.id, s.team_id, x.type, x.payload::jsonb, x.private::jsonb, x.echo, x.processed_at
      from s, unnest(
        ${events.map((event) => event.id)}::text[],
        ${events.map((event) => event.type)}::text[],
        ${events.map((event) => toJson(event.payload))}::text[],
        ${events.map((event) => (event.private ? toJson(event.private) : null))}::text[],
        ${events.map((event) => event.echo ?? false)}::boolean[],
        ${events.map((event) => event.processedAt)}::timestamptz[]
      ) with ordinality as x(id, type, payload, private, echo, processed_at, ord)
    )
    select last_seq from s`.execute(db);
  const row = result.rows[0];
  if (!row) {
    if (fence && ifLastSeq === undefined) throw leaseLost(sessionId);
    return null;
  }
  return row.last_seq;
}

/** Sets processed_at on the first rows of these user events. Their echoes are appended by the caller in the same transaction. */
export async function markProcessed(
  db: Database,
  input: { sessionId: string; eventIds: readonly string[]; at: Date },
): Promise<void> {
  if (input.eventIds.length === 0) return;
  await sql`update events set processed_at = ${input.at}
    where session_id = ${input.sessionId} and id = any(${[...input.eventIds]}::text[]) and not echo`.execute(db);
}

type EventRow = {
  seq: number;
  id: string;
  type: string;
  payload: Record<string, unknown>;
  private: Record<string, unknown> | null;
  echo: boolean;
  created_at: Date;
  processed_at: Date | null;
};

function toStoredEvent(row: EventRow): StoredEvent {
  return {
    seq: row.seq,
    id: row.id,
    type: row.type,
    payload: row.payload,
    private: row.private,
    echo: row.echo,
    createdAt: row.created_at,
    processedAt: row.processed_at,
  };
}

/** Every stored entry, echoes too, with seq > `after`, in order. For streams and the turn engine. */
export async function readLog(
  db: Database,
  input: { sessionId: string; after: number; limit: number },
): Promise<StoredEvent[]> {
  const result = await sql<EventRow>`
    select e.seq, e.id, e.type, e.payload, e.private, e.echo, e.created_at, e.processed_at from events e
    where e.session_id = ${input.sessionId} and e.seq > ${input.after} order by e.seq limit ${input.limit}`.execute(db);
  return result.rows.map(toStoredEvent);
}

/** The latest entry of an event: its echo where there is one. */
export async function findEvent(
  db: Database,
  input: { sessionId: string; eventId: string },
): Promise<StoredEvent | null> {
  const result = await sql<EventRow>`
    select e.seq, e.id, e.type, e.payload, e.private, e.echo, e.created_at, e.processed_at from events e
    where e.session_id = ${input.sessionId} and e.id = ${input.eventId} order by e.echo desc limit 1`.execute(db);
  return result.rows[0] ? toStoredEvent(result.rows[0]) : null;
}

export type EventFilter = {
  types?: readonly string[];
  /** Compared with processed_at, as the API does; with created_at while an event waits. */
  createdAt?: { gt?: Date; gte?: Date; lt?: Date; lte?: Date };
};

/**
 * A page of the log as lists show it: each event once, a user event where it entered the conversation (its echo) or, while
 * it waits, where it was accepted. So the order is that of `processed_at`. `after` is a seq, exclusive, in the direction of `order`.
 */
export async function listEvents(
  db: Database,
  input: {
    teamId: string;
    sessionId: string;
    order: "asc" | "desc";
    after?: number;
    limit: number;
    filter?: EventFilter;
  },
): Promise<StoredEvent[]> {
  const { filter = {} } = input;
  const conditions = [
    sql`e.session_id = ${input.sessionId}`,
    sql`e.team_id = ${input.teamId}`,
    sql`(e.echo or e.processed_at is null or e.type not like 'user.%' or not exists (
      select 1 from events x where x.session_id = e.session_id and x.id = e.id and x.echo))`,
  ];
  if (input.after !== undefined) {
    conditions.push(input.order === "asc" ? sql`e.seq > ${input.after}` : sql`e.seq < ${input.after}`);
  }
  if (filter.types) conditions.push(sql`e.type = any(${[...filter.types]}::text[])`);
  if (filter.createdAt?.gt) conditions.push(sql`coalesce(e.processed_at, e.created_at) > ${filter.createdAt.gt}`);
  if (filter.createdAt?.gte) conditions.push(sql`coalesce(e.processed_at, e.created_at) >= ${filter.createdAt.gte}`);
  if (filter.createdAt?.lt) conditions.push(sql`coalesce(e.processed_at, e.created_at) < ${filter.createdAt.lt}`);
  if (filter.createdAt?.lte) conditions.push(sql`coalesce(e.processed_at, e.created_at) <= ${filter.createdAt.lte}`);
  const direction = input.order === "asc" ? sql`asc` : sql`desc`;
  const result = await sql<EventRow>`
    select e.seq, e.id, e.type, e.payload, e.private, e.echo, e.created_at, e.processed_at from events e
    where ${sql.join(conditions, sql` and `)} order by e.seq ${direction} limit ${input.limit}`.execute(db);
  return result.rows.map(toStoredEvent);
}
