// How long to wait before a failed model request is made again. The worker is the only place that retries.

const BASE_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;
/** A gateway that asks for more than this is asked again earlier: the session should not look dead for long. */
export const MAX_WAIT_MS = 300_000;

/**
 * Milliseconds to wait before attempt number `attempt + 1`, where `attempt` (1, 2, …) just failed.
 * Half of the exponential step is fixed and half random; a wait that the gateway asked for is kept and spread by up to a tenth.
 */
export function retryDelayMs(attempt: number, options: { retryAfterMs?: number | null; random: () => number }): number {
  const { retryAfterMs, random } = options;
  if (retryAfterMs != null && retryAfterMs >= 0) {
    return Math.round(Math.min(retryAfterMs * (1 + random() * 0.1), MAX_WAIT_MS));
  }
  const step = Math.min(BASE_MS * 2 ** Math.max(0, attempt - 1), MAX_BACKOFF_MS);
  return Math.round(step / 2 + (step / 2) * random());
}
