// A job that runs again and again, never twice at once, until the signal is aborted.
import { isBusyFailure, isConnectionFailure } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";

/** Runs `work` now and `intervalMs` after each end. A failure is logged and the next run tries anew. Resolves after the last run. */
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
    try {
      await work();
    } catch (error) {
      const expected = isConnectionFailure(error) || isBusyFailure(error);
      logger[expected ? "debug" : "warn"]({ err: error, job }, "a job failed, it will run again");
    }
    await clock.sleep(intervalMs, signal).catch(() => undefined);
  }
}
