// Installs the Debian packages that sandboxes need, where that is allowed; otherwise names the one command to type.
import { spawn } from "node:child_process";
import { childEnv } from "../../lib/child-env.ts";
import { findProgram } from "./host.ts";
import { SYSTEM_PATH } from "./run-command.ts";

/** Program → package. ripgrep only makes searches faster. */
const PACKAGES = { bwrap: "bubblewrap", setpriv: "util-linux", "mkfs.ext4": "e2fsprogs", rg: "ripgrep" } as const;
const INSTALL_TIMEOUT_MS = 5 * 60_000;

export type InstallOutcome =
  | { outcome: "present" }
  | { outcome: "installed"; packages: string[] }
  /** Nothing was done; `command` is what a person can type. */
  | { outcome: "not-possible"; packages: string[]; reason: string; command: string };

export type InstallOptions = {
  allowed: boolean;
  /** Lines for a person who waits. */
  onProgress: (line: string) => void;
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
  const needed = isRoot ? Object.entries(PACKAGES) : [["bwrap", PACKAGES.bwrap] as const, ["rg", PACKAGES.rg] as const];
  return needed.filter(([program]) => !findProgram(program, searchPath)).map(([, name]) => name);
}

export async function installSandboxTools(options: InstallOptions): Promise<InstallOutcome> {
  const { allowed, onProgress, searchPath = SYSTEM_PATH, isRoot = process.getuid?.() === 0 } = options;
  const packages = missingPackages(isRoot, searchPath);
  if (packages.length === 0) return { outcome: "present" };
  const command = installCommand(packages, isRoot, searchPath);
  const refuse = (reason: string): InstallOutcome => ({ outcome: "not-possible", packages, reason, command });
  if (!allowed) return refuse("installing is turned off");
  if (!isRoot) return refuse("only root can install packages");
  const aptGet = findProgram("apt-get", searchPath);
  if (!aptGet) return refuse("this system has no apt-get");
  onProgress(`installing ${packages.join(" and ")} (apt-get)`);
  const install = ["install", "--yes", "--no-install-recommends", ...packages];
  if ((await run(aptGet, install, onProgress)) !== 0) {
    // The package lists of a fresh machine are empty or old.
    await run(aptGet, ["update"], onProgress);
    const code = await run(aptGet, install, onProgress);
    if (code !== 0) return refuse(`apt-get ended with ${code}`);
  }
  return { outcome: "installed", packages };
}

function run(file: string, args: readonly string[], onLine: (line: string) => void): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      env: childEnv({ PATH: SYSTEM_PATH, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" }),
      stdio: ["ignore", "pipe", "pipe"],
      timeout: INSTALL_TIMEOUT_MS,
    });
    const say = (chunk: Buffer) => {
      for (const line of chunk.toString("utf8").split("\n")) if (line.trim() !== "") onLine(line.trim());
    };
    child.stdout.on("data", say);
    child.stderr.on("data", say);
    child.once("error", (error) => {
      onLine(error.message);
      resolve(null);
    });
    child.once("close", resolve);
  });
}
