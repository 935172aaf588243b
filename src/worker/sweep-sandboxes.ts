// Job: puts sandboxes that nobody uses to sleep, removes those of deleted sessions, sets aside those that nobody knows.
import type { Database } from "../db/database.ts";
import { readInstallationId } from "../db/installation.ts";
import { claimIdleSession, giveBack } from "../db/leases.ts";
import { deleteRemoval, listIdleSandboxes, listRemovals, listUnknownNames, markHibernated } from "../db/sandboxes.ts";
import { isSessionWanted } from "../db/snapshots.ts";
import type { Clock } from "../lib/clock.ts";
import { hasCode } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { SandboxBackend, SandboxInfo } from "../sandboxes/sandbox.ts";
import type { SessionSnapshots } from "../sessions/session-snapshots.ts";
import { checkDataOwner, type DataOwner, type OwnerFile } from "./data-owner.ts";

/** A stray must be one for this long: a sandbox may be older than its row, by the time between two statements. */
const STRAY_AGE_MS = 60_000;
/** So long a stray's disk is kept: time enough to find out that an older backup of the database was restored. */
export const KEEP_STRAYS_MS = 7 * 24 * 3_600_000;
const BATCH = 50;
/** How soon a session that is wanted gets its sandbox back. */
const WANTED_MS = 100;
const SESSION_PREFIX = "sesn_";

/** What `/readyz` tells of the data directory. */
export type DataHealth = {
  ours: boolean;
  detail: string;
  /** Sandboxes that no session knows. */
  setAside: number;
};

export type SandboxSweeper = {
  sweep(): Promise<void>;
  /** As the last sweep found it; null before. */
  dataHealth(): DataHealth | null;
};

export function createSandboxSweeper(options: {
  db: Database;
  backend: SandboxBackend;
  ownerFile: OwnerFile;
  workerId: string;
  idleMs: number;
  snapshots: SessionSnapshots;
  clock: Clock;
  logger: Logger;
}): SandboxSweeper {
  const { db, backend, ownerFile, workerId, idleMs, snapshots, clock, logger } = options;
  /** When each stray was first seen. */
  const strays = new Map<string, number>();
  let health: DataHealth | null = null;

  /** One that resists must not keep the others. */
  async function attempt(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      logger.warn({ err: error, sandboxId: name }, "a sandbox could not be put to sleep or removed; tried again later");
    }
  }

  /**
   * Takes a snapshot of what is put to sleep. False: somebody wants the session meanwhile, so it does not sleep. Without a snapshot
   * it sleeps all the same: its disk stays.
   */
  async function keepFiles(sessionId: string, name: string): Promise<boolean> {
    const wanted = new AbortController();
    const over = new AbortController();
    const watching = (async () => {
      while (!over.signal.aborted) {
        if (await isSessionWanted(db, { sessionId })) wanted.abort(new Error("the session is wanted"));
        if (wanted.signal.aborted) return;
        await clock.sleep(WANTED_MS, over.signal).catch(() => undefined);
      }
    })();
    try {
      const sandbox = await backend.open(name);
      await sandbox.quiesce();
      await snapshots.take({ sessionId, sandbox, reason: "idle", signal: wanted.signal });
    } catch (error) {
      if (!wanted.signal.aborted && !hasCode(error, "sandbox_gone"))
        logger.warn({ err: error, sessionId }, "a sandbox is put to sleep without a snapshot; its disk stays");
    } finally {
      over.abort();
      await watching.catch((error: unknown) => logger.debug({ err: error }, "a session could not be watched"));
    }
    return !wanted.signal.aborted;
  }

  /** Under the session's lease, so that no turn can begin meanwhile. */
  async function hibernateIdle(): Promise<void> {
    for (const { sessionId, name } of await listIdleSandboxes(db, { backend: backend.id, idleMs, limit: BATCH })) {
      const claim = await claimIdleSession(db, { workerId, sessionId });
      if (!claim) continue;
      try {
        await attempt(name, async () => {
          if (!(await keepFiles(sessionId, name))) return;
          await backend.hibernate(name);
          await markHibernated(db, { sessionId });
          logger.info({ sessionId, sandboxId: name }, "an idle sandbox was hibernated");
        });
      } finally {
        await giveBack(db, claim);
      }
    }
  }

  async function destroyRemoved(): Promise<void> {
    for (const name of await listRemovals(db, { backend: backend.id, limit: BATCH })) {
      await attempt(name, async () => {
        await backend.destroy(name);
        await snapshots.forgetSession(name);
        await deleteRemoval(db, { name });
        logger.info({ sandboxId: name }, "the sandbox of a deleted session was removed");
      });
    }
  }

  /** Told once when it changes: whoever started Berth on another database must see it. */
  function noteOwner(owner: DataOwner): void {
    if (!owner.ours && health?.detail !== owner.detail) logger.error(owner.detail);
    if (owner.ours && health?.ours === false) logger.info("the data directory belongs to this database again");
  }

  async function sweepStrays(): Promise<void> {
    const infos = (await backend.list()).filter((info) => info.name.startsWith(SESSION_PREFIX));
    const names = infos.map((info) => info.name);
    const unknown = new Set(names.length === 0 ? [] : await listUnknownNames(db, { names }));
    const owner = await checkDataOwner(ownerFile, await readInstallationId(db), {
      all: names.length,
      known: names.length - unknown.size,
    });
    noteOwner(owner);
    if (!owner.ours) {
      strays.clear();
      health = { ours: false, detail: owner.detail, setAside: 0 };
      return;
    }
    for (const info of infos) {
      if (unknown.has(info.name)) await attempt(info.name, () => sweepStray(info));
      else await attempt(info.name, () => spare(info));
    }
    for (const name of strays.keys()) if (!unknown.has(name)) strays.delete(name);
    health = { ours: true, ...describeStrays(infos.filter((info) => unknown.has(info.name))) };
  }

  async function sweepStray({ name, setAsideAt }: SandboxInfo): Promise<void> {
    const now = clock.now();
    const since = strays.get(name) ?? now;
    strays.set(name, since);
    if (now - since < STRAY_AGE_MS) return;
    if (setAsideAt === null) {
      await backend.setAside(name);
      const removedAt = new Date(now + KEEP_STRAYS_MS).toISOString();
      logger.warn({ sandboxId: name, removedAt }, "a sandbox that no session knows was set aside; its disk is kept");
    } else if (now - setAsideAt >= KEEP_STRAYS_MS) {
      await backend.destroy(name);
      strays.delete(name);
      logger.warn({ sandboxId: name }, "a sandbox that no session has known for seven days was removed");
    }
  }

  async function spare({ name, setAsideAt }: SandboxInfo): Promise<void> {
    if (setAsideAt === null) return;
    await backend.takeBack(name);
    logger.info({ sandboxId: name }, "a sandbox that was set aside is known again");
  }

  return {
    dataHealth: () => health,
    async sweep() {
      await hibernateIdle();
      await destroyRemoved();
      await sweepStrays();
    },
  };
}

/** Pure. */
function describeStrays(strays: readonly SandboxInfo[]): { detail: string; setAside: number } {
  const times = strays.flatMap(({ setAsideAt }) => (setAsideAt === null ? [] : [setAsideAt]));
  const setAside = times.length;
  if (setAside === 0) return { setAside, detail: "The sandboxes' disks belong to this database." };
  const first = new Date(Math.min(...times) + KEEP_STRAYS_MS).toISOString().slice(0, 10);
  const what =
    setAside === 1 ? "One sandbox that no session knows is" : `${setAside} sandboxes that no session knows are`;
  return {
    setAside,
    detail: `${what} set aside, and removed from ${first} on. If their sessions are missing, restore a later backup of the database before.`,
  };
}
