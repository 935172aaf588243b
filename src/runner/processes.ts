// All processes of a sandbox but the runner: those that an agent started, also the ones that left its shell.
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "./paths.ts";

const PAUSE_MS = 10;
const PATIENCE_MS = 5_000;

/** Only where the processes that can be seen are the sandbox's own: elsewhere this ends a whole machine's. */
export async function endOtherProcesses(): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      // Every process that we may signal, at once, save this one and the first.
      process.kill(-1, "SIGKILL");
    } catch (error) {
      if (errnoOf(error) !== "ESRCH") throw error;
    }
    if (otherProcesses().length === 0) return;
    if (Date.now() > deadline) throw new Error(`processes do not end: ${otherProcesses().join(", ")}`);
    await sleep(PAUSE_MS);
  }
}

/** Whether anything runs besides the shells that wait for somebody. Only where what can be seen is the sandbox's own. */
export function runsInBackground(shells: readonly (number | null)[]): boolean {
  return otherProcesses().some((pid) => !shells.includes(pid));
}

/** Those that live: ended ones may wait to be collected. */
function otherProcesses(): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    if (pid === 1 || pid === process.pid) return false;
    try {
      return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      // It ended while it was looked at.
      return false;
    }
  });
}
