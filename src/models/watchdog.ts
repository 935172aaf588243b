// Ends a model request that is silent for too long: first byte, idle and total limits of our own, since a gateway may wait for hours.
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";

export type RequestLimits = {
  /** From the request to the first piece of the answer. Models that think without saying so need long. */
  firstByteMs: number;
  /** Between two pieces. */
  idleMs: number;
  totalMs: number;
};
export const DEFAULT_LIMITS: RequestLimits = { firstByteMs: 300_000, idleMs: 120_000, totalMs: 1_800_000 };

export type Watchdog = {
  /** Aborted by the caller's signal or by a limit. */
  readonly signal: AbortSignal;
  /** Which limit was passed, in words; null when none was. */
  readonly expired: string | null;
  /** The gateway has sent something. */
  touch(): void;
  stop(): void;
};

export function startWatchdog(options: { clock: Clock; limits: RequestLimits; signal: AbortSignal }): Watchdog {
  const { clock, limits, signal } = options;
  const controller = new AbortController();
  const stopped = new AbortController();
  const startedAt = clock.now();
  let touchedAt: number | null = null;
  let expired: string | null = null;

  const onAbort = () => controller.abort(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });

  const nextDeadline = () => {
    const silence =
      touchedAt === null
        ? { at: startedAt + limits.firstByteMs, why: `no answer within ${inWords(limits.firstByteMs)}` }
        : { at: touchedAt + limits.idleMs, why: `silence for ${inWords(limits.idleMs)} in the middle of an answer` };
    const total = startedAt + limits.totalMs;
    return total < silence.at ? { at: total, why: `no end of the answer within ${inWords(limits.totalMs)}` } : silence;
  };

  const watch = async () => {
    while (!stopped.signal.aborted) {
      const deadline = nextDeadline();
      const waitMs = deadline.at - clock.now();
      if (waitMs <= 0) {
        expired = deadline.why;
        controller.abort(new DOMException(deadline.why, "TimeoutError"));
        return;
      }
      // The first byte may bring the deadline nearer: never sleep past one idle limit.
      await clock.sleep(Math.min(waitMs, limits.idleMs), stopped.signal);
    }
  };
  watch().catch((error: unknown) => {
    // Sleeping rejects when the request ends; anything else must not let a request run unwatched.
    if (!stopped.signal.aborted)
      controller.abort(new Error(`the watchdog failed: ${messageOf(error)}`, { cause: error }));
  });

  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    touch: () => {
      touchedAt = clock.now();
    },
    stop: () => {
      signal.removeEventListener("abort", onAbort);
      stopped.abort();
    },
  };
}

function inWords(ms: number): string {
  return ms >= 1_000 ? `${Math.round(ms / 1_000)} s` : `${ms} ms`;
}
