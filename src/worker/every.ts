// A job that runs again and again, never twice at once, until the signal is aborted.
import { isBusyFailure, isConnectionFailure } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { hasCode } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";

const RETRY_MS = 1_000;

/** Runs `work` now and `intervalMs` after each end. After a failure the next run is soon. Resolves after the last run. */
export async function every(options: {
  intervalMs: number;
  job: string;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  work: () => Promise<void>;
}): Promise<void> {
  const { intervalMs, job, clock, logger, signal, work } = options;
  while (!signal.aborted) {
    let pauseMs = intervalMs;
    try {
      await work();
    } catch (error) {
      pauseMs = Math.min(intervalMs, RETRY_MS);
      // Parts that start later, or again, than this one. Whether they work is told by health, not by each job that needs them.
      const expected = isConnectionFailure(error) || isBusyFailure(error) || hasCode(error, "sandbox_unavailable");
      logger[expected ? "debug" : "warn"]({ err: error, job }, "a job failed, it will run again");
    }
    await clock.sleep(pauseMs, signal).catch(() => undefined);
  }
}
