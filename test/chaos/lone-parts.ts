// Parts of a release as processes of their own, as an operator runs them: on one database, one sandboxd and one model provider.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startEmbeddedPostgres } from "../../src/db/embedded/embedded-postgres.ts";
import { migrate } from "../../src/db/migrate.ts";
import { childEnv } from "../../src/lib/child-env.ts";
import { startTestSandboxd } from "../support/local-sandboxd.ts";
import { type ScriptedProvider, startScriptedProvider } from "../support/scripted-provider.ts";
import { until } from "../support/until.ts";

export type LonePart = {
  pid: number;
  printed(): string;
  /** Null while it runs, and when a signal ended it. */
  exitCode(): number | null;
  /** As an operator's init does; resolves with the exit code. */
  stop(): Promise<number | null>;
};

export type Ground = {
  databaseUrl: string;
  provider: ScriptedProvider;
  apiKey: string;
  /** For every part. */
  env: Record<string, string>;
  start(part: "web" | "worker", options?: { release?: string; env?: Record<string, string> }): LonePart;
};

const repository = path.resolve(import.meta.dirname, "../..");
const API_KEY = "sk-berth-lone-parts-test-0123456789abcdef";

/** Everything but web and workers. What is started is handed to `disposals`, to be ended last first. */
export async function prepareGround(disposals: (() => unknown)[]): Promise<Ground> {
  const dataDir = mkdtempSync(path.join(tmpdir(), "berth-parts-"));
  disposals.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false });
  disposals.push(() => postgres.stop());
  await migrate({ url: postgres.url });
  const sandboxd = await startTestSandboxd({ dataDir, warm: 2, keepData: true });
  disposals.push(() => sandboxd[Symbol.asyncDispose]());
  const provider = await startScriptedProvider();
  disposals.push(() => provider.stop());
  const env = {
    DATABASE_URL: postgres.url,
    BERTH_DATA_DIR: dataDir,
    BERTH_API_KEY: API_KEY,
    BERTH_UI: "off",
    LITELLM_GATEWAY_URL: provider.url,
    LITELLM_API_KEY: "sk-test",
    // As small as the test's sandboxes.
    BERTH_SANDBOX_MEMORY_MB: "256",
    BERTH_SANDBOX_CPUS: "1",
    BERTH_SANDBOX_PIDS: "64",
    BERTH_SANDBOX_DISK_MB: "256",
  };
  return {
    databaseUrl: postgres.url,
    provider,
    apiKey: API_KEY,
    env,
    start(part, options = {}) {
      const started = startPart(options.release ?? repository, part, { ...env, ...options.env });
      disposals.push(started.stop);
      return started;
    },
  };
}

function startPart(release: string, part: "web" | "worker", env: Record<string, string>): LonePart {
  const child: ChildProcess = spawn(process.execPath, [path.join(release, `src/bin/${part}.ts`)], {
    cwd: release,
    env: childEnv({ PATH: process.env.PATH, HOME: process.env.HOME, BERTH_LOG_FORMAT: "json", ...env }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
    });
  const exited = once(child, "exit");
  return {
    pid: child.pid ?? 0,
    printed: () => printed,
    exitCode: () => child.exitCode,
    async stop() {
      child.kill("SIGTERM");
      await exited;
      return child.exitCode;
    },
  };
}

export async function answers(port: number, part: LonePart): Promise<void> {
  const ready = async () => (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null))?.ok === true;
  await until(ready, { timeoutMs: 60_000, describe: () => `web printed:\n${part.printed()}` });
}
