// A real sandboxd on a temporary data directory, for tests; and whether this machine can run one.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { buildRunner } from "../../scripts/build-runner.ts";
import { childEnv } from "../../src/lib/child-env.ts";
import { findProgram } from "../../src/sandboxes/local/host.ts";
import { createLocalBackend } from "../../src/sandboxes/local/local.ts";
import { firstUidFor, installationHash } from "../../src/sandboxes/local/records.ts";
import type { SandboxBackend, SandboxLimits, SandboxSpec } from "../../src/sandboxes/sandbox.ts";

export const TEST_LIMITS: SandboxLimits = { memoryMb: 256, cpus: 1, pids: 64, diskMb: 256 };
export const TEST_SPEC: SandboxSpec = { limits: TEST_LIMITS, env: {} };

/** Why local sandboxes can't be tested here; null when they can. With REQUIRE_SANDBOX=1 that is a failure, else a loud skip. */
export function sandboxesMissing(): string | null {
  const missing =
    process.platform !== "linux" ? "this is not Linux" : findProgram("bwrap") ? null : "bubblewrap is not installed";
  if (missing === null) return null;
  if (process.env.REQUIRE_SANDBOX === "1") throw new Error(`REQUIRE_SANDBOX=1, but ${missing}`);
  console.warn(`SKIPPED: sandbox tests do not run, ${missing}`);
  return missing;
}

export type TestSandboxd = {
  backend: SandboxBackend;
  dataDir: string;
  socketPath: string;
  pid: number;
  /** Ends it with a signal and waits until it is gone; the data stays. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** Ends it and removes the data. */
  [Symbol.asyncDispose](): Promise<void>;
};

export type TestSandboxdOptions = {
  dataDir?: string;
  warm?: number;
  limits?: SandboxLimits;
  packagesDiskMb?: number;
  env?: Record<string, string>;
  /** A command put in front, such as setpriv for a test without root. */
  wrapper?: readonly string[];
  extraStdio?: (number | "ignore")[];
  keepData?: boolean;
};

export async function startTestSandboxd(options: TestSandboxdOptions = {}): Promise<TestSandboxd> {
  const { warm = 0, limits = TEST_LIMITS, wrapper = [] } = options;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "berth-sandboxd-"));
  const runner = await buildRunner(join(dataDir, "runner.cjs"));
  const flags = {
    "data-dir": dataDir,
    runner,
    warm,
    "memory-mb": limits.memoryMb,
    cpus: limits.cpus,
    pids: limits.pids,
    "disk-mb": limits.diskMb,
    ...(options.packagesDiskMb && { "packages-disk-mb": options.packagesDiskMb }),
  };
  const script = resolve(import.meta.dirname, "../../src/bin/sandboxd.ts");
  const [file = process.execPath, ...args] = [
    ...wrapper,
    process.execPath,
    script,
    ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]),
  ];
  const child = spawn(file, args, {
    env: childEnv({ PATH: process.env.PATH ?? "", ...options.env }),
    stdio: ["pipe", "pipe", "pipe", ...(options.extraStdio ?? [])],
  });
  const socketPath = await readyLine(child);
  const backend = createLocalBackend({ socketPath, patienceMs: 2000 });
  const exited = new Promise<void>((settle) => child.once("exit", () => settle()));
  const end = async (signal: NodeJS.Signals) => {
    await backend.close();
    child.kill(signal);
    await exited;
  };
  return {
    backend,
    dataDir,
    socketPath,
    pid: child.pid ?? 0,
    end,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await end("SIGTERM");
      if (!options.keepData) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function readyLine(child: ChildProcess): Promise<string> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  return new Promise((settle, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`sandboxd ended with ${code}: ${said}`)));
    if (!child.stdout) return reject(new Error("sandboxd has no standard output"));
    createInterface({ input: child.stdout }).once("line", (line) => {
      // The line is our own program's; a wrong shape fails the test that uses it.
      settle((JSON.parse(line) as { socketPath: string }).socketPath);
    });
  });
}

/** Live processes of an installation's sandboxes as the host (root) sees them, by their range of user ids. */
export function sandboxProcesses(dataDir: string): { pid: number; uid: number; command: string }[] {
  const firstUid = firstUidFor(installationHash(dataDir));
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.flatMap((pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
      if (uid < firstUid || uid >= firstUid + 65_536 || /^State:\s+Z/m.test(status)) return [];
      return [{ pid: Number(pid), uid, command: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ") }];
    } catch {
      // It ended while it was looked at.
      return [];
    }
  });
}
