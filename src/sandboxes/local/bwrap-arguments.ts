// The description of a sandbox for bubblewrap: what is mounted where, what is unshared, what runs. Pure.
import { EGRESS_DIR, PTY_FILE } from "../../runner/protocol.ts";
import { NODE_MODULES_DIR, PACKAGES_DIR } from "../packages-in-sandbox.ts";
import type { JavaSecurityDirectory } from "./java-security-directories.ts";
import { AGENT_UID } from "./system-files.ts";

export type SandboxView = {
  /** Directories and files of the host, readable by the sandbox's user id. */
  etcDir: string;
  nodeFile: string;
  runnerFile: string;
  /** The native half of the pty library; null: no terminals. */
  ptyFile: string | null;
  workspaceDir: string;
  homeDir: string;
  stateDir: string;
  /** Holds the egress broker's socket for this sandbox, and what its programs are to trust. */
  egressDir: string;
  /** Below /usr. */
  javaSecurityDirectories: readonly JavaSecurityDirectory[];
  systemDirectories: readonly { path: string; link: string | null }[];
  /** Memory that is mounted already, limited in bytes and files. Null: bubblewrap mounts its own, limited in bytes. */
  scratch: { tmpDir: string; sharedMemoryDir: string } | null;
  tmpMb: number;
  sharedMemoryMb: number;
  seccompFd: number;
  /** Installed packages; null: none. */
  packages: { directory: string; writable: boolean } | null;
};

/** Paths inside. */
export const INSIDE = {
  workspaceDir: "/workspace",
  homeDir: "/home/agent",
  stateDir: "/var/lib/berth",
  nodeFile: "/opt/berth/bin/node",
  runnerFile: "/opt/berth/runner.cjs",
  packagesDir: PACKAGES_DIR,
} as const;

const MB = 1024 * 1024;

/** All but the command, which bubblewrap takes from its command line only. */
export function bwrapArguments(view: SandboxView): string[] {
  const tmpfs = (path: string, sizeMb: number) => [
    ...["--perms", "1777", "--size", String(sizeMb * MB)],
    ...["--tmpfs", path],
  ];
  return [
    ...["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
    // Its network namespace is the one that the starter made, see network-namespaces.ts.
    ...["--disable-userns", "--uid", String(AGENT_UID), "--gid", String(AGENT_UID), "--cap-drop", "ALL"],
    ...["--hostname", "sandbox", "--new-session", "--die-with-parent", "--clearenv"],
    ...["--ro-bind", "/usr", "/usr"],
    ...view.javaSecurityDirectories.flatMap(({ path, directory }) => ["--ro-bind", directory, path]),
    ...view.systemDirectories.flatMap(({ path, link }) =>
      link === null ? ["--ro-bind", path, path] : ["--symlink", link, path],
    ),
    ...["--ro-bind", view.etcDir, "/etc"],
    // Sysctls that no namespace holds are guarded by the global user id only; read-only is the second wall.
    ...["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"],
    ...["--dev", "/dev"],
    ...(view.scratch
      ? ["--bind", view.scratch.sharedMemoryDir, "/dev/shm", "--bind", view.scratch.tmpDir, "/tmp"]
      : [...tmpfs("/dev/shm", view.sharedMemoryMb), ...tmpfs("/tmp", view.tmpMb)]),
    ...["--remount-ro", "/dev"],
    ...["--dir", "/run", "--dir", "/var", "--symlink", "/tmp", "/var/tmp", "--symlink", "/run", "/var/run"],
    ...["--ro-bind", view.egressDir, EGRESS_DIR],
    ...["--bind", view.workspaceDir, INSIDE.workspaceDir],
    ...["--bind", view.homeDir, INSIDE.homeDir],
    ...["--bind", view.stateDir, INSIDE.stateDir],
    ...["--ro-bind", view.nodeFile, INSIDE.nodeFile],
    ...["--ro-bind", view.runnerFile, INSIDE.runnerFile],
    ...(view.ptyFile === null ? [] : ["--ro-bind", view.ptyFile, PTY_FILE]),
    ...packagesArguments(view.packages),
    // The root itself is a tmpfs without a size; nothing may be written there.
    ...["--remount-ro", "/"],
    ...["--chdir", INSIDE.workspaceDir],
    ...["--seccomp", String(view.seccompFd)],
  ];
}

function packagesArguments(packages: SandboxView["packages"]): string[] {
  if (!packages) return [];
  return [
    ...[packages.writable ? "--bind" : "--ro-bind", packages.directory, INSIDE.packagesDir],
    // `import` reads no variable: it looks in each directory above a program, and this is the last.
    ...["--symlink", NODE_MODULES_DIR, "/node_modules"],
  ];
}

/** Node's settings for the runner: it handles small messages, so its heap is kept small. */
export function runnerCommand(): string[] {
  return [INSIDE.nodeFile, "--max-old-space-size=96", "--max-semi-space-size=1", "--v8-pool-size=1", INSIDE.runnerFile];
}

/** What V8 sets aside of address space without using it; it counts against a process's limit. */
const V8_RESERVE_MB = 768;

/** Without cgroups, limits that each process has of its own; set inside, where the process count is the sandbox's. */
export function withRlimits(command: readonly string[], limits: { memoryMb: number; pids: number }): string[] {
  return [
    "/bin/bash",
    "-c",
    'ulimit -u "$1" && ulimit -d "$2" && shift 2 && exec "$@"',
    "limits",
    String(limits.pids),
    String((limits.memoryMb + V8_RESERVE_MB) * 1024),
    ...command,
  ];
}
