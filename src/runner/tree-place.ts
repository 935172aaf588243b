// Where a path of the tree is: every directory on the way is opened for itself, so that one that is swapped for a link leads nowhere.
import {
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  opendirSync,
  openSync,
  rmdirSync,
  unlinkSync,
} from "node:fs";
import { openToOwner } from "../lib/open-to-owner.ts";
import type { WireStat } from "./tree-protocol.ts";

export type TreeRoots = { workspaceDir: string; homeDir: string };

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Directories below one that is removed; each is open while its inside is removed. */
const MAX_REMOVED_DEPTH = 1024;

/** A name in an open directory, as a path that the kernel resolves from that directory on. */
export function inDirectory(fd: number, name: string): Buffer {
  return Buffer.from(`/proc/self/fd/${fd}/${name}`, "latin1");
}

export function openDirectory(path: string | Buffer): number {
  return openSync(path, DIRECTORY);
}

/** Where a root is; one that its owner closed to itself is opened, for all that is in it would be lost to a snapshot. */
export function rootDirectory(roots: TreeRoots, root: string): string {
  const directory = root === "workspace" ? roots.workspaceDir : roots.homeDir;
  openToOwner(directory);
  return directory;
}

export function toWireStat(stat: BigIntStats): WireStat {
  return {
    mode: Number(stat.mode & 0o7777n),
    sizeBytes: Number(stat.size),
    allocatedBytes: Number(stat.blocks) * 512,
    mtimeNs: `${stat.mtimeNs}`,
    ctimeNs: `${stat.ctimeNs}`,
    inode: `${stat.ino}`,
    links: Number(stat.nlink),
  };
}

/** Keeps the directories of the last path open: paths mostly come directory by directory. */
export class TreePlace {
  readonly #roots: TreeRoots;
  /** From the root on. */
  readonly #open: { name: string; fd: number }[] = [];

  constructor(roots: TreeRoots) {
    this.#roots = roots;
  }

  /** An open directory; good until the next call. Throws as the system does, also for a link on the way. */
  directory(path: string): number {
    const names = path.split("/");
    let same = 0;
    while (same < names.length && this.#open[same]?.name === names[same]) same++;
    this.#closeFrom(same);
    for (const name of names.slice(same)) {
      const above = this.#open.at(-1);
      const fd = openDirectory(above ? inDirectory(above.fd, name) : rootDirectory(this.#roots, name));
      this.#open.push({ name, fd });
    }
    const last = this.#open.at(-1);
    if (!last) throw new Error("a path has at least one name");
    return last.fd;
  }

  /** A path's name in its open directory; the roots themselves are in none. */
  locate(path: string): { fd: number; name: string; address: Buffer } {
    const slash = path.lastIndexOf("/");
    if (slash < 0) throw Object.assign(new Error("it is the root itself"), { code: "EBUSY" });
    const fd = this.directory(path.slice(0, slash));
    const name = path.slice(slash + 1);
    return { fd, name, address: inDirectory(fd, name) };
  }

  close(): void {
    this.#closeFrom(0);
  }

  #closeFrom(index: number): void {
    for (const { fd } of this.#open.splice(index).reverse()) closeSync(fd);
  }
}

/** Removes a name with all that is below it. Nothing is there: good. */
export function removeName(fd: number, name: string, depth = 0): void {
  const address = inDirectory(fd, name);
  const stat = lstatSync(address, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isDirectory()) {
    unlinkSync(address);
    return;
  }
  if (depth > MAX_REMOVED_DEPTH) throw Object.assign(new Error("too deep"), { code: "ENAMETOOLONG" });
  const inner = openDirectory(address);
  try {
    for (;;) {
      // From the start again: removing while reading may skip names.
      const names = firstNames(inner);
      if (names.length === 0) break;
      for (const one of names) removeName(inner, one, depth + 1);
    }
  } finally {
    closeSync(inner);
  }
  rmdirSync(address);
}

function firstNames(fd: number): string[] {
  const directory = opendirSync(`/proc/self/fd/${fd}`, { encoding: "latin1", bufferSize: 256 });
  try {
    const names: string[] = [];
    while (names.length < 1024) {
      const entry = directory.readSync();
      if (!entry) break;
      names.push(entry.name);
    }
    return names;
  } finally {
    directory.closeSync();
  }
}
