// Job: puts sandboxes that nobody uses to sleep, removes those of deleted sessions and those that nobody knows.
import type { Database } from "../db/database.ts";
import { claimIdleSession, giveBack } from "../db/leases.ts";
import { deleteRemoval, listIdleSandboxes, listRemovals, listUnknownNames, markHibernated } from "../db/sandboxes.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import type { SandboxBackend } from "../sandboxes/sandbox.ts";

/** A stray must be one for this long: a sandbox may be older than its row, by the time between two statements. */
const STRAY_AGE_MS = 60_000;
const BATCH = 50;
const SESSION_PREFIX = "sesn_";

export type SandboxSweeper = { sweep(): Promise<void> };

export function createSandboxSweeper(options: {
  db: Database;
  backend: SandboxBackend;
  workerId: string;
  idleMs: number;
  clock: Clock;
  logger: Logger;
}): SandboxSweeper {
  const { db, backend, workerId, idleMs, clock, logger } = options;
  /** When each stray was first seen. */
  const strays = new Map<string, number>();

  /** One that resists must not keep the others. */
  async function attempt(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      logger.warn({ err: error, sandboxId: name }, "a sandbox could not be put to sleep or removed; tried again later");
    }
  }

  /** Under the session's lease, so that no turn can begin meanwhile. */
  async function hibernateIdle(): Promise<void> {
    for (const { sessionId, name } of await listIdleSandboxes(db, { backend: backend.id, idleMs, limit: BATCH })) {
      const claim = await claimIdleSession(db, { workerId, sessionId });
      if (!claim) continue;
      try {
        await attempt(name, async () => {
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
        await deleteRemoval(db, { name });
        logger.info({ sandboxId: name }, "the sandbox of a deleted session was removed");
      });
    }
  }

  async function destroyStrays(): Promise<void> {
    const names = (await backend.list()).map((info) => info.name).filter((name) => name.startsWith(SESSION_PREFIX));
    const unknown = new Set(names.length === 0 ? [] : await listUnknownNames(db, { names }));
    for (const name of strays.keys()) if (!unknown.has(name)) strays.delete(name);
    for (const name of unknown) {
      const since = strays.get(name) ?? clock.now();
      strays.set(name, since);
      if (clock.now() - since < STRAY_AGE_MS) continue;
      await attempt(name, async () => {
        await backend.destroy(name);
        strays.delete(name);
        logger.warn({ sandboxId: name }, "a sandbox that no session knows was removed");
      });
    }
  }

  return {
    async sweep() {
      await hibernateIdle();
      await destroyRemoved();
      await destroyStrays();
    },
  };
}
