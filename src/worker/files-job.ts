// Job: brings back the files of sessions that went back or were forked, at once and not only at their next tool call.
import type { Database } from "../db/database.ts";
import { isRestoreOpen, listRestoresToDo, noteProblem } from "../db/restores.ts";
import { askForSandboxPlace } from "../db/sandbox-places.ts";
import { underIdleLease } from "../db/upkeep-leases.ts";
import type { Notifier } from "../db/wakeups.ts";
import type { Clock } from "../lib/clock.ts";
import { hasCode, messageOf, PlatformError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { SandboxBackend, SandboxSpec } from "../sandboxes/sandbox.ts";
import { aimFork } from "../sessions/fork-files.ts";
import { openSandbox } from "../sessions/open-sandbox.ts";
import type { SessionSnapshots } from "../sessions/session-snapshots.ts";

/** At the same time: what takes long must not keep the others. */
const AT_ONCE = 4;
/** What failed waits so long. */
const PAUSE_MS = 15_000;

export type FilesJob = {
  /** Something may be there to do. */
  kick(): void;
  run(): Promise<void>;
  ended(): Promise<void>;
};

export function createFilesJob(options: {
  db: Database;
  notifier: Pick<Notifier, "logGrew">;
  backend: SandboxBackend;
  sandboxSpec: SandboxSpec;
  /** See `TurnDependencies`. */
  teamSandboxes: number | null;
  snapshots: SessionSnapshots;
  workerId: string;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  /** A session was given back: somebody may have wanted it meanwhile. */
  onDone: () => void;
}): FilesJob {
  const { db, notifier, clock, logger, workerId, signal, teamSandboxes: limit } = options;
  const deps = { ...options, spec: options.sandboxSpec, onLogGrew: notifier.logGrew.bind(notifier) };
  const underWay = new Map<string, Promise<void>>();
  const pausedUntil = new Map<string, number>();
  let looking: Promise<void> | null = null;
  let lookAgain = false;

  async function bringBack(input: { sessionId: string; teamId: string }): Promise<void> {
    const { sessionId } = input;
    const about = { ...input, signal };
    // Its source first, and not under its own lease: they may wait for each other.
    if (!(await aimFork(deps, about))) return pause(sessionId, SOURCE_MS);
    await underIdleLease(db, { workerId, sessionId }, async ({ fence }) => {
      if (!(await isRestoreOpen(db, { sessionId }))) return;
      if (limit !== null && !(await askForSandboxPlace(db, { ...input, limit })).granted)
        throw new PlatformError("unavailable", `the team runs ${limit} sandboxes at once, as many as it may`);
      await openSandbox(deps, { ...about, fence, restarted: false });
    }).finally(options.onDone);
  }

  function pause(sessionId: string, ms: number): void {
    pausedUntil.set(sessionId, clock.now() + ms);
    if (ms === SOURCE_MS) setTimeout(kick, ms + 10).unref();
  }

  async function attempt(input: { sessionId: string; teamId: string }): Promise<void> {
    try {
      await bringBack(input);
    } catch (error) {
      if (signal.aborted || hasCode(error, "lease_lost")) return;
      logger.warn({ err: error, sessionId: input.sessionId }, "files could not be brought back; tried again later");
      pause(input.sessionId, PAUSE_MS);
      await noteProblem(db, { sessionId: input.sessionId, problem: messageOf(error) });
    }
  }

  async function look(): Promise<void> {
    do {
      lookAgain = false;
      const now = clock.now();
      for (const [sessionId, until] of pausedUntil) if (until <= now) pausedUntil.delete(sessionId);
      const room = AT_ONCE - underWay.size;
      if (room <= 0) return;
      const except = [...underWay.keys(), ...pausedUntil.keys()];
      for (const one of await listRestoresToDo(db, { except, limit: room })) {
        const { sessionId } = one;
        const work = attempt(one)
          // It is paused by then, and tried again.
          .catch((error: unknown) => logger.warn({ err: error, sessionId }, "why files wait could not be written down"))
          .finally(() => {
            underWay.delete(sessionId);
            kick();
          });
        underWay.set(sessionId, work);
      }
    } while (lookAgain && !signal.aborted);
  }

  function run(): Promise<void> {
    lookAgain = true;
    looking ??= look().finally(() => {
      looking = null;
    });
    return looking;
  }

  function kick(): void {
    if (signal.aborted) return;
    run().catch((error: unknown) => logger.debug({ err: error }, "sessions whose files wait could not be listed"));
  }

  return {
    kick,
    run,
    async ended() {
      await looking?.catch(() => undefined);
      await Promise.all(underWay.values());
    },
  };
}

/** How soon a fork whose source is in use is looked at again. */
const SOURCE_MS = 300;
