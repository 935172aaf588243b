// For tests of snapshots: a real database with sessions, a store in memory, and sandboxes' trees in memory.
import { sql } from "kysely";
import { type Database, openDatabase } from "../../src/db/database.ts";
import { recordSandbox } from "../../src/db/sandboxes.ts";
import { findSnapshot, type SnapshotRow } from "../../src/db/snapshots.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { newId } from "../../src/lib/ids.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { type Receipt, restoreSnapshot } from "../../src/snapshots/restore-snapshot.ts";
import { type SnapshotDeps, type SnapshotResult, takeSnapshot } from "../../src/snapshots/take-snapshot.ts";
import { createMemoryBlobs, type MemoryBlobs } from "./memory-blobs.ts";
import { createMemoryTree, type MemoryTree } from "./memory-tree.ts";
import { freshDatabase } from "./postgres.ts";

const DISK_MB = 64;

export type Disk = { identity: string; tree: MemoryTree };
/** With `from` it begins as a copy of that one. */
export const newDisk = (from?: Disk): Disk => ({ identity: newId("sandbox"), tree: createMemoryTree(from?.tree) });

export type SnapshotWorld = {
  db: Database;
  blobs: MemoryBlobs;
  teamId: string;
  deps: SnapshotDeps;
  createSession(): Promise<string>;
  /** `base`: by default the last one of the session. */
  take(
    sessionId: string,
    disk: Disk,
    options?: { base?: SnapshotRow | null; seq?: number; signal?: AbortSignal },
  ): Promise<SnapshotResult>;
  restore(
    sessionId: string,
    disk: Disk,
    snapshotId: string,
    options?: { base?: SnapshotRow | null; notOurs?: boolean },
  ): Promise<Receipt>;
  lastOf(sessionId: string): Promise<SnapshotRow | null>;
  /** As if so much time had passed for packs. */
  age(hours: number): Promise<void>;
  count(table: "packs" | "snapshots" | "snapshot_packs"): Promise<number>;
  dispose(): Promise<void>;
};

export async function createSnapshotWorld(): Promise<SnapshotWorld> {
  const fresh = await freshDatabase();
  const db = openDatabase({ url: fresh.url, maxConnections: 5, applicationName: "test" });
  const blobs = createMemoryBlobs();
  const logger = createLogger("test", { level: "silent", pretty: false });
  const deps: SnapshotDeps = { db, blobs, clock: systemClock, logger };
  const teamId = newId("team");
  const environmentId = newId("environment");
  const agentId = newId("agent");
  await sql`insert into teams (id, name) values (${teamId}, 'test')`.execute(db);
  await sql`insert into environments (id, team_id, name, config) values (${environmentId}, ${teamId}, 'test', '{}')`.execute(
    db,
  );
  await sql`insert into agents (id, team_id, version) values (${agentId}, ${teamId}, 1)`.execute(db);

  const world: SnapshotWorld = {
    db,
    blobs,
    teamId,
    deps,
    async createSession() {
      const id = newId("session");
      await sql`insert into sessions (id, team_id, agent_id, agent_version, agent, environment_id)
        values (${id}, ${teamId}, ${agentId}, 1, '{}', ${environmentId})`.execute(db);
      await recordSandbox(db, { sessionId: id, teamId, name: id, backend: "memory", identity: "none", startMs: 1 });
      return id;
    },
    async take(sessionId, { identity, tree }, options = {}) {
      const base = options.base === undefined ? await world.lastOf(sessionId) : options.base;
      return takeSnapshot(deps, {
        ...{ teamId, sessionId, sandbox: { identity, ...tree }, diskMb: DISK_MB, reason: "request" },
        ...{ seq: options.seq ?? 0, base, ...(options.signal ? { signal: options.signal } : {}) },
      });
    },
    async restore(sessionId, { identity, tree }, snapshotId, { base = null, notOurs = false } = {}) {
      const snapshot = await findSnapshot(db, { teamId, id: snapshotId });
      if (!snapshot) throw new Error(`no snapshot ${snapshotId}`);
      return restoreSnapshot(deps, {
        teamId,
        sessionId,
        sandbox: { identity, ...tree },
        diskMb: DISK_MB,
        snapshot,
        base,
        notOurs,
      });
    },
    async lastOf(sessionId) {
      const found = await sql<{
        id: string | null;
      }>`select last_snapshot_id as id from sandboxes where session_id = ${sessionId}`.execute(db);
      const id = found.rows[0]?.id;
      return id ? findSnapshot(db, { teamId, id }) : null;
    },
    async age(hours) {
      await sql`update packs set created_at = created_at - ${hours}::int * interval '1 hour',
        condemned_at = condemned_at - ${hours}::int * interval '1 hour'`.execute(db);
    },
    async count(table) {
      const found = await sql<{ count: number }>`select count(*)::int as count from ${sql.table(table)}`.execute(db);
      return found.rows[0]?.count ?? 0;
    },
    async dispose() {
      await db.destroy();
      await fresh.drop();
    },
  };
  return world;
}
