// For tests of the sweep of sandboxes: a turn world without workers, sandboxes in memory, and a sweeper whose clock can be put forward.
import { sql } from "kysely";
import { recordSandbox } from "../../src/db/sandboxes.ts";
import { listSnapshots, type SnapshotRow } from "../../src/db/snapshots.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { createSessionSnapshots } from "../../src/sessions/session-snapshots.ts";
import { createSandboxSweeper } from "../../src/worker/sweep-sandboxes.ts";
import type { MemoryBackend } from "./memory-backend.ts";
import { createMemoryOwnerFile, createTurnWorld, type TurnWorld } from "./turn-world.ts";

export const SWEPT_SPEC = { limits: { memoryMb: 1, cpus: 1, pids: 1, diskMb: 1 }, env: {} };

export type SweepWorld = TurnWorld & {
  /** `idleMs`: a minute where it is absent. */
  createSweeper(
    backend: MemoryBackend,
    options?: { ownerFile?: ReturnType<typeof createMemoryOwnerFile>; idleMs?: number; patienceMs?: number },
  ): {
    sweep(): Promise<void>;
    health: ReturnType<typeof createSandboxSweeper>["dataHealth"];
    /** As if so many milliseconds had gone by, for the sweeper. */
    later(ms: number): void;
  };
  /** Of a session with a running sandbox of its own name: by its row and by its own word used so long ago. Returns its id. */
  sessionWithSandbox(backend: MemoryBackend, usedSecondsAgo: number): Promise<string>;
  /** The newest first. */
  snapshotsOf(sessionId: string): Promise<SnapshotRow[]>;
  /** The same, in short. */
  filesOf(sessionId: string): Promise<{ reason: string; files: number }[]>;
};

export async function createSweepWorld(): Promise<SweepWorld> {
  const world = await createTurnWorld();
  const { db, blobs, teamId } = world;
  const logger = createLogger("test", { level: "silent", pretty: false });
  const snapshotsOf = (sessionId: string) => listSnapshots(db, { teamId, sessionId, limit: 10 });
  return {
    ...world,
    snapshotsOf,
    createSweeper(backend, { ownerFile = createMemoryOwnerFile(), idleMs = 60_000, ...patience } = {}) {
      // The backend has a clock of its own, the machine's.
      let now = Date.now();
      const sweeper = createSandboxSweeper({
        ...{ db, backend, ownerFile, workerId: "wrk_sweeper", idleMs, logger, ...patience },
        snapshots: createSessionSnapshots({ db, blobs, diskMb: 64, clock: systemClock, logger }),
        clock: { now: () => now, sleep: async () => undefined },
      });
      return {
        sweep: () => sweeper.sweep(),
        health: () => sweeper.dataHealth(),
        later(ms) {
          now += ms;
        },
      };
    },
    async sessionWithSandbox(backend, usedSecondsAgo) {
      const sessionId = await world.createSession();
      const { identity } = await backend.create(sessionId, SWEPT_SPEC);
      await recordSandbox(db, { sessionId, teamId, name: sessionId, backend: backend.id, identity, startMs: 5 });
      backend.setUsedAt(sessionId, Date.now() - usedSecondsAgo * 1_000);
      await sql`update sandboxes set last_used_at = now() - ${usedSecondsAgo}::int * interval '1 second' where session_id = ${sessionId}`.execute(
        db,
      );
      return sessionId;
    },
    async filesOf(sessionId) {
      return (await snapshotsOf(sessionId)).map(({ reason, files }) => ({ reason, files }));
    },
  };
}

export const infoOf = async (backend: MemoryBackend, name: string) =>
  (await backend.list()).find((info) => info.name === name);

export const stateOf = async (backend: MemoryBackend, name: string) => (await infoOf(backend, name))?.state;
