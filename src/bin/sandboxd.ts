// Starts sandboxd: makes, limits and ends the sandboxes of this host. As root it first moves into a mount namespace of its own.
import { fstatSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { childEnv } from "../lib/child-env.ts";
import { messageOf } from "../lib/errors.ts";
import { closeInherited } from "../sandboxes/local/descriptors.ts";
import { findProgram } from "../sandboxes/local/host.ts";
import { installSandboxTools } from "../sandboxes/local/install.ts";
import { platformProblem } from "../sandboxes/local/platform.ts";
import { SYSTEM_PATH } from "../sandboxes/local/run-command.ts";
import { type Sandboxd, startSandboxd } from "../sandboxes/local/sandboxd.ts";
import { type Setting, settings } from "./settings.ts";

const NAMESPACED = "--namespaced";

const { values } = parseArgs({
  options: {
    "data-dir": { type: "string" },
    runner: { type: "string", default: resolve(import.meta.dirname, "../../.build/runner.cjs") },
    warm: { type: "string" },
    "memory-mb": { type: "string" },
    cpus: { type: "string" },
    pids: { type: "string" },
    "disk-mb": { type: "string" },
    "packages-disk-mb": { type: "string" },
    install: { type: "string", default: "never" },
    namespaced: { type: "boolean", default: false },
  },
});

function fail(message: string): never {
  process.stderr.write(`sandboxd: ${message}\n`);
  process.exit(1);
}

/** As the setting that it stands for: the same bounds, the same default. */
function numberOf(
  flag: "warm" | "memory-mb" | "cpus" | "pids" | "disk-mb" | "packages-disk-mb",
  setting: Setting<number>,
): number {
  const text = values[flag];
  if (text === undefined) return setting.fallback({});
  try {
    return setting.parse(text);
  } catch (error) {
    return fail(`--${flag} ${text} ${messageOf(error)}`);
  }
}

/** Mounts made from here on vanish with this process, however it ends. The process stays the same one. */
function moveIntoMountNamespace(): never {
  const unshare = findProgram("unshare") ?? fail("unshare (util-linux) is not installed");
  if (!process.execve) fail("this Node can't replace its process; Node 24 is needed");
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1), NAMESPACED];
  const compileCache = process.env.NODE_COMPILE_CACHE;
  // A bare environment: bubblewrap's starter has nothing that could show in a sandbox.
  process.execve(
    unshare,
    [unshare, "--mount", "--propagation", "private", "--", ...self],
    childEnv({ PATH: SYSTEM_PATH, ...(compileCache && { NODE_COMPILE_CACHE: compileCache }) }),
  );
  return fail("unshare did not start");
}

const elsewhere = platformProblem();
if (elsewhere) fail(`${elsewhere.detail}. ${elsewhere.remedy}`);
closeInherited();
const dataDir = values["data-dir"] ?? fail("--data-dir is needed");
if (process.getuid?.() === 0 && !values.namespaced) moveIntoMountNamespace();
process.title = "berth-sandboxd";
// What sandboxes mount is made readable for their user ids, whatever our starter's mask is.
process.umask(0o022);

/** One structured line to standard error; standard output is for the lines that the starter waits for. */
function log(level: 30 | 40, message: string, fields: Record<string, unknown> = {}): void {
  process.stderr.write(`${JSON.stringify({ level, time: Date.now(), name: "sandboxd", ...fields, msg: message })}\n`);
}

function tell(line: { type: "installing" | "ready" } & Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const stopping = new AbortController();
let sandboxd: Sandboxd | null = null;
async function stop(): Promise<void> {
  if (stopping.signal.aborted) return;
  stopping.abort();
  await installing;
  await sandboxd?.stop();
  process.exit(0);
}
process.on("SIGTERM", () => void stop());
process.on("SIGINT", () => void stop());
// A starter that gave us a connection as standard input ends it by going away; a terminal or a file says nothing.
if (fstatSync(0).isSocket()) process.stdin.resume().once("end", () => void stop());

const installing = installSandboxTools({
  allowed: values.install === "auto",
  onBegin: (packages) => tell({ type: "installing", packages }),
  onProgress: (line) => log(30, line),
  signal: stopping.signal,
});
const install = await installing;
if (stopping.signal.aborted) process.exit(0);
if (install.outcome === "failed")
  log(40, `${install.packages.join(" and ")} could not be installed: ${install.reason}`, { command: install.command });

sandboxd = await startSandboxd({
  dataDir,
  runnerFile: resolve(values.runner),
  ptyFile: findPtyFile(),
  warm: numberOf("warm", settings.BERTH_SANDBOX_WARM),
  limits: {
    memoryMb: numberOf("memory-mb", settings.BERTH_SANDBOX_MEMORY_MB),
    cpus: numberOf("cpus", settings.BERTH_SANDBOX_CPUS),
    pids: numberOf("pids", settings.BERTH_SANDBOX_PIDS),
    diskMb: numberOf("disk-mb", settings.BERTH_SANDBOX_DISK_MB),
  },
  packagesDiskMb: numberOf("packages-disk-mb", settings.BERTH_PACKAGES_DISK_MB),
  log: (event, fields, level) => log(level === "info" ? 30 : 40, event, fields),
}).catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));

/** Of the package that npm chose for this machine. */
function findPtyFile(): string | null {
  try {
    return createRequire(import.meta.url).resolve(`@lydell/node-pty-linux-${process.arch}/pty.node`);
  } catch {
    log(40, "no terminals in sandboxes: the pty library has no build for this machine", { arch: process.arch });
    return null;
  }
}

const { usable, checks, remedy } = await sandboxd.selfTest();
const failed = checks.find((check) => check.required && !check.holds);
const summary = failed?.detail ?? `local: ${checks.find((check) => check.name === "bubblewrap")?.detail}`;
const installed = install.outcome === "installed" ? install.packages : [];
tell({ type: "ready", socketPath: sandboxd.socketPath, usable, summary, remedy, installed });
