// Starts sandboxd: makes, limits and ends the sandboxes of this host. As root it first moves into a mount namespace of its own.
import { fstatSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { childEnv } from "../lib/child-env.ts";
import { closeInherited } from "../sandboxes/local/descriptors.ts";
import { findProgram } from "../sandboxes/local/host.ts";
import { installSandboxTools } from "../sandboxes/local/install.ts";
import { SYSTEM_PATH } from "../sandboxes/local/run-command.ts";
import { startSandboxd } from "../sandboxes/local/sandboxd.ts";

const NAMESPACED = "--namespaced";

const { values } = parseArgs({
  options: {
    "data-dir": { type: "string" },
    runner: { type: "string", default: resolve(import.meta.dirname, "../../.build/runner.cjs") },
    warm: { type: "string", default: "2" },
    "memory-mb": { type: "string", default: "2048" },
    cpus: { type: "string", default: "2" },
    pids: { type: "string", default: "512" },
    "disk-mb": { type: "string", default: "10240" },
    install: { type: "string", default: "never" },
    namespaced: { type: "boolean", default: false },
  },
});

function fail(message: string): never {
  process.stderr.write(`sandboxd: ${message}\n`);
  process.exit(1);
}

function numberOf(flag: "warm" | "memory-mb" | "cpus" | "pids" | "disk-mb", minimum: number): number {
  const value = Number(values[flag]);
  if (!Number.isFinite(value) || value < minimum)
    fail(`--${flag} ${values[flag]}: a number from ${minimum} on is needed`);
  return value;
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

closeInherited();
const dataDir = values["data-dir"] ?? fail("--data-dir is needed");
if (process.getuid?.() === 0 && !values.namespaced) moveIntoMountNamespace();
process.title = "berth-sandboxd";
// What sandboxes mount is made readable for their user ids, whatever our starter's mask is.
process.umask(0o022);

/** One structured line to standard error; standard output is for the ready line. */
function log(level: 30 | 40, message: string, fields: Record<string, unknown> = {}): void {
  process.stderr.write(`${JSON.stringify({ level, time: Date.now(), name: "sandboxd", ...fields, msg: message })}\n`);
}

await installSandboxTools({ allowed: values.install === "auto", onProgress: (line) => log(30, line) });
const sandboxd = await startSandboxd({
  dataDir,
  runnerFile: resolve(values.runner),
  ptyFile: findPtyFile(),
  warm: numberOf("warm", 0),
  limits: {
    memoryMb: numberOf("memory-mb", 64),
    cpus: numberOf("cpus", 0.1),
    pids: numberOf("pids", 32),
    diskMb: numberOf("disk-mb", 64),
  },
  log: (event, fields) => log(40, event, fields),
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

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await sandboxd.stop();
  process.exit(0);
}
process.on("SIGTERM", () => void stop());
process.on("SIGINT", () => void stop());
// A starter that gave us a connection as standard input ends it by going away; a terminal or a file says nothing.
if (fstatSync(0).isSocket()) process.stdin.resume().once("end", () => void stop());

const { usable, checks, remedy } = await sandboxd.selfTest();
const failed = checks.find((check) => check.required && !check.holds);
const summary = failed?.detail ?? `local: ${checks.find((check) => check.name === "bubblewrap")?.detail}`;
const ready = { type: "ready", socketPath: sandboxd.socketPath, usable, summary, remedy };
process.stdout.write(`${JSON.stringify(ready)}\n`);
