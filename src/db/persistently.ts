// Work that waits for Postgres instead of failing, for processes that must live through its restart.
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import { isBusyFailure, isConnectionFailure } from "./database.ts";

const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 1_000;

/**
 * Repeats `work` while the database is away or too busy, until `signal` is aborted. Nobody knows whether a failed
 * attempt took effect: `work` is told the number of its attempt, and must be safe to repeat.
 */
export async function persistently<T>(
  work: (attempt: number) => Promise<T>,
  options: {
    clock: Clock;
    signal: AbortSignal;
    logger: Logger;
    mayPass?: (error: unknown, attempt: number) => boolean;
  },
): Promise<T> {
  const { clock, signal, logger, mayPass } = options;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      if (!isConnectionFailure(error) && !isBusyFailure(error) && !mayPass?.(error, attempt)) throw error;
      logger.debug({ err: error, attempt }, "the database did not answer, trying again");
      await clock.sleep(Math.min(RETRY_MIN_MS * 2 ** attempt, RETRY_MAX_MS), signal);
    }
  }
}
