// Facts about the host that decide how sandboxes are made: who we are and which programs are there.
import { accessSync, constants, lstatSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { SYSTEM_PATH } from "./run-command.ts";

export type Host = {
  /** As root each sandbox gets its own user id, cgroups and a disk image; otherwise all are the caller's. */
  isRoot: boolean;
  bubblewrap: string | null;
  ripgrep: string | null;
  setpriv: string | null;
  mkfsExt4: string | null;
  mount: string | null;
  /** What makes a sandbox's network; null when any of it is missing. */
  network: { unshare: string; nsenter: string; ip: string } | null;
};

export function findProgram(name: string, searchPath: string = SYSTEM_PATH): string | null {
  for (const directory of searchPath.split(":")) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory.
    }
  }
  return null;
}

export function readHost(): Host {
  const [unshare, nsenter, ip] = ["unshare", "nsenter", "ip"].map((name) => findProgram(name));
  return {
    isRoot: process.getuid?.() === 0,
    bubblewrap: findProgram("bwrap"),
    ripgrep: findProgram("rg"),
    setpriv: findProgram("setpriv"),
    mkfsExt4: findProgram("mkfs.ext4"),
    mount: findProgram("mount"),
    network: unshare && nsenter && ip ? { unshare, nsenter, ip } : null,
  };
}

/** How `/bin`, `/lib` and so on are in the sandbox: links where the host has links into /usr, else read-only binds. */
export function systemDirectories(): { path: string; link: string | null }[] {
  const found: { path: string; link: string | null }[] = [];
  for (const path of ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) found.push({ path, link: readlinkSync(path) });
    else if (stat?.isDirectory()) found.push({ path, link: null });
  }
  return found;
}
