// Snapshots of a session as people see them: a page of them, and asking for one.
import { sql } from "kysely";
import type { Database, DatabaseTransaction } from "./database.ts";
import type { PageRequest } from "./page.ts";
import type { SnapshotChanges, SnapshotReason } from "./snapshots.ts";

export type ListedSnapshot = {
  id: string;
  sessionId: string;
  reason: SnapshotReason;
  /** In whole milliseconds, so that it survives the way through a cursor. */
  createdAt: Date;
  untilAt: Date;
  seq: number;
  untilSeq: number;
  afterEventId: string | null;
  files: number;
  totalBytes: number;
  newBytes: number;
  leftOutCount: number;
  /** Null for those that an earlier release took. */
  changes: SnapshotChanges | null;
  current: boolean;
};

export async function listSnapshotPage(
  db: Database,
  input: { teamId: string; sessionId: string; page: PageRequest },
): Promise<ListedSnapshot[]> {
  const { after, order, limit } = input.page;
  const at = sql`date_trunc('milliseconds', s.created_at)`;
  const operator = order === "asc" ? sql`>` : sql`<`;
  const beyond = after
    ? sql`and (${at}, s.id) ${operator} (${after.createdAt}::timestamptz, ${after.id}::text)`
    : sql``;
  const direction = order === "asc" ? sql`asc` : sql`desc`;
  const result = await sql<ListedSnapshot>`
    select s.id, s.session_id as "sessionId", s.reason, ${at} as "createdAt", s.until_at as "untilAt", s.seq,
      s.until_seq as "untilSeq", s.files, s.changes, s.total_bytes as "totalBytes", s.new_bytes as "newBytes", s.left_out_count as "leftOutCount",
      coalesce(s.id = b.last_snapshot_id, false) as current,
      (select e.id from events e where e.session_id = s.session_id and e.type = 'user.message' and e.seq <= s.seq
        order by e.seq desc limit 1) as "afterEventId"
    from snapshots s left join sandboxes b on b.session_id = s.session_id
    where s.session_id = ${input.sessionId} and s.team_id = ${input.teamId} ${beyond}
    order by ${at} ${direction}, s.id ${direction} limit ${limit}`.execute(db);
  return result.rows;
}

export type SnapshotNeed = {
  state: "running" | "hibernated";
  /** Something may have changed since its last snapshot. */
  changed: boolean;
  /** Somebody works in it: a turn, or one who looks after it. */
  held: boolean;
  /** Its files are to be set back first. */
  restoring: boolean;
  now: Date;
};

/** Null: the session has no sandbox. Nobody can begin to hold it before this transaction ends. */
export async function readSnapshotNeed(
  tx: DatabaseTransaction,
  input: { teamId: string; sessionId: string },
): Promise<SnapshotNeed | null> {
  const result = await sql<SnapshotNeed>`
    select b.state, b.dirty_since is not null or b.last_snapshot_id is null as changed, clock_timestamp() as now,
      s.wake_at is not null or (s.lease_owner is not null and s.lease_until > now()) as held,
      exists (select 1 from sandbox_restores r where r.session_id = s.id and r.done_at is null and r.reason <> 'lost') as restoring
    from sessions s join sandboxes b on b.session_id = s.id
    where s.id = ${input.sessionId} and s.team_id = ${input.teamId} for update of s`.execute(tx);
  return result.rows[0] ?? null;
}

/** It has been changed since ever: the next sweep takes it first, and at once. Any snapshot that is taken of it ends that. */
export async function askForSnapshot(tx: DatabaseTransaction, input: { sessionId: string }): Promise<void> {
  await sql`update sandboxes set dirty_since = '-infinity' where session_id = ${input.sessionId}`.execute(tx);
}
