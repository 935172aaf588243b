// The platform's own guard over a runner: one that does not answer any more must not hold a turn.
import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "../lib/errors.ts";

/** How silent a runner may be: so many looks in a row, each that long, that far apart. */
export type Patience = { everyMs: number; timeoutMs: number; misses: number };
/** Half a minute in all, so that a loaded machine is not taken for a lost one. */
export const DEFAULT_PATIENCE: Patience = { everyMs: 3000, timeoutMs: 8000, misses: 3 };
const MAX_TIMER_MS = 2 ** 31 - 1;

export type Watch = {
  name: string;
  patience: Patience;
  /** Asks the runner for a sign of life, over a connection of its own. */
  probe: (signal: AbortSignal) => Promise<unknown>;
  /** The caller's own signal. */
  signal?: AbortSignal | undefined;
  /** How long the work may take at most, however lively the runner is. */
  deadlineMs?: number | undefined;
};

/** Does work that asks the runner. Its signal is aborted with `sandbox_gone` when the runner is silent or the deadline passed. */
export async function watched<T>(watch: Watch, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const given = new AbortController();
  const over = new AbortController();
  const giveUp = (what: string) => given.abort(new PlatformError("sandbox_gone", `the sandbox ${watch.name} ${what}`));
  const { deadlineMs } = watch;
  const deadline =
    deadlineMs === undefined
      ? undefined
      : setTimeout(() => giveUp("did not do in time what it was asked"), Math.min(deadlineMs, MAX_TIMER_MS));
  void untilSilent(watch, over.signal).then((silent) => {
    if (silent) giveUp("does not answer any more");
  });
  try {
    return await work(watch.signal ? AbortSignal.any([watch.signal, given.signal]) : given.signal);
  } finally {
    over.abort();
    clearTimeout(deadline);
  }
}

/** True when the runner has become silent, false when the work was over before. */
async function untilSilent({ patience, probe }: Watch, over: AbortSignal): Promise<boolean> {
  for (let missed = 0; missed < patience.misses; ) {
    try {
      await sleep(patience.everyMs, null, { signal: over });
    } catch {
      // The work is over.
      return false;
    }
    const askedAt = performance.now();
    try {
      await probe(AbortSignal.any([over, AbortSignal.timeout(patience.timeoutMs)]));
      missed = 0;
    } catch {
      if (over.aborted) return false;
      // When this process itself stood still, the timeout says nothing about the runner.
      if (performance.now() - askedAt < 2 * patience.timeoutMs) missed += 1;
    }
  }
  return true;
}
