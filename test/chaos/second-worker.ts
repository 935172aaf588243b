// Another worker on the same database and sandboxes: the two compete for every session, and one takes over from the other.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { childEnv } from "../../src/lib/child-env.ts";

const script = path.resolve(import.meta.dirname, "../../src/bin/worker.ts");

export type SecondWorker = {
  pid(): number | null;
  stop(): Promise<void>;
};

/** Started again whenever it ends, until it is stopped. */
export function keepSecondWorker(env: Record<string, string>): SecondWorker {
  let child: ChildProcess | null = null;
  let stopped = false;

  async function keep(): Promise<void> {
    while (!stopped) {
      child = spawn(process.execPath, [script], {
        env: childEnv({ PATH: process.env.PATH, HOME: process.env.HOME, BERTH_LOG_FORMAT: "json", ...env }),
        stdio: "ignore",
      });
      await once(child, "exit");
      child = null;
      if (!stopped) await sleep(300);
    }
  }
  const kept = keep();

  return {
    pid: () => child?.pid ?? null,
    async stop() {
      stopped = true;
      // One that is stopped by SIGSTOP hears nothing else.
      child?.kill("SIGCONT");
      child?.kill("SIGTERM");
      await kept;
    },
  };
}
