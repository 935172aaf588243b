// Installs the Debian packages that sandboxes need, where that is allowed; otherwise names the one command to type.
import { spawn } from "node:child_process";
import { childEnv } from "../../lib/child-env.ts";
import { findProgram } from "./host.ts";
import { SYSTEM_PATH } from "./run-command.ts";

/** Program → package. ripgrep only makes searches faster. */
const PACKAGES = {
  bwrap: "bubblewrap",
  ip: "iproute2",
  setpriv: "util-linux",
  "mkfs.ext4": "e2fsprogs",
  rg: "ripgrep",
} as const;
const NEEDED_BY_ANYBODY = ["bwrap", "ip", "rg"] as const;
/** For everything together; below what the supervisor allows a start that installs. */
const INSTALL_TIMEOUT_MS = 9 * 60_000;

export type InstallOutcome =
  | { outcome: "present" }
  | { outcome: "installed"; packages: string[] }
  /** Nothing was done; `command` is what a person can type. */
  | { outcome: "not-possible"; packages: string[]; reason: string; command: string }
  /** It was tried. */
  | { outcome: "failed"; packages: string[]; reason: string; command: string };

export type InstallOptions = {
  allowed: boolean;
  /** Called before anything is installed, with the packages' names. */
  onBegin: (packages: readonly string[]) => void;
  /** What apt says, line by line. */
  onProgress: (line: string) => void;
  /** Breaks the installation off, as Ctrl-C does: a package that is being unpacked is finished first. */
  signal: AbortSignal;
  searchPath?: string;
  isRoot?: boolean;
};

/** The one command that installs packages on this kind of system. */
export function installCommand(packages: readonly string[], isRoot: boolean, searchPath: string = SYSTEM_PATH): string {
  const sudo = isRoot ? "" : "sudo ";
  const names = packages.join(" ");
  if (findProgram("apt-get", searchPath)) return `${sudo}apt-get install --yes ${names}`;
  if (findProgram("dnf", searchPath)) return `${sudo}dnf install ${names}`;
  if (findProgram("apk", searchPath)) return `${sudo}apk add ${names}`;
  if (findProgram("pacman", searchPath)) return `${sudo}pacman -S ${names}`;
  return `install the packages ${names}`;
}

export function missingPackages(isRoot: boolean, searchPath: string = SYSTEM_PATH): string[] {
  const needed = isRoot ? Object.entries(PACKAGES) : NEEDED_BY_ANYBODY.map((name) => [name, PACKAGES[name]] as const);
  return needed.filter(([program]) => !findProgram(program, searchPath)).map(([, name]) => name);
}

export async function installSandboxTools(options: InstallOptions): Promise<InstallOutcome> {
  const { allowed, onBegin, onProgress, searchPath = SYSTEM_PATH, isRoot = process.getuid?.() === 0 } = options;
  const packages = missingPackages(isRoot, searchPath);
  if (packages.length === 0) return { outcome: "present" };
  const command = installCommand(packages, isRoot, searchPath);
  const refuse = (reason: string): InstallOutcome => ({ outcome: "not-possible", packages, reason, command });
  if (!allowed) return refuse("installing is turned off");
  if (!isRoot) return refuse("only root can install packages");
  const aptGet = findProgram("apt-get", searchPath);
  if (!aptGet) return refuse("this system has no apt-get");
  onBegin(packages);
  const timeout = AbortSignal.timeout(INSTALL_TIMEOUT_MS);
  const run = (args: readonly string[]) =>
    runApt(aptGet, args, { onLine: onProgress, signal: AbortSignal.any([options.signal, timeout]) });
  const failed = (reason: string): InstallOutcome => ({ outcome: "failed", packages, reason, command });
  const install = ["install", "--yes", "--no-install-recommends", ...packages];
  if ((await run(install)) !== 0) {
    // The package lists of a fresh machine are empty or old.
    await run(["update"]);
    const code = await run(install);
    if (options.signal.aborted) return failed("apt-get was broken off");
    if (timeout.aborted) return failed(`apt-get took longer than ${INSTALL_TIMEOUT_MS / 60_000} minutes`);
    if (code !== 0) return failed(`apt-get ended with ${code}`);
  }
  return { outcome: "installed", packages };
}

/** The exit code; null when it did not get so far. Resolves when it is gone: no apt is left behind. */
function runApt(
  file: string,
  args: readonly string[],
  { onLine, signal }: { onLine: (line: string) => void; signal: AbortSignal },
): Promise<number | null> {
  if (signal.aborted) return Promise.resolve(null);
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      env: childEnv({ PATH: SYSTEM_PATH, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" }),
      stdio: ["ignore", "pipe", "pipe"],
      // Of a group of its own: it is asked to stop, and never killed with us in the middle of a package.
      detached: true,
    });
    const breakOff = () => void child.kill("SIGINT");
    signal.addEventListener("abort", breakOff, { once: true });
    const say = (chunk: Buffer) => {
      for (const line of chunk.toString("utf8").split("\n")) if (line.trim() !== "") onLine(line.trim());
    };
    child.stdout.on("data", say);
    child.stderr.on("data", say);
    const settle = (code: number | null) => {
      signal.removeEventListener("abort", breakOff);
      resolve(code);
    };
    child.once("error", (error) => {
      onLine(error.message);
      if (child.pid === undefined) settle(null);
    });
    child.once("close", settle);
  });
}
