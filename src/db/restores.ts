// What sessions' disks are to be brought to: the last snapshot after a loss, an earlier one after a rewind, another session's for a fork.
import { sql } from "kysely";
import type { Database, DatabaseTransaction } from "./database.ts";
import { toJson } from "./json.ts";

/** `lost`: its disk was · `rewind`: the session went back · `fork`: it began as a copy of another one. */
export type RestoreReason = "lost" | "rewind" | "fork";

export type OpenRestore = {
  id: string;
  reason: RestoreReason;
  /** Null: after a rewind an empty workspace; in a fork not known before its source's files are kept. */
  snapshotId: string | null;
  /** The session whose files are to be copied. */
  cloneOf: string | null;
  /** The disk that it is brought onto, or, in a fork, the disk of the source. */
  identity: string | null;
  /** Where the log ended when it was asked for; of a rewind, the rewind's own place. */
  seq: number | null;
  /** No tool ran between that snapshot and that place. */
  exact: boolean;
  beforeId: string | null;
  requestedAt: Date;
  /** The same to its last digit. One that gets another aim is asked for anew. */
  aimedAt: string;
  progress: unknown;
  problem: string | null;
};

const columns = sql`r.id, r.reason, r.snapshot_id as "snapshotId", r.clone_of as "cloneOf", r.identity, r.seq, r.exact,
  r.before_id as "beforeId", r.requested_at as "requestedAt", r.requested_at::text as "aimedAt", r.progress, r.problem`;

export async function findOpenRestore(db: Database, input: { sessionId: string }): Promise<OpenRestore | null> {
  const result = await sql<OpenRestore>`select ${columns} from sandbox_restores r
    where r.session_id = ${input.sessionId} and r.done_at is null`.execute(db);
  return result.rows[0] ?? null;
}

/** Its files are to be set back, or to be copied: until that is done they are not what the session's log says. */
export async function isRestoreOpen(db: Database, input: { sessionId: string }): Promise<boolean> {
  const result = await sql`select 1 from sandbox_restores
    where session_id = ${input.sessionId} and done_at is null and reason <> 'lost'`.execute(db);
  return result.rows.length > 0;
}

/**
 * After a disk was lost. Until it is done, its snapshot stays. One that another process left is taken over. Returns its `aimedAt`; null:
 * the session went back meanwhile, and its files are to go there.
 */
export async function beginRestore(
  db: Database,
  input: { id: string; teamId: string; sessionId: string; snapshotId: string; identity: string },
): Promise<string | null> {
  const result = await sql<{
    aimedAt: string;
  }>`insert into sandbox_restores (id, team_id, session_id, snapshot_id, reason, identity)
    values (${input.id}, ${input.teamId}, ${input.sessionId}, ${input.snapshotId}, 'lost', ${input.identity})
    on conflict (session_id) where done_at is null do update set
      snapshot_id = excluded.snapshot_id, identity = excluded.identity, requested_at = now()
      where sandbox_restores.reason = 'lost' returning requested_at::text as "aimedAt"`.execute(db);
  return result.rows[0]?.aimedAt ?? null;
}

/**
 * A rewind's or a fork's, for a worker to do. One that is open already gets another aim; what its disk was before any of them
 * stays known.
 */
export async function askForRestore(
  tx: DatabaseTransaction,
  input: {
    id: string;
    teamId: string;
    sessionId: string;
    reason: "rewind" | "fork";
    snapshotId: string | null;
    cloneOf: string | null;
    identity: string | null;
    seq: number;
    exact: boolean;
  },
): Promise<void> {
  await sql`insert into sandbox_restores (id, team_id, session_id, reason, snapshot_id, clone_of, identity, seq, exact)
    values (${input.id}, ${input.teamId}, ${input.sessionId}, ${input.reason}, ${input.snapshotId}, ${input.cloneOf},
      ${input.identity}, ${input.seq}, ${input.exact})
    on conflict (session_id) where done_at is null do update set
      reason = excluded.reason, snapshot_id = excluded.snapshot_id, clone_of = excluded.clone_of, exact = excluded.exact,
      seq = case when sandbox_restores.reason = 'rewind' then sandbox_restores.seq else excluded.seq end,
      requested_at = now(), progress = null, problem = null`.execute(tx);
}

/** What the disk was before. From then on its files may be half brought back. */
export async function noteBefore(db: Database, input: { id: string; beforeId: string }): Promise<void> {
  await sql`update sandbox_restores set before_id = ${input.beforeId} where id = ${input.id} and done_at is null`.execute(
    db,
  );
}

export async function noteProgress(db: Database, input: { id: string; progress: unknown }): Promise<void> {
  await sql`update sandbox_restores set progress = ${toJson(input.progress)}::jsonb, problem = null
    where id = ${input.id} and done_at is null`.execute(db);
}

export async function noteProblem(db: Database, input: { sessionId: string; problem: string }): Promise<void> {
  await sql`update sandbox_restores set problem = ${input.problem}
    where session_id = ${input.sessionId} and done_at is null`.execute(db);
}

/** `ended`: now, by this · `over`: before · `aimed_anew`: its files are to be others, and it stays open. */
export type RestoreEnd = "ended" | "over" | "aimed_anew";

/**
 * Of the restore as it was aimed at `aimedAt`. From now on the disk is what the snapshot was; null: empty; absent: as it was before.
 * In the transaction that has locked the session.
 */
export async function endRestore(
  tx: DatabaseTransaction,
  input: { sessionId: string; aimedAt: string; snapshotId?: string | null; receipt: unknown },
): Promise<RestoreEnd> {
  const ended = await sql`update sandbox_restores set done_at = now(), receipt = ${toJson(input.receipt)}::jsonb
    where session_id = ${input.sessionId} and done_at is null and requested_at = ${input.aimedAt}::timestamptz`.execute(
    tx,
  );
  if (ended.numAffectedRows === 0n) return (await findOpenRestore(tx, input)) ? "aimed_anew" : "over";
  if (input.snapshotId !== undefined)
    await sql`update sandboxes set last_snapshot_id = ${input.snapshotId} where session_id = ${input.sessionId}`.execute(
      tx,
    );
  return "ended";
}

/** Sessions at rest whose files wait to be brought back, the oldest request first. A lost disk's come back at its next use. */
export async function listRestoresToDo(
  db: Database,
  input: { except: readonly string[]; limit: number },
): Promise<{ sessionId: string; teamId: string }[]> {
  const result = await sql<{ sessionId: string; teamId: string }>`
    select r.session_id as "sessionId", r.team_id as "teamId" from sandbox_restores r join sessions s on s.id = r.session_id
    where r.done_at is null and r.reason <> 'lost' and s.wake_at is null and (s.lease_owner is null or s.lease_until < now())
      and not r.session_id = any(${[...input.except]}::text[])
    order by r.requested_at limit ${input.limit}`.execute(db);
  return result.rows;
}

/** Forks that wait for a snapshot of this session's files as they are now. */
export async function hasWaitingForks(db: Database, input: { sessionId: string }): Promise<boolean> {
  const result = await sql`select 1 from sandbox_restores
    where clone_of = ${input.sessionId} and done_at is null and snapshot_id is null limit 1`.execute(db);
  return result.rows.length > 0;
}

/** The source could not be kept in time: what its forks get is later than they were made. */
export async function noteLateForks(db: Database, input: { sessionId: string }): Promise<void> {
  await sql`update sandbox_restores set exact = false
    where clone_of = ${input.sessionId} and done_at is null and snapshot_id is null`.execute(db);
}

/** Forks that waited for this snapshot each get a copy of it for their own. */
export async function giveToForks(
  tx: DatabaseTransaction,
  input: { sessionId: string; snapshotId: string; newId: () => string },
): Promise<void> {
  // Each fork before its row, as a deletion of it does.
  await sql`select id from sessions where id in (select session_id from sandbox_restores
    where clone_of = ${input.sessionId} and done_at is null and snapshot_id is null) order by id for key share`.execute(
    tx,
  );
  const waiting = await sql<{ sessionId: string; seq: number }>`
    select session_id as "sessionId", seq from sandbox_restores
    where clone_of = ${input.sessionId} and done_at is null and snapshot_id is null for update`.execute(tx);
  for (const { sessionId, seq } of waiting.rows) {
    const id = input.newId();
    const copied = await copySnapshot(tx, { id, fromId: input.snapshotId, sessionId, seq, untilSeq: seq });
    if (copied) await aimAt(tx, { sessionId, snapshotId: id });
  }
}

/** What a fork waits for is known now, unless somebody else found it out before; null: the source has nothing. */
export async function aimAt(
  db: Database,
  input: { sessionId: string; snapshotId: string | null; exact?: boolean },
): Promise<void> {
  await sql`update sandbox_restores set snapshot_id = ${input.snapshotId}, clone_of = null, exact = exact and ${input.exact ?? true}
    where session_id = ${input.sessionId} and done_at is null and clone_of is not null and snapshot_id is null`.execute(
    db,
  );
}

/** The same files as a snapshot of another session, in the same packs. False: it is gone, or the session is. */
export async function copySnapshot(
  tx: DatabaseTransaction,
  input: { id: string; fromId: string; sessionId: string; seq: number; untilSeq: number },
): Promise<boolean> {
  // While it can't be deleted nobody can take its packs for garbage.
  const held = await sql`select 1 from snapshots where id = ${input.fromId} for key share`.execute(tx);
  if (held.rows.length === 0) return false;
  await sql`insert into snapshots (id, team_id, session_id, identity, reason, created_at, seq, until_seq, until_at, root, files, directories,
      symlinks, links, total_bytes, changed_count, new_bytes, left_out, left_out_count)
    select ${input.id}, team_id, ${input.sessionId}, identity, reason, created_at, ${input.seq}, ${input.untilSeq}, until_at, root,
      files, directories, symlinks, links, total_bytes, changed_count, 0, left_out, left_out_count
    from snapshots where id = ${input.fromId}`.execute(tx);
  await sql`insert into snapshot_packs (snapshot_id, pack_id, team_id)
    select ${input.id}, pack_id, team_id from snapshot_packs where snapshot_id = ${input.fromId}`.execute(tx);
  return true;
}

export type SnapshotPlace = { id: string; seq: number; untilSeq: number; untilAt: Date; createdAt: Date };

/** All snapshots of a session, without what is in them. */
export async function listSnapshotPlaces(db: Database, input: { sessionId: string }): Promise<SnapshotPlace[]> {
  const result =
    await sql<SnapshotPlace>`select id, seq, until_seq as "untilSeq", until_at as "untilAt", created_at as "createdAt"
    from snapshots where session_id = ${input.sessionId}`.execute(db);
  return result.rows;
}

export type SandboxBefore = {
  identity: string;
  /** No disk was there yet when that entry was written. */
  madeLater: boolean;
  /** Nothing can have changed since its last snapshot, which is this one. */
  keptAs: string | null;
};

/** The sandbox of a session as of an entry of its log; null: it has none. */
export async function findSandboxBefore(
  db: Database,
  input: { sessionId: string; seq: number },
): Promise<SandboxBefore | null> {
  const result = await sql<SandboxBefore>`
    select b.identity, case when b.dirty_since is null then b.last_snapshot_id end as "keptAs",
      coalesce(b.made_at > (select e.created_at from events e where e.session_id = b.session_id and e.seq = ${input.seq}), false)
        and not exists (select 1 from events f where f.session_id = b.session_id and f.type = 'session.forked' and f.seq >= ${input.seq})
        as "madeLater"
    from sandboxes b where b.session_id = ${input.sessionId}`.execute(db);
  return result.rows[0] ?? null;
}

/** A tool ran after `afterSeq` and before `beforeSeq`, and its result was not taken back. */
export async function toolsRanBetween(
  db: Database,
  input: { sessionId: string; afterSeq: number; beforeSeq: number },
): Promise<boolean> {
  const result = await sql`select 1 from events e
    where e.session_id = ${input.sessionId} and e.type = 'agent.tool_result' and e.seq > ${input.afterSeq} and e.seq < ${input.beforeSeq}
      and not exists (select 1 from events r where r.session_id = e.session_id and r.type = 'session.rewound' and r.seq > e.seq
        and (r.private->>'to_seq')::bigint <= e.seq)
    limit 1`.execute(db);
  return result.rows.length > 0;
}

/**
 * What a fork that has no sandbox yet is to have, and the session that it comes from, whose disk has most of it. Null: it is no such
 * fork, or what it is to have is not known.
 */
export async function findForkToFill(
  db: Database,
  input: { sessionId: string },
): Promise<{ sourceId: string; files: number; totalBytes: number } | null> {
  const result = await sql<{ sourceId: string; files: number; totalBytes: number }>`
    select s.forked_from->>'session_id' as "sourceId", p.files, p.total_bytes as "totalBytes"
    from sandbox_restores r join sessions s on s.id = r.session_id join snapshots p on p.id = r.snapshot_id
    where r.session_id = ${input.sessionId} and r.done_at is null and r.reason = 'fork' and s.forked_from is not null
      and not exists (select 1 from sandboxes b where b.session_id = r.session_id)`.execute(db);
  return result.rows[0] ?? null;
}

export type CloneSource = { name: string | null; identity: string | null; exists: boolean; removing: boolean };

/** The session whose files a fork waits for, or what is left of it. */
export async function findCloneSource(db: Database, input: { sessionId: string }): Promise<CloneSource> {
  const result = await sql<CloneSource>`select
      (select name from sandboxes where session_id = ${input.sessionId}) as name,
      (select identity from sandboxes where session_id = ${input.sessionId}) as identity,
      exists (select 1 from sessions where id = ${input.sessionId}) as exists,
      exists (select 1 from sandbox_removals where name = ${input.sessionId}) as removing`.execute(db);
  return result.rows[0] ?? { name: null, identity: null, exists: false, removing: false };
}
