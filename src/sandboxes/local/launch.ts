// Starts one sandbox: cgroups, dropped user id, bubblewrap, filter, runner. Every step must succeed, or nothing runs.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, unlinkSync, writeFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { childEnv } from "../../lib/child-env.ts";
import { PlatformError } from "../../lib/errors.ts";
import { LISTEN_FD, type RunnerConfig } from "../../runner/protocol.ts";
import type { SandboxLimits } from "../sandbox.ts";
import { bwrapArguments, runnerCommand, type SandboxView, withRlimits } from "./bwrap-arguments.ts";
import type { Cgroup } from "./cgroups.ts";
import type { NetworkNamespace } from "./network-namespaces.ts";
import { SYSTEM_PATH } from "./run-command.ts";
import { sandboxFilter, toBytes } from "./seccomp.ts";

const SECCOMP_FD = 4;
const ARGUMENTS_FD = 5;
/** And those after it. */
const NETWORK_FD = 6;
const MAX_OPEN_FILES = 4096;
const STDERR_BYTES = 4096;

export type Launch = {
  bubblewrap: string;
  /** Null where the caller is not root: then bubblewrap runs as the caller. */
  identity: { setpriv: string; uid: number } | null;
  /** Null: nothing is started, for it would have the host's network. */
  network: NetworkNamespace | null;
  cgroup: Cgroup | null;
  limits: SandboxLimits;
  view: Omit<SandboxView, "seccompFd">;
  socketPath: string;
  config: RunnerConfig;
  command?: string[];
};

export type Launched = {
  process: ChildProcess;
  /** Settles when the sandbox has ended, with what it said first. */
  ended: Promise<string>;
};

/** A user id that is root's, or that root shares with others, would make the sandbox's walls the host's own. */
export function assertOuterUid(uid: number): void {
  if (!Number.isSafeInteger(uid) || uid < 100_000) {
    throw new PlatformError("sandbox_unavailable", `refusing to start a sandbox with user id ${uid} on the host`);
  }
}

/**
 * A listening socket at `path` whose descriptor a child can inherit. The runner never sees the path, so nothing in a
 * sandbox can replace the socket by a link to another one.
 */
async function listenAt(path: string): Promise<{ server: Server; fd: number }> {
  const server = createServer();
  const temporary = `${path}.new`;
  server.listen(temporary);
  await once(server, "listening");
  // Node has no public way to the descriptor of a listening socket.
  const { _handle: handle } = server as unknown as { _handle: { fd: number } };
  // Closing removes the name that was listened at; renamed, the socket stays reachable for the child.
  await rename(temporary, path);
  return { server, fd: handle.fd };
}

/** An unlinked file with the filter, open for reading from its start. */
function openFilter(path: string): number {
  if (process.arch !== "x64" && process.arch !== "arm64") {
    throw new PlatformError("sandbox_unavailable", `no system call filter for ${process.arch}`);
  }
  writeFileSync(path, toBytes(sandboxFilter(process.arch)), { mode: 0o600 });
  const fd = openSync(path, "r");
  unlinkSync(path);
  return fd;
}

/** The shell in the sandbox's network that joins the cgroups, sets the limits that are inherited, and becomes bubblewrap. */
function startScript(launch: Launch, networkFds: readonly number[]): { script: string; args: string[] } {
  const procsFiles = launch.cgroup?.procsFiles ?? [];
  const joins = procsFiles.map((_, index) => `echo $$ > "\${${index + 1}}"`);
  const fileBlocks = launch.limits.diskMb * 2048; // of 512 bytes
  const script = [
    "set -e",
    // Nothing that could be entered stays open.
    `exec ${networkFds.map((_, index) => `${NETWORK_FD + index}<&-`).join(" ")}`,
    ...joins,
    `ulimit -c 0; ulimit -n ${MAX_OPEN_FILES}; ulimit -f ${fileBlocks}`,
    `shift ${procsFiles.length}`,
    'exec "$@"',
  ];
  return { script: script.join("\n"), args: ["start", ...procsFiles] };
}

export async function launchSandbox(launch: Launch): Promise<Launched> {
  const { identity } = launch;
  if (identity) assertOuterUid(identity.uid);
  if (!identity && process.getuid?.() === 0) {
    throw new PlatformError("sandbox_unavailable", "refusing to start a sandbox as root");
  }
  const { network } = launch;
  if (!network) {
    throw new PlatformError("sandbox_unavailable", "refusing to start a sandbox in the host's network");
  }
  const seccompFd = openFilter(`${launch.socketPath}.filter`);
  const { server, fd: listenFd } = await listenAt(launch.socketPath);
  try {
    const inner = launch.command ?? runnerCommand();
    const command = launch.cgroup ? inner : withRlimits(inner, launch.limits);
    const description = bwrapArguments({ ...launch.view, seccompFd: SECCOMP_FD });
    const child = spawnSandbox(launch, network, { command, fds: { seccompFd, listenFd } });
    // Through a descriptor, so that no host path shows in the sandbox's /proc/1/cmdline.
    pipeOf(child, ARGUMENTS_FD).end(description.map((argument) => `${argument}\0`).join(""));
    pipeOf(child, 0).end(JSON.stringify(launch.config));
    return { process: child, ended: endOf(child) };
  } finally {
    closeSync(seccompFd);
    server.close();
  }
}

function spawnSandbox(
  launch: Launch,
  network: NetworkNamespace,
  { command, fds }: { command: string[]; fds: { seccompFd: number; listenFd: number } },
): ChildProcess {
  const { descriptors, command: enter } = network.enter(NETWORK_FD);
  const { script, args } = startScript(launch, descriptors);
  const drop = launch.identity
    ? [
        launch.identity.setpriv,
        ...[`--reuid=${launch.identity.uid}`, `--regid=${launch.identity.uid}`, "--clear-groups"],
        ...["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"],
      ]
    : [];
  const stdio: (number | "pipe" | "ignore")[] = ["pipe", "ignore", "pipe"];
  stdio[LISTEN_FD] = fds.listenFd;
  stdio[SECCOMP_FD] = fds.seccompFd;
  stdio[ARGUMENTS_FD] = "pipe";
  stdio.push(...descriptors);
  const bubblewrap = [launch.bubblewrap, "--args", String(ARGUMENTS_FD), "--", ...command];
  // Only this environment: bubblewrap's own is readable from inside.
  const [file = "", ...line] = [...enter, ...["/bin/sh", "-c", script, ...args], ...[...drop, ...bubblewrap]];
  return spawn(file, line, {
    cwd: "/",
    env: childEnv({ PATH: SYSTEM_PATH }),
    stdio,
  });
}

function pipeOf(child: ChildProcess, index: number): Writable {
  const pipe = child.stdio[index];
  if (!pipe || !("write" in pipe)) throw new PlatformError("sandbox_unavailable", "the sandbox could not be started");
  // A sandbox that ends at once closes its end; `ended` tells why.
  pipe.on("error", () => undefined);
  return pipe;
}

/** The first line that says something; what follows is stack traces. */
function firstWords(said: string): string {
  const lines = said.split("\n").map((line) => line.replace(/^#\s*/, "").trim());
  return lines.find((line) => line !== "")?.slice(0, 300) ?? "";
}

function endOf(child: ChildProcess): Promise<string> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    if (said.length < STDERR_BYTES) said += chunk.toString("utf8");
  });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(firstWords(said) || `it ended with ${signal ?? code}`));
  });
}

/** Where the sockets of one installation are. Linux allows 107 bytes for the path of one. */
export function socketPathFor(directory: string, id: string): string {
  const path = join(directory, `${id}.sock`);
  if (Buffer.byteLength(`${path}.new`) > 107) {
    throw new PlatformError("sandbox_unavailable", `the data directory's path is too long for sockets: ${directory}`);
  }
  return path;
}
