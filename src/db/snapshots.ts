// Snapshots and the packs that they need. A pack that a snapshot needs can't be removed: every way to it holds its row's lock.
import { sql } from "kysely";
import { PlatformError } from "../lib/errors.ts";
import { type Database, type DatabaseTransaction, isForeignKeyViolation, leaseLost } from "./database.ts";
import type { Fence } from "./events.ts";
import { toJson } from "./json.ts";

/** `idle`: before it slept · `turn`: after a turn · `request`: somebody asked · `rewind`: before its files were set back. */
export type SnapshotReason = "idle" | "turn" | "request" | "rewind";

type StoredContent = {
  sha256: string;
  sizeBytes: number;
  segments: (number | [string, number, string, number, number])[];
};
type LeftOut = { path: string; why: string };

export type SnapshotRow = {
  id: string;
  teamId: string;
  sessionId: string;
  identity: string;
  reason: SnapshotReason;
  createdAt: Date;
  seq: number;
  untilSeq: number;
  untilAt: Date;
  /** Where the root directory's object is; see snapshots/content.ts. */
  root: StoredContent;
  files: number;
  directories: number;
  symlinks: number;
  links: number;
  totalBytes: number;
  changedCount: number;
  newBytes: number;
  leftOut: LeftOut[];
  leftOutCount: number;
};

const columns = sql`s.id, s.team_id as "teamId", s.session_id as "sessionId", s.identity, s.reason, s.created_at as "createdAt",
  s.seq, s.until_seq as "untilSeq", s.until_at as "untilAt", s.root, s.files, s.directories, s.symlinks, s.links,
  s.total_bytes as "totalBytes", s.changed_count as "changedCount", s.new_bytes as "newBytes", s.left_out as "leftOut",
  s.left_out_count as "leftOutCount"`;

export async function databaseNow(db: Database): Promise<Date> {
  const result = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  return result.rows[0]?.now ?? new Date();
}

/** Before its blob is put. */
export async function insertPack(
  db: Database,
  input: { id: string; teamId: string; sizeBytes: number },
): Promise<void> {
  await sql`insert into packs (id, team_id, size_bytes) values (${input.id}, ${input.teamId}, ${input.sizeBytes})`.execute(
    db,
  );
}

/** Packs that are in the store without a row get one. Returns how many. */
export async function adoptPacks(
  db: Database,
  { teamId, packs }: { teamId: string; packs: readonly { id: string; sizeBytes: number }[] },
): Promise<number> {
  const ids = packs.map(({ id }) => id);
  const sizes = packs.map(({ sizeBytes }) => sizeBytes);
  const result = await sql`insert into packs (id, team_id, size_bytes)
    select p.id, ${teamId}, p.size_bytes from unnest(${ids}::text[], ${sizes}::bigint[]) as p (id, size_bytes)
    on conflict (id) do nothing`.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}

/** After its blob was put. False: that took so long that it was taken for garbage meanwhile. */
export async function isPackKept(db: Database, input: { id: string }): Promise<boolean> {
  const result = await sql`select 1 from packs where id = ${input.id} and removing_at is null`.execute(db);
  return result.rows.length === 1;
}

type ChangedFiles = { count: number; paths: string[] };
/** What is different from the files of another moment; null when nothing had been taken before. See snapshots/compare-manifests.ts. */
export type SnapshotChanges = {
  since: { snapshotId: string; seq: number; at: string } | null;
  added: ChangedFiles;
  changed: ChangedFiles;
  removed: ChangedFiles;
};

type NewSnapshot = Omit<SnapshotRow, "createdAt" | "untilSeq" | "untilAt"> & {
  /** Null: what was before can't be read. */
  changes: SnapshotChanges | null;
  packs: readonly string[];
  /** When taking it began, by the database's clock. */
  begunAt: Date;
  /** Whoever takes it goes on to use the sandbox: its files change from here on. */
  inUse: boolean;
  /** Of whoever holds the session; null: nobody has to. */
  fence: Fence | null;
};

/**
 * Throws `conflict` when the session is gone, or a pack that it shares with a snapshot that was deleted meanwhile; `lease_lost`
 * when somebody else may have changed its files meanwhile.
 */
export async function commitSnapshot(tx: DatabaseTransaction, input: NewSnapshot): Promise<void> {
  const packs = [...new Set(input.packs)].sort();
  // Whoever removes a pack needs this lock, and finds then that it is needed.
  const held = await sql`select id from packs
    where id = any(${packs}::text[]) and team_id = ${input.teamId} and removing_at is null order by id for no key update`.execute(
    tx,
  );
  if (held.rows.length !== packs.length)
    throw new PlatformError("conflict", "What this snapshot shares with an earlier one was removed meanwhile.");
  await sql`update packs set condemned_at = null where id = any(${packs}::text[]) and condemned_at is not null`.execute(
    tx,
  );
  const { root, leftOut, changes } = input;
  try {
    await sql`insert into snapshots (id, team_id, session_id, identity, reason, seq, until_seq, root, files, directories, symlinks, links,
        total_bytes, changed_count, new_bytes, left_out, left_out_count, changes)
      values (${input.id}, ${input.teamId}, ${input.sessionId}, ${input.identity}, ${input.reason}, ${input.seq}, ${input.seq},
        ${JSON.stringify(root)}::jsonb, ${input.files}, ${input.directories}, ${input.symlinks}, ${input.links},
        ${input.totalBytes}, ${input.changedCount}, ${input.newBytes}, ${toJson(leftOut)}::jsonb, ${input.leftOutCount},
        ${changes && toJson(changes)}::jsonb)`.execute(tx);
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    throw new PlatformError("conflict", `Session ${input.sessionId} was deleted meanwhile.`, { cause: error });
  }
  await sql`insert into snapshot_packs (snapshot_id, pack_id, team_id)
    select ${input.id}, p.id, ${input.teamId} from unnest(${packs}::text[]) as p(id)`.execute(tx);
  await noteSnapshot(tx, input);
}

/** The files were found to be the same once more. False: the snapshot is gone, or something of the log was taken back since. Throws `lease_lost`. */
export async function extendSnapshot(
  db: Database,
  input: {
    id: string;
    teamId: string;
    sessionId: string;
    seq: number;
    begunAt: Date;
    inUse: boolean;
    fence: Fence | null;
  },
): Promise<boolean> {
  const result = await sql`update snapshots set until_seq = greatest(until_seq, ${input.seq}), until_at = now()
    where id = ${input.id} and team_id = ${input.teamId} and session_id = ${input.sessionId}
      and not exists (select 1 from events r where r.session_id = ${input.sessionId} and r.type = 'session.rewound'
        and r.seq > snapshots.until_seq and r.seq <= ${input.seq})`.execute(db);
  if (result.numAffectedRows !== 1n) return false;
  await noteSnapshot(db, input);
  return true;
}

/** What was done in the sandbox since it began is not in it, nor what is about to be done (`inUse`). The team stream tells of the session, so that whoever shows snapshots reads them anew. */
async function noteSnapshot(
  db: Database,
  input: { id: string; sessionId: string; begunAt: Date; inUse: boolean; fence: Fence | null },
): Promise<void> {
  const { fence } = input;
  const held = fence ? sql`and lease_owner = ${fence.owner} and lease_epoch = ${fence.epoch}` : sql``;
  const result =
    await sql`update sessions set changed_xid = pg_current_xact_id() where id = ${input.sessionId} ${held}`.execute(db);
  if (fence && result.numAffectedRows !== 1n) throw leaseLost(input.sessionId);
  await sql`update sandboxes set last_snapshot_id = ${input.id},
      dirty_since = case when last_used_at > ${input.begunAt} then last_used_at when ${input.inUse} then now() end
    where session_id = ${input.sessionId}`.execute(db);
}

export async function findSnapshot(db: Database, input: { teamId: string; id: string }): Promise<SnapshotRow | null> {
  const result = await sql<SnapshotRow>`select ${columns} from snapshots s
    where s.id = ${input.id} and s.team_id = ${input.teamId}`.execute(db);
  return result.rows[0] ?? null;
}

/** Of one session, the newest first. */
export async function listSnapshots(
  db: Database,
  input: { teamId: string; sessionId: string; limit: number },
): Promise<SnapshotRow[]> {
  const result = await sql<SnapshotRow>`select ${columns} from snapshots s
    where s.session_id = ${input.sessionId} and s.team_id = ${input.teamId}
    order by s.created_at desc, s.id desc limit ${input.limit}`.execute(db);
  return result.rows;
}

/** Those that a disk is being brought back to stay. Returns the ids of the deleted. */
export async function deleteSnapshots(
  db: Database,
  input: { teamId: string; ids: readonly string[] },
): Promise<string[]> {
  const result = await sql<{ id: string }>`delete from snapshots s
    where s.id = any(${[...input.ids]}::text[]) and s.team_id = ${input.teamId}
      and not exists (select 1 from sandbox_restores r where r.snapshot_id = s.id and r.done_at is null)
      and not exists (select 1 from sandboxes b where b.last_snapshot_id = s.id)
    returning s.id`.execute(db);
  return result.rows.map((row) => row.id);
}

export type GarbageInput = { graceMs: number; limit: number };

const needed = sql`exists (select 1 from snapshot_packs r where r.pack_id = p.id)`;
const ago = (ms: number) => sql`now() - ${ms}::bigint * interval '1 millisecond'`;

/** Packs that nothing refers to since longer than an upload takes. Those that something refers to again are let off. */
export async function condemnPacks(db: Database, input: { graceMs: number }): Promise<number> {
  await sql`update packs p set condemned_at = null where condemned_at is not null and removing_at is null and ${needed}`.execute(
    db,
  );
  const result = await sql`update packs p set condemned_at = now()
    where condemned_at is null and created_at < ${ago(input.graceMs)} and not ${needed}`.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}

export type GarbagePack = { id: string; teamId: string };

/** Packs condemned long enough ago that nothing refers to even now: from here on nothing can. Also those that an earlier run left. */
export async function takeCondemnedPacks(db: Database, input: GarbageInput): Promise<GarbagePack[]> {
  await sql`update packs set removing_at = now() where id in (
      select p.id from packs p
      where p.condemned_at < ${ago(input.graceMs)} and p.removing_at is null and not ${needed}
      order by p.condemned_at limit ${input.limit} for update
    ) and condemned_at is not null and not exists (select 1 from snapshot_packs r where r.pack_id = packs.id)`.execute(
    db,
  );
  const result =
    await sql<GarbagePack>`select id, team_id as "teamId" from packs where removing_at is not null limit ${input.limit}`.execute(
      db,
    );
  return result.rows;
}

/** Its blob is gone. */
export async function deletePack(db: Database, input: { id: string }): Promise<void> {
  await sql`delete from packs where id = ${input.id} and removing_at is not null`.execute(db);
}

/** What a snapshot of a session starts from: its team, where its log ends, the identity of its disk, and what that was last taken to or restored from. */
export async function findSnapshotBase(
  db: Database,
  input: { sessionId: string },
): Promise<{ teamId: string; seq: number; identity: string | null; base: SnapshotRow | null } | null> {
  const found = await sql<{ teamId: string; seq: number; identity: string | null; baseId: string | null }>`
    select s.team_id as "teamId", s.last_seq as seq, b.identity, b.last_snapshot_id as "baseId"
    from sessions s left join sandboxes b on b.session_id = s.id where s.id = ${input.sessionId}`.execute(db);
  const row = found.rows[0];
  if (!row) return null;
  const { teamId, seq, identity, baseId } = row;
  return { teamId, seq, identity, base: baseId === null ? null : await findSnapshot(db, { teamId, id: baseId }) };
}

/** Somebody wants something of the session, or it is gone: upkeep lets go of it. */
export async function isSessionWanted(db: Database, input: { sessionId: string }): Promise<boolean> {
  const result = await sql`select 1 from sessions where id = ${input.sessionId} and wake_at is null`.execute(db);
  return result.rows.length === 0;
}
