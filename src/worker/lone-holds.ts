// Suspects of this worker: each held alone by a process that is started for it. Only failures there can end a session.
import type { Database } from "../db/database.ts";
import { giveBack } from "../db/leases.ts";
import { persistently } from "../db/persistently.ts";
import { claimSuspect, noteFailureAlone, type Suspect } from "../db/suspects.ts";
import { removeWorker } from "../db/workers.ts";
import type { Clock } from "../lib/clock.ts";
import { newId } from "../lib/ids.ts";
import type { Logger } from "../lib/logger.ts";
import { MAX_FAILURES_ALONE } from "../sessions/next-step.ts";
import { terminateUnread } from "../sessions/terminate-unread.ts";

/** A process is some 60 MB; a session is let go of as soon as it got on. */
const MAX_ALONE = 3;
const FIRST_DELAY_MS = 1_000;
/** After a process that could not even begin. */
const PAUSE_MS = 5_000;

/** How a process that was to hold a session alone ended. */
export type LoneEnd = {
  well: boolean;
  /** How far it had come. While it was holding the session, the session may have been the cause. */
  state: "starting" | "holding" | "let-go";
  how: string;
};
export type LoneProcess = {
  /** Never rejects. */
  readonly ended: Promise<LoneEnd>;
  /** Asks it to give the session back and to end. */
  stop(): void;
};
/** Starts a process that is the worker `claim.fence.owner`, and holds this session only. */
export type StartAlone = (claim: Suspect) => LoneProcess;

export type LoneHolds = {
  readonly size: number;
  /** Takes suspects that are due, at most `room`. */
  claim(room: number): Promise<void>;
  stop(): void;
  /** Resolves when the processes that run now have ended. */
  ended(): Promise<void>;
};

export function createLoneHolds(options: {
  db: Database;
  startAlone: StartAlone;
  /** See `WorkerOptions`. */
  teamSessions: number | null;
  clock: Clock;
  logger: Logger;
  /** There is room again. */
  onFree: () => void;
  onTerminated: (log: { sessionId: string; lastSeq: number }) => void;
}): LoneHolds {
  const { db, startAlone, clock, logger } = options;
  const running = new Map<LoneProcess, Promise<void>>();
  const stopping = new AbortController();
  let pausedUntil = 0;

  async function claim(room: number): Promise<void> {
    for (let free = Math.min(room, MAX_ALONE - running.size); free > 0; free--) {
      if (stopping.signal.aborted || clock.now() < pausedUntil) return;
      const suspect = await claimSuspect(db, { workerId: newId("worker"), teamLimit: options.teamSessions });
      if (!suspect) return;
      // At the limit it is ended by the process that holds it, which closes what is open. One that dies of that is ended unread.
      if (suspect.failuresAlone > MAX_FAILURES_ALONE) await terminate(suspect);
      else hold(suspect);
    }
  }

  async function terminate(suspect: Suspect): Promise<void> {
    const lastSeq = await terminateUnread(db, { claim: suspect, times: suspect.failuresAlone, now: clock.now() });
    logger.error({ sessionId: suspect.sessionId }, "a session whose workers died even of ending it was ended unread");
    if (lastSeq !== null) options.onTerminated({ sessionId: suspect.sessionId, lastSeq });
  }

  function hold(suspect: Suspect): void {
    const { sessionId, failuresAlone } = suspect;
    logger.info({ sessionId, failuresAlone }, "a session whose workers failed is held alone");
    const started = startAlone(suspect);
    // It may have come too late to be told.
    if (stopping.signal.aborted) started.stop();
    const settled = started.ended
      .then((end) => settle(suspect, end))
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) logger.warn({ err: error, sessionId }, "the end of a lone process was not noted");
      })
      .finally(() => {
        running.delete(started);
        if (!stopping.signal.aborted) options.onFree();
      });
    running.set(started, settled);
  }

  async function settle(suspect: Suspect, end: LoneEnd): Promise<void> {
    const { sessionId, failuresAlone, fence } = suspect;
    const facts = { sessionId, how: end.how };
    const blamed = !end.well && end.state === "holding";
    if (blamed) logger.error({ ...facts, times: failuresAlone + 1 }, "a process died while it held one session alone");
    else if (!end.well)
      logger.warn({ ...facts, state: end.state }, "a process that was to hold a session alone failed");
    if (end.state === "starting") pausedUntil = clock.now() + PAUSE_MS;
    const delayMs = FIRST_DELAY_MS * 2 ** failuresAlone;
    // It has given the lease back itself, as a rule.
    const write = () => (blamed ? noteFailureAlone(db, { ...suspect, delayMs }) : giveBack(db, suspect));
    await persistently(write, { clock, logger, signal: stopping.signal });
    await removeWorker(db, { workerId: fence.owner });
  }

  return {
    get size() {
      return running.size;
    },
    claim,
    stop() {
      stopping.abort(new Error("the worker stops"));
      for (const process of running.keys()) process.stop();
    },
    async ended() {
      await Promise.all(running.values());
    },
  };
}
