// One part (postgres, sandboxd, web, worker): started, watched, started again when it dies, stopped.
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { PidFiles } from "./pid-files.ts";

export type Exit = {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What it said last, when that explains the end. */
  lastWords?: string;
};

/** A part's process once it is ready. */
export type PartProcess = {
  pid: number;
  exited: Promise<Exit>;
  /** Asks it to end; after `graceMs` makes it. Resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
  /** Ends it without asking. */
  kill(): void;
};

export type PartSpec<T extends PartProcess = PartProcess> = {
  name: string;
  /** Starts a process and resolves when it is ready; rejects, with the process gone, when it does not get so far. */
  launch(hooks: { onSpawn: (pid: number) => void; signal: AbortSignal }): Promise<T>;
};

export type Part<T extends PartProcess = PartProcess> = {
  readonly name: string;
  /** The first process; rejects when the first launch fails. */
  readonly ready: Promise<T>;
  stop(graceMs: number): Promise<void>;
  kill(): void;
};

export type PartLog = (level: "info" | "warn" | "error", message: string) => void;

const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;
/** A part that ran this long is well again: its next end is the first one. */
const STABLE_MS = 10_000;

/** Pure: how long to wait before the start that follows `failures` ends in a row. After the first one, not at all: people wait. */
export function restartDelayMs(failures: number): number {
  return failures <= 1 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 2));
}

export function describeExit(exit: Exit): string {
  const how = exit.signal ? `was ended by ${exit.signal}` : `ended with code ${exit.code}`;
  return exit.lastWords ? `${how}: ${exit.lastWords}` : how;
}

/** A first launch that fails ends the part; an `optional` one is tried again like any other. */
export function runPart<T extends PartProcess>(options: {
  spec: PartSpec<T>;
  pidFiles: Pick<PidFiles, "write" | "remove">;
  clock: Clock;
  log: PartLog;
  optional?: boolean;
}): Part<T> {
  const { spec, pidFiles, clock, log } = options;
  const stopping = new AbortController();
  const firstReady = Promise.withResolvers<T>();
  let current: T | null = null;
  /** How a process is ended that becomes ready only after the part was stopped: not every launch can be broken off. */
  let endLate: (late: T) => Promise<void> = async (late) => late.kill();

  async function run(): Promise<void> {
    let failures = 0;
    let wasReady = false;
    while (!stopping.signal.aborted) {
      const launchedAt = clock.now();
      let what: string;
      try {
        current = await spec.launch({ onSpawn: (pid) => pidFiles.write(spec.name, pid), signal: stopping.signal });
        if (failures > 0) log("info", `${spec.name} runs again`);
        wasReady = true;
        firstReady.resolve(current);
        if (stopping.signal.aborted) await endLate(current);
        const exit = await current.exited;
        what = `${spec.name} ${describeExit(exit)}`;
      } catch (error) {
        firstReady.reject(error);
        if (!wasReady && !options.optional) return;
        what = `${spec.name} did not start: ${messageOf(error)}`;
      } finally {
        current = null;
        pidFiles.remove(spec.name);
      }
      if (stopping.signal.aborted) break;
      failures = clock.now() - launchedAt >= STABLE_MS ? 1 : failures + 1;
      const delayMs = restartDelayMs(failures);
      log("warn", `${what}; it is started again ${delayMs === 0 ? "at once" : `in ${delayMs / 1000} s`}`);
      await clock.sleep(delayMs, stopping.signal).catch((reason: unknown) => {
        if (!stopping.signal.aborted) throw reason;
      });
    }
    firstReady.reject(new Error(`${spec.name} was stopped before it was ready`));
  }

  const finished = run();
  // Whoever waits for `ready` hears of it; without a listener Node would end the supervisor.
  firstReady.promise.catch(() => undefined);
  finished.catch((error: unknown) => log("error", `${spec.name} is not watched any more: ${messageOf(error)}`));
  return {
    name: spec.name,
    ready: firstReady.promise,
    async stop(graceMs) {
      if (!stopping.signal.aborted) endLate = (late) => late.stop(graceMs);
      stopping.abort(new Error("stopping"));
      await current?.stop(graceMs);
      await finished;
    },
    kill() {
      stopping.abort(new Error("stopping"));
      current?.kill();
    },
  };
}
