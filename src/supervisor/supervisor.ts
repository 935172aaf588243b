// All parts of one machine: run, and stopped in order.
import type { Clock } from "../lib/clock.ts";
import { type Part, type PartLog, type PartProcess, type PartSpec, runPart } from "./part.ts";
import type { PidFiles } from "./pid-files.ts";

export type Supervisor = {
  /** Starts a part and keeps it running. `optional`: tried again even when the first launch fails. */
  run<T extends PartProcess>(spec: PartSpec<T>, options?: { optional?: boolean }): Part<T>;
  /** Stops all parts, the users before what they use. Calls after the first one get the same promise. */
  stop(): Promise<void>;
  /** Ends all parts at once, without asking. `stop` then resolves soon. */
  force(): void;
};

/** Parts of one stage stop together, stages one after the other. Together they stay below the 10 s that we promise. */
const stopStages = [
  { names: ["web", "worker", "egress"], graceMs: 3_500 },
  { names: ["sandboxd"], graceMs: 3_000 },
  { names: ["postgres"], graceMs: 2_500 },
] as const;

export function createSupervisor(options: { pidFiles: PidFiles; clock: Clock; log: PartLog }): Supervisor {
  const { pidFiles, clock, log } = options;
  const parts: Part[] = [];
  let stopped: Promise<void> | null = null;

  async function stopAll(): Promise<void> {
    for (const stage of stopStages) {
      const names: readonly string[] = stage.names;
      await Promise.all(parts.filter((part) => names.includes(part.name)).map((part) => part.stop(stage.graceMs)));
    }
    pidFiles.clear();
  }

  return {
    run(spec, { optional = false } = {}) {
      if (stopped) throw new Error(`${spec.name} is not started: Berth is being stopped`);
      if (!stopStages.some(({ names }) => (names as readonly string[]).includes(spec.name)))
        throw new Error(`no stop stage names ${spec.name}`);
      const part = runPart({ spec, pidFiles, clock, log, optional });
      parts.push(part);
      return part;
    },
    stop() {
      stopped ??= stopAll();
      return stopped;
    },
    force() {
      for (const part of parts) part.kill();
    },
  };
}
