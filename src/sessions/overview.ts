// Use case: what is running now, for whoever operates this installation.
import { MAX_ACTIVE, type Overview } from "../contract/overview.ts";
import type { Database } from "../db/database.ts";
import {
  countSandboxes,
  countSessions,
  listActive,
  listWorkerFacts,
  readDatabaseFacts,
  readQueue,
} from "../db/overview.ts";
import type { Clock } from "../lib/clock.ts";
import { directorySize } from "../lib/directory-size.ts";
import { messageOf } from "../lib/errors.ts";
import type { SandboxBackend } from "../sandboxes/sandbox.ts";

/** A backend that does not answer must not keep the rest from being seen. */
const BACKEND_LIMIT_MS = 2_000;
const SIZE_AGE_MS = 120_000;
/** Whoever wants the size of the data directory waits for it no longer than this. */
const SIZE_LIMIT_MS = 25_000;

export type ReadOverview = ReturnType<typeof createOverview>;

export function createOverview(options: {
  db: Database;
  backend: SandboxBackend | null;
  /** Null: this process keeps nothing on a disk. */
  dataDir: string | null;
  clock: Clock;
}) {
  const { db, backend, dataDir, clock } = options;
  let measured: { bytes: number; at: number } | null = null;
  let measuring: Promise<void> | null = null;

  async function measureDirectory(path: string): Promise<void> {
    try {
      measured = { bytes: await directorySize(path), at: clock.now() };
    } finally {
      measuring = null;
    }
  }

  /** A large directory takes its time: who does not wait for its size finds it in a later reading. */
  async function dataDirectory(wait: boolean): Promise<Overview["data_directory"]> {
    if (dataDir === null) return null;
    if (!measured || clock.now() - measured.at > SIZE_AGE_MS) measuring ??= measureDirectory(dataDir);
    if (wait && !measured && measuring) {
      const waiting = new AbortController();
      await Promise.race([measuring, clock.sleep(SIZE_LIMIT_MS, waiting.signal).catch(() => undefined)]);
      waiting.abort();
    }
    return { path: dataDir, size_bytes: measured?.bytes ?? null };
  }

  /** Memory by sandbox name. */
  async function measure(): Promise<{ memory: Map<string, number>; problem: string | null }> {
    const memory = new Map<string, number>();
    if (!backend) return { memory, problem: "This process reaches no sandboxes." };
    const waiting = new AbortController();
    try {
      const late = clock.sleep(BACKEND_LIMIT_MS, waiting.signal).then(() => {
        throw new Error("The sandbox backend does not answer.");
      });
      late.catch(() => undefined);
      for (const { name, memoryBytes } of await Promise.race([backend.list(), late]))
        if (memoryBytes !== null) memory.set(name, memoryBytes);
      return { memory, problem: null };
    } catch (error) {
      return { memory, problem: messageOf(error) };
    } finally {
      waiting.abort();
    }
  }

  return async function readOverview(teamId: string, { measured = false } = {}): Promise<Overview> {
    const [sessions, queue, workers, active, database, counts, { memory, problem }, directory] = await Promise.all([
      countSessions(db, { teamId }),
      readQueue(db),
      listWorkerFacts(db),
      listActive(db, { teamId, limit: MAX_ACTIVE }),
      readDatabaseFacts(db),
      countSandboxes(db, { teamId }),
      measure(),
      dataDirectory(measured),
    ]);
    return {
      type: "overview",
      sessions: {
        running: sessions.running,
        waiting_for_you: sessions.waitingForPerson,
        waiting_for_program: sessions.waitingForProgram,
        idle: sessions.idle,
        terminated: sessions.terminated,
      },
      queue: { length: queue.length, oldest_seconds: queue.oldestMs === null ? null : queue.oldestMs / 1_000 },
      workers: workers.map((worker) => ({
        id: worker.id,
        hostname: worker.hostname,
        version: worker.version,
        started_at: worker.startedAt.toISOString(),
        seen_seconds_ago: worker.seenAgoMs / 1_000,
        running: worker.running,
        concurrency: worker.concurrency,
      })),
      sandboxes: {
        ...counts,
        memory_bytes: memory.size === 0 ? null : [...memory.values()].reduce((sum, bytes) => sum + bytes, 0),
        problem,
      },
      database: { size_bytes: database.sizeBytes, connections: database.connections },
      data_directory: directory,
      active: active.map((row) => ({
        id: row.id,
        title: row.title,
        agent: { id: row.agent_id, name: row.agent_name },
        state: row.state,
        since: row.since.toISOString(),
        team_limit: row.team_limit,
        worker_id: row.state === "running" ? row.worker_id : null,
        lease_until: row.state === "running" ? (row.lease_until?.toISOString() ?? null) : null,
        failed_claims: row.failed_claims,
        sandbox: row.sandbox_state && { state: row.sandbox_state, memory_bytes: memory.get(row.id) ?? null },
      })),
    };
  };
}
