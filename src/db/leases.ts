// Leases: which worker may write to which session. Claiming, keeping, giving back, and taking over from the dead. For suspects: suspects.ts.
import { sql } from "kysely";
import { type Database, leaseLost } from "./database.ts";
import type { Fence } from "./events.ts";

export const LEASE_MS = 30_000;
/**
 * A session whose workers failed so often in a row, whatever the reason, is a suspect: it is held alone until it gets on, so
 * that what it may do to its worker it does to nobody else.
 */
export const SUSPECT_AFTER = 2;

export type Claim = { sessionId: string; fence: Fence };

/** Takes one idle session that has no work, for upkeep; null when it is in use. Give it back with `giveBack`. */
export async function claimIdleSession(
  db: Database,
  input: { workerId: string; sessionId: string },
): Promise<Claim | null> {
  const result = await sql<{ id: string; lease_epoch: number }>`
    update sessions set lease_owner = ${input.workerId}, lease_epoch = lease_epoch + 1, lease_until = now() + ${leaseInterval}
    where id = ${input.sessionId} and wake_at is null and (lease_owner is null or lease_until < now())
    returning id, lease_epoch`.execute(db);
  return result.rows[0] ? toClaim(result.rows[0], input.workerId) : null;
}

export const isDue = sql`wake_at is not null and wake_at <= now() and (lease_owner is null or lease_until < now())`;
/** With the failure of a worker that let its lease run out. */
export const failedClaims = sql`failed_claims + case when lease_owner is null then 0 else 1 end`;
export const leaseInterval = sql`${LEASE_MS}::integer * interval '1 millisecond'`;

export function toClaim(row: { id: string; lease_epoch: number }, workerId: string): Claim {
  return { sessionId: row.id, fence: { owner: workerId, epoch: row.lease_epoch } };
}

export type HeldLease = { sessionId: string; epoch: number; lastSeq: number };

/** What this worker holds, and how long each log is: shows lost leases and missed wake-ups. */
export async function listHeldLeases(db: Database, input: { workerId: string }): Promise<HeldLease[]> {
  const result = await sql<{ id: string; lease_epoch: number; last_seq: number }>`
    select id, lease_epoch, last_seq from sessions where lease_owner = ${input.workerId}`.execute(db);
  return result.rows.map((row) => ({ sessionId: row.id, epoch: row.lease_epoch, lastSeq: row.last_seq }));
}

/** Extends all leases of this worker. */
export async function extendLeases(db: Database, input: { workerId: string }): Promise<void> {
  await sql`update sessions set lease_until = now() + ${leaseInterval} where lease_owner = ${input.workerId}`.execute(
    db,
  );
}

/**
 * Gives a session back if its log still ends at `ifLastSeq`, until something is sent or, at the latest, `wakeInMs` from
 * now by the database's clock. False: the log has grown, or the lease is lost.
 */
export async function releaseSession(
  db: Database,
  input: { sessionId: string; fence: Fence; ifLastSeq: number; wakeInMs: number | null },
): Promise<boolean> {
  const wakeInMs = input.wakeInMs === null ? null : Math.max(0, Math.round(input.wakeInMs));
  const result = await sql`
    update sessions set lease_owner = null, lease_until = null, failed_claims = 0, failures_alone = 0, wake_at = now() + ${wakeInMs}::integer * interval '1 millisecond'
    where id = ${input.sessionId} and lease_owner = ${input.fence.owner} and lease_epoch = ${input.fence.epoch}
      and last_seq = ${input.ifLastSeq}`.execute(db);
  return result.numAffectedRows === 1n;
}

/** Gives a session back after an error of ours in its own work, to be tried again in `delayMs`. Nobody else is to blame. */
export async function giveBackFailed(
  db: Database,
  input: { sessionId: string; fence: Fence; delayMs: number },
): Promise<void> {
  await sql`
    update sessions set lease_owner = null, lease_until = null,
      failed_claims = failed_claims + 1, failures_alone = failures_alone + 1,
      wake_at = now() + ${Math.round(input.delayMs)}::integer * interval '1 millisecond'
    where id = ${input.sessionId} and lease_owner = ${input.fence.owner} and lease_epoch = ${input.fence.epoch}`.execute(
    db,
  );
}

/** Throws `lease_lost` when somebody else holds it now, or nobody. */
export async function checkHeld(db: Database, { sessionId, fence }: Claim): Promise<void> {
  const result = await sql`select 1 from sessions
    where id = ${sessionId} and lease_owner = ${fence.owner} and lease_epoch = ${fence.epoch}`.execute(db);
  if (result.rows.length === 0) throw leaseLost(sessionId);
}

/** Gives one session back as it was. */
export async function giveBack(db: Database, input: { sessionId: string; fence: Fence }): Promise<void> {
  await sql`update sessions set lease_owner = null, lease_until = null
    where id = ${input.sessionId} and lease_owner = ${input.fence.owner} and lease_epoch = ${input.fence.epoch}`.execute(
    db,
  );
}

/** A worker that stops gives everything back, or what it is through with (`sessionIds`); whoever is left goes on at once. Nobody failed. */
export async function giveBackAll(
  db: Database,
  input: { workerId: string; sessionIds: readonly string[] | null },
): Promise<string[]> {
  const result = await sql<{ id: string }>`
    update sessions set lease_owner = null, lease_until = null,
      wake_at = case when wake_at is null then null else least(wake_at, now()) end
    where lease_owner = ${input.workerId} and (${input.sessionIds === null} or id = any(${[...(input.sessionIds ?? [])]}::text[]))
    returning id`.execute(db);
  return result.rows.map((row) => row.id);
}

/**
 * Removes workers that hold no lock (they are dead) and frees their sessions. `suspects` were seen without a lock
 * before: looking twice spares a worker that is just connecting anew. Returns the freed sessions.
 */
export async function takeOverFromDead(db: Database, input: { suspects: readonly string[] }): Promise<string[]> {
  if (input.suspects.length === 0) return [];
  const result = await sql<{ id: string }>`
    with dead as (
      delete from workers w where w.id = any(${[...input.suspects]}::text[]) and not ${lockHeld} returning w.id
    )
    update sessions set lease_owner = null, lease_until = null, failed_claims = failed_claims + 1
    where lease_owner in (select id from dead) returning id`.execute(db);
  return result.rows.map((row) => row.id);
}

/** Workers, this one left out, whose lock is free. */
export async function listWorkersWithoutLock(db: Database, input: { workerId: string }): Promise<string[]> {
  const result = await sql<{ id: string }>`
    select w.id from workers w where w.id <> ${input.workerId} and not ${lockHeld}`.execute(db);
  return result.rows.map((row) => row.id);
}

// A bigint advisory lock shows in pg_locks as its two halves.
const lockHeld = sql`exists (
  select 1 from pg_locks l
  where l.locktype = 'advisory' and l.granted and l.objsubid = 1
    and l.database = (select oid from pg_database where datname = current_database())
    and ((l.classid::bigint << 32) | l.objid::bigint) = w.lock_key
)`;
