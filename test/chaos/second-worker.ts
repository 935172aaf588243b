// Another worker on the same database and sandboxes: the two compete for every session, and one takes over from the other.
// Its way to the database can fall silent, and its clock can jump.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { childEnv } from "../../src/lib/child-env.ts";
import { type DatabaseWire, startDatabaseWire } from "./database-wire.ts";

const script = path.resolve(import.meta.dirname, "../../src/bin/worker.ts");
const clock = path.resolve(import.meta.dirname, "jumping-clock.mjs");

export type SecondWorker = {
  readonly wire: DatabaseWire;
  pid(): number | null;
  /** Its clock is wrong by this from now on. */
  setClock(offsetMs: number): void;
  stop(): Promise<void>;
};

/** Started again whenever it ends, until it is stopped. */
export async function keepSecondWorker(dataDir: string, env: Record<string, string>): Promise<SecondWorker> {
  const wire = await startDatabaseWire(dataDir);
  const clockFile = path.join(dataDir, "chaos-clock");
  const logFile = path.join(dataDir, "logs", "second-worker.log");
  let child: ChildProcess | null = null;
  let stopped = false;

  function start(url: string): ChildProcess {
    const extra = {
      BERTH_DATA_DIR: dataDir,
      DATABASE_URL: url,
      NODE_OPTIONS: `--import=${clock}`,
      CHAOS_CLOCK_FILE: clockFile,
    };
    mkdirSync(path.dirname(logFile), { recursive: true });
    const log = openSync(logFile, "a");
    try {
      return spawn(process.execPath, [script], {
        env: childEnv({ PATH: process.env.PATH, HOME: process.env.HOME, BERTH_LOG_FORMAT: "json", ...env, ...extra }),
        stdio: ["ignore", log, log],
      });
    } finally {
      closeSync(log);
    }
  }

  async function keep(): Promise<void> {
    while (!stopped) {
      const url = wire.url();
      if (url) {
        child = start(url);
        await once(child, "exit");
        child = null;
      }
      if (!stopped) await sleep(300);
    }
  }
  const kept = keep();

  return {
    wire,
    pid: () => child?.pid ?? null,
    setClock(offsetMs) {
      if (offsetMs === 0) rmSync(clockFile, { force: true });
      else writeFileSync(clockFile, String(offsetMs));
    },
    async stop() {
      stopped = true;
      wire.mend();
      // One that is stopped by SIGSTOP hears nothing else.
      child?.kill("SIGCONT");
      child?.kill("SIGTERM");
      await kept;
      await wire.stop();
    },
  };
}
