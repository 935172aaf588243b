// Sees to it that the packages of a session's environment are installed, and tells those who watch what is going on.
import { type Database, leaseLost } from "../db/database.ts";
import { appendEvents, type Fence } from "../db/events.ts";
import { persistently } from "../db/persistently.ts";
import type { LogWakeup } from "../db/wakeups.ts";
import type { Clock } from "../lib/clock.ts";
import { newId } from "../lib/ids.ts";
import type { Logger } from "../lib/logger.ts";
import type { PackageSet, SandboxBackend } from "../sandboxes/sandbox.ts";

type InstallDeps = {
  db: Database;
  backend: SandboxBackend;
  onLogGrew: (wakeup: LogWakeup) => void;
  clock: Clock;
  logger: Logger;
};

/** Nothing is told of packages that are there already. Throws `packages_failed`, `sandbox_unavailable`, `lease_lost`. */
export async function installPackages(
  deps: InstallDeps,
  {
    set,
    sessionId,
    fence,
    signal,
  }: {
    set: PackageSet;
    sessionId: string;
    /** Null: nobody holds the session for this. */
    fence: Fence | null;
    signal: AbortSignal;
  },
): Promise<void> {
  const { backend, clock, logger } = deps;
  const begunAt = clock.now();
  /** One after the other, in order; a failure is thrown below. */
  let told: Promise<void> = Promise.resolve();
  const failed = new AbortController();
  const tell = (payload: Record<string, unknown>) => {
    told = told.then(() => append(payload));
    told.catch((error: unknown) => failed.abort(error));
  };

  async function append(payload: Record<string, unknown>): Promise<void> {
    const now = clock.now();
    const event = { id: newId("event", now), type: "session.packages", payload, processedAt: new Date(now) };
    const write = () => appendEvents(deps.db, { sessionId, ...(fence && { fence }), events: [event] });
    const lastSeq = await persistently(write, { clock, signal, logger });
    if (lastSeq === null) throw leaseLost(sessionId);
    deps.onLogGrew({ sessionId, lastSeq });
  }

  const now = await backend.installPackages(set, {
    sessionId,
    signal: AbortSignal.any([signal, failed.signal]),
    onProgress: ({ manager, packages }) => tell({ status: "installing", manager, packages: [...packages] }),
  });
  if (now) tell({ status: "ready", duration_ms: Math.max(0, Math.round(clock.now() - begunAt)) });
  await told;
}
