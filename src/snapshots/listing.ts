// What a sandbox says is in its tree, held against what can be: it is hostile, and what it says decides what we store and write.
import { PlatformError } from "../lib/errors.ts";
import type { TreeEntry, TreeStat } from "../sandboxes/sandbox.ts";

/** A file, or the first name of one that has several. */
export type ListedFile = { kind: "file"; path: string; stat: TreeStat };
export type ListedEntry =
  | ListedFile
  | { kind: "link"; path: string; to: string; stat: TreeStat }
  | { kind: "directory"; path: string; stat: TreeStat }
  | { kind: "symlink"; path: string; target: string; stat: TreeStat };

export type LeftOut = { path: string; why: string };
export type Listing = {
  /** By path, in the order of paths' bytes. */
  entries: Map<string, ListedEntry>;
  leftOut: LeftOut[];
  /** How many were left out: more than are named. */
  leftOutCount: number;
  /** Of files, a file with several names once. */
  totalBytes: number;
};

export type ListingLimits = {
  maxEntries: number;
  /** Of paths and targets together. */
  maxTextBytes: number;
  /** What files take on the disk. */
  maxAllocatedBytes: number;
  /** What they would take without holes: reading zeros takes time, too. */
  maxTotalBytes: number;
};

/** As many as are named to a person. */
export const MAX_LEFT_OUT = 100;

export function listingLimits({ diskMb }: { diskMb: number }): ListingLimits {
  const diskBytes = diskMb * 1024 * 1024;
  return {
    maxEntries: 500_000,
    maxTextBytes: 128 * 1024 * 1024,
    maxAllocatedBytes: 2 * diskBytes,
    maxTotalBytes: 8 * diskBytes,
  };
}

function refuse(why: string): never {
  throw new PlatformError("request_too_large", `The files of this session can't be kept: ${why}.`);
}

/** Throws `request_too_large` for more than the limits, `sandbox_unavailable` for what no file system lists. */
export async function takeListing(entries: AsyncIterable<TreeEntry>, limits: ListingLimits): Promise<Listing> {
  const found = new Map<string, Exclude<TreeEntry, { kind: "left_out" }>>();
  const leftOut: LeftOut[] = [];
  let leftOutCount = 0;
  let count = 0;
  let textBytes = 0;
  for await (const entry of entries) {
    count += 1;
    textBytes += entry.path.length + ("target" in entry ? entry.target.length : 0);
    if (count > limits.maxEntries) refuse(`there are more than ${limits.maxEntries} files`);
    if (textBytes > limits.maxTextBytes) refuse("their names are too long");
    if (entry.kind === "left_out") {
      leftOutCount += 1;
      if (leftOut.length < MAX_LEFT_OUT) leftOut.push({ path: entry.path, why: entry.why });
      continue;
    }
    if (found.has(entry.path)) impossible("a path is there twice");
    const parent = entry.path.slice(0, Math.max(0, entry.path.lastIndexOf("/")));
    if (parent !== "" && found.get(parent)?.kind !== "directory") impossible("a path is in no directory");
    if (parent === "" && entry.kind !== "directory") impossible("its root is no directory");
    found.set(entry.path, entry);
  }
  return { ...resolveLinks(found, limits), leftOut, leftOutCount };
}

function impossible(why: string): never {
  throw new PlatformError("sandbox_unavailable", `the sandbox told nonsense of its files: ${why}`);
}

/** Names of one file: the first in order is the file, the others are links to it. */
function resolveLinks(
  found: ReadonlyMap<string, Exclude<TreeEntry, { kind: "left_out" }>>,
  limits: ListingLimits,
): Pick<Listing, "entries" | "totalBytes"> {
  const entries = new Map<string, ListedEntry>();
  const firstNames = new Map<string, string>();
  let totalBytes = 0;
  let allocatedBytes = 0;
  for (const path of [...found.keys()].sort()) {
    const entry = found.get(path);
    if (!entry) continue;
    const { kind, path: _path, ...rest } = entry;
    if (kind === "symlink") {
      const { target, ...stat } = rest as TreeStat & { target: string };
      entries.set(path, { kind, path, target, stat });
      continue;
    }
    // Without a target, only what the system tells of it is left.
    const stat = rest as TreeStat;
    if (kind === "directory") {
      entries.set(path, { kind, path, stat });
      continue;
    }
    const to = stat.links > 1 ? firstNames.get(stat.inode) : undefined;
    if (to !== undefined) {
      entries.set(path, { kind: "link", path, to, stat });
      continue;
    }
    if (stat.links > 1) firstNames.set(stat.inode, path);
    totalBytes += stat.sizeBytes;
    allocatedBytes += Math.min(stat.allocatedBytes, stat.sizeBytes);
    if (allocatedBytes > limits.maxAllocatedBytes) refuse("they are larger than two disks of a sandbox");
    if (totalBytes > limits.maxTotalBytes) refuse("with their holes they are larger than eight disks of a sandbox");
    entries.set(path, { kind, path, stat });
  }
  return { entries, totalBytes };
}
