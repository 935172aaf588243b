// Sandboxes as the machine sees them: which run, on whose disk; and one that is lost with its disk, as when a drive fails.
import { existsSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isSandboxName } from "../../src/sandboxes/local/records.ts";
import type { RunningSandbox } from "./facts.ts";
import { descendantsNamed } from "./processes.ts";

/** Directories of disks that somebody has. */
export function disksOf(dataDir: string): string[] {
  return readdirSync(join(dataDir, "sandboxes")).filter(isSandboxName);
}

/** By their disks: each runner has one mounted, and the kernel knows its file. */
export function runningSandboxes(sandboxd: number): RunningSandbox[] {
  return descendantsNamed(sandboxd, "runner").flatMap((pid) => {
    const image = imageOf(pid);
    if (image === undefined) return [];
    const lies = image !== null && existsSync(image);
    return [{ pid, name: lies ? basename(dirname(image)) : null }];
  });
}

/** Null: it is deleted. Undefined: the process has no disk (yet, or any more). */
function imageOf(pid: number): string | null | undefined {
  try {
    const device = / - ext4 \/dev\/(loop\d+) /.exec(readFileSync(`/proc/${pid}/mountinfo`, "utf8"))?.[1];
    if (device === undefined) return undefined;
    const file = readFileSync(`/sys/block/${device}/loop/backing_file`, "utf8").trim();
    return file.endsWith("(deleted)") ? null : file;
  } catch {
    // It ended while it was looked at.
    return undefined;
  }
}

/** False: there was none. Its directory vanishes at once, then all that ran on it ends. */
export async function loseDisk(dataDir: string, sandboxd: number, name: string): Promise<boolean> {
  const place = join(dataDir, "sandboxes", name);
  const pids = runningSandboxes(sandboxd).flatMap((one) => (one.name === name ? [one.pid] : []));
  const lost = join(dataDir, `lost-${name}-${Date.now()}`);
  try {
    renameSync(place, lost);
  } catch {
    // Nothing has been run there yet.
    return false;
  }
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
  await rm(lost, { recursive: true, force: true });
  return true;
}
