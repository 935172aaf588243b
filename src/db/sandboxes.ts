// Which sandbox belongs to which session, with the identity of its disk; and those that wait to be removed.
import { sql } from "kysely";
import { PlatformError } from "../lib/errors.ts";
import { type Database, isUniqueViolation } from "./database.ts";
import { isPlaceWanted } from "./sandbox-places.ts";

export type StartedSandbox = {
  sessionId: string;
  teamId: string;
  name: string;
  backend: string;
  identity: string;
  /** How long it took until it could be used. */
  startMs: number;
  restarted?: boolean;
  /** Throws `sandbox_gone` where another identity is known: only a turn decides what becomes of lost files. */
  sameDisk?: boolean;
};

/**
 * Writes down the running sandbox and returns the identity known before; null when the session had none. That it was started
 * goes into the session's timeline, unless it ran already; `restarted`: it was found dead, whatever the row says.
 */
export async function recordSandbox(db: Database, input: StartedSandbox): Promise<string | null> {
  try {
    return await writeSandbox(db, input);
  } catch (error) {
    // Somebody wrote it down for the first time at the same moment: `on conflict` looks at one of two unique columns only.
    if (!isUniqueViolation(error)) throw error;
    return writeSandbox(db, input);
  }
}

/** Before the sandbox's row, as a deletion does: what the timeline is told needs the session's, too. */
const lockedSession = ({ sessionId }: { sessionId: string }) =>
  sql`select id from sessions where id = ${sessionId} for key share`;

async function writeSandbox(db: Database, input: StartedSandbox): Promise<string | null> {
  const result = await sql<{ previous: string | null; written: boolean }>`
    with session as materialized (${lockedSession(input)}),
    before as (select identity, state from sandboxes where session_id = ${input.sessionId}),
    placed as (delete from sandbox_places where session_id = ${input.sessionId}),
    written as (
      insert into sandboxes (session_id, team_id, name, backend, identity, state)
      select ${input.sessionId}, ${input.teamId}, ${input.name}, ${input.backend}, ${input.identity}, 'running'
      from (values (1)) as one (row) left join session on true
      on conflict (session_id) do update set
        name = excluded.name, backend = excluded.backend, identity = excluded.identity, state = 'running', last_used_at = now(),
        dirty_since = coalesce(sandboxes.dirty_since, now())
      where not ${input.sameDisk ?? false} or sandboxes.identity = excluded.identity
      returning session_id
    ),
    told as (
      insert into session_timeline (session_id, team_id, kind, started_at, ended_at, detail)
      select ${input.sessionId}, ${input.teamId}, 'sandbox_started', now() - ${Math.max(0, Math.round(input.startMs))}::integer * interval '1 millisecond', now(), jsonb_build_object('how', case
        when not exists (select 1 from before) then 'made'
        when (select identity from before) <> ${input.identity} then 'disk_lost'
        else 'woken' end)
      from written
      where ${input.restarted ?? false} or not exists (select 1 from before where state = 'running' and identity = ${input.identity})
    )
    select (select identity from before) as previous, exists (select 1 from written) as written`.execute(db);
  const row = result.rows[0];
  if (!row?.written)
    throw new PlatformError("sandbox_gone", "The files of this session were lost with the disk of its sandbox.");
  return row.previous;
}

/** It was used: its files may have changed. */
export async function touchSandbox(db: Database, input: { sessionId: string }): Promise<void> {
  await sql`update sandboxes set last_used_at = now(), dirty_since = coalesce(dirty_since, now()) where session_id = ${input.sessionId}`.execute(
    db,
  );
}

/** Its files may change without anybody using it: something runs in it by itself. The time until it is put to sleep goes on. */
export async function markChanging(db: Database, input: { names: readonly string[] }): Promise<void> {
  if (input.names.length === 0) return;
  await sql`update sandboxes set dirty_since = now()
    where name = any(${[...input.names]}::text[]) and state = 'running' and dirty_since is null`.execute(db);
}

/** Its files are to be set back first: until then they are not kept, and it does not sleep. */
const isNotRestoring = sql`not exists (select 1 from sandbox_restores r
  where r.session_id = b.session_id and r.done_at is null and r.reason <> 'lost')`;

export type IdleSandbox = { sessionId: string; name: string; teamId: string };

/** Who is left out of a list. */
type Except = { names: readonly string[]; teamIds: readonly string[] };
const isNotOf = ({ names, teamIds }: Except) =>
  sql`b.name <> all(${[...names]}::text[]) and b.team_id <> all(${[...teamIds]}::text[])`;

/** Whoever waits for a place is not kept waiting for a sandbox that nobody uses. */
const WANTED_IDLE_MS = 10_000;

/**
 * Running sandboxes of this backend that nobody used for `idleMs` and whose session rests; where somebody of the team waits for a
 * place, for ten seconds. `idleMs` of each says which.
 */
export async function listIdleSandboxes(
  db: Database,
  input: { backend: string; idleMs: number; except: Except; limit: number },
): Promise<(IdleSandbox & { idleMs: number })[]> {
  const wantedMs = Math.min(input.idleMs, WANTED_IDLE_MS);
  const result = await sql<IdleSandbox & { idleMs: number }>`
    select b.session_id as "sessionId", b.name, b.team_id as "teamId", i.ms as "idleMs" from sandboxes b join sessions s on s.id = b.session_id
    cross join lateral (select case when ${isPlaceWanted} then ${wantedMs}::bigint else ${input.idleMs}::bigint end as ms) i
    where b.state = 'running' and b.backend = ${input.backend} and s.wake_at is null
      and ${isNotOf(input.except)} and ${isNotRestoring} and b.last_used_at < now() - ${wantedMs}::bigint * interval '1 millisecond'
      and b.last_used_at < now() - i.ms * interval '1 millisecond'
    order by b.last_used_at limit ${input.limit}`.execute(db);
  return result.rows;
}

export type DirtySandbox = IdleSandbox & { requested: boolean };

/**
 * Running sandboxes whose files may have changed since their last snapshot, whose session rests, that nobody used for `quietMs`,
 * and that were not looked at since, or not for `spacingMs`; the longest changed first. And before them those that somebody asked for, at once.
 */
export async function listDirtySandboxes(
  db: Database,
  input: { backend: string; quietMs: number; spacingMs: number; except: Except; limit: number },
): Promise<DirtySandbox[]> {
  const result = await sql<DirtySandbox>`
    select b.session_id as "sessionId", b.name, b.team_id as "teamId", b.dirty_since = '-infinity' as requested
    from sandboxes b join sessions s on s.id = b.session_id
    where b.state = 'running' and b.backend = ${input.backend} and s.wake_at is null and b.dirty_since is not null
      and ${isNotOf(input.except)} and ${isNotRestoring} and (b.dirty_since = '-infinity' or (
        b.last_used_at < now() - ${input.quietMs}::bigint * interval '1 millisecond'
        and not exists (select 1 from snapshots n where n.session_id = b.session_id
          and n.until_at > b.last_used_at and n.until_at > now() - ${input.spacingMs}::bigint * interval '1 millisecond')))
    order by b.dirty_since limit ${input.limit}`.execute(db);
  return result.rows;
}

export type RestingSandbox = Omit<IdleSandbox, "teamId"> & Pick<SandboxRow, "identity" | "state">;

/**
 * Of sessions that rest, not used for `quietMs` (whoever starts one now writes that down first): those that run by their rows,
 * and those of `names` that do not.
 */
export async function listRestingSandboxes(
  db: Database,
  input: { backend: string; quietMs: number; names: readonly string[] },
): Promise<RestingSandbox[]> {
  const result = await sql<RestingSandbox>`
    select b.session_id as "sessionId", b.name, b.identity, b.state from sandboxes b join sessions s on s.id = b.session_id
    where (b.state = 'running' or b.name = any(${[...input.names]}::text[]))
      and b.backend = ${input.backend} and s.wake_at is null and s.lease_owner is null
      and b.last_used_at < now() - ${input.quietMs}::bigint * interval '1 millisecond'`.execute(db);
  return result.rows;
}

/** It was found in another state than its row says. False: somebody used it meanwhile, and knows better. */
export async function markFound(
  db: Database,
  input: { sessionId: string; from: SandboxRow["state"]; to: SandboxRow["state"]; quietMs: number },
): Promise<boolean> {
  const result = await sql`update sandboxes set state = ${input.to}
    where session_id = (${lockedSession(input)}) and state = ${input.from}
      and last_used_at < now() - ${input.quietMs}::bigint * interval '1 millisecond'`.execute(db);
  return result.numAffectedRows === 1n;
}

export async function markHibernated(db: Database, input: { sessionId: string }): Promise<void> {
  await sql`update sandboxes set state = 'hibernated' where session_id = (${lockedSession(input)})`.execute(db);
}

/** Of these names, the ones that no session and no removal knows. */
export async function listUnknownNames(db: Database, input: { names: readonly string[] }): Promise<string[]> {
  const result = await sql<{ name: string }>`
    select n.name from unnest(${[...input.names]}::text[]) as n(name)
    where not exists (select 1 from sessions s where s.id = n.name)
      and not exists (select 1 from sandboxes b where b.name = n.name)
      and not exists (select 1 from sandbox_removals r where r.name = n.name)`.execute(db);
  return result.rows.map((row) => row.name);
}

/**
 * Of these, those whose session was deleted while its sandbox was being made by somebody who died before it was written down: a removal
 * is noted now. What was deleted is known for two days.
 */
export async function noteLateRemovals(
  db: Database,
  input: { names: readonly string[]; backend: string },
): Promise<string[]> {
  if (input.names.length === 0) return [];
  const result = await sql<{ name: string }>`
    insert into sandbox_removals (name, team_id, backend)
    select session_id, team_id, ${input.backend} from deleted_sessions where session_id = any(${[...input.names]}::text[])
    on conflict (name) do nothing returning name`.execute(db);
  return result.rows.map((row) => row.name);
}

/** But for those whose files a fork still waits for. */
export async function listRemovals(db: Database, input: { backend: string; limit: number }): Promise<string[]> {
  const result = await sql<{ name: string }>`
    select name from sandbox_removals where backend = ${input.backend}
      and not exists (select 1 from sandbox_restores r
        where r.clone_of = sandbox_removals.name and r.done_at is null and r.snapshot_id is null)
    order by requested_at limit ${input.limit}`.execute(db);
  return result.rows.map((row) => row.name);
}

export async function deleteRemoval(db: Database, input: { name: string }): Promise<void> {
  await sql`delete from sandbox_removals where name = ${input.name}`.execute(db);
}

export type SandboxRow = {
  name: string;
  identity: string;
  state: "running" | "hibernated";
  lastUsedAt: Date;
  /** Something may have changed since its last snapshot. */
  changed: boolean;
};

/** The sandbox of a session; null when it has none yet. */
export async function findSandbox(
  db: Database,
  input: { teamId: string; sessionId: string },
): Promise<SandboxRow | null> {
  const result = await sql<SandboxRow>`
    select name, identity, state, last_used_at as "lastUsedAt", dirty_since is not null or last_snapshot_id is null as changed
    from sandboxes where session_id = ${input.sessionId} and team_id = ${input.teamId}`.execute(db);
  return result.rows[0] ?? null;
}

/** It runs, and is in use now: the time until it is put to sleep begins anew. */
export async function wokeSandbox(db: Database, input: { sessionId: string }): Promise<void> {
  await sql`update sandboxes set state = 'running', last_used_at = now(), dirty_since = coalesce(dirty_since, now())
    where session_id = ${input.sessionId}`.execute(db);
}
