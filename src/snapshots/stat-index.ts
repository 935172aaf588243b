// Which files of a disk are known: their times and numbers when their content was read or written. Only a help: without it, everything is read.
import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";
import { z } from "zod";
import type { BlobStore } from "../blobs/blobs.ts";
import type { TreeStat } from "../sandboxes/sandbox.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const MAX_BYTES = 512 * 1024 * 1024;

/** By path, what must be the same for the content to be the same: size, both times, inode. */
export type StatIndex = Map<string, string>;

/** Whose: of which disk, and as of which snapshot. */
export type IndexOwner = { sessionId: string; snapshotId: string; identity: string };

export function fingerprintOf(stat: TreeStat): string {
  return `${stat.sizeBytes} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.inode}`;
}

function folderOf({ sessionId }: { sessionId: string }): string {
  return `indexes/${sessionId}/`;
}

const keyOf = (owner: IndexOwner) => `${folderOf(owner)}${owner.snapshotId}`;

export async function putIndex(blobs: BlobStore, owner: IndexOwner, index: StatIndex): Promise<void> {
  const lines = [owner.identity, ...index].map((line) => JSON.stringify(line));
  await blobs.put(keyOf(owner), await compress(Buffer.from(lines.join("\n")), LEVEL));
}

const lineShape = z.tuple([z.string(), z.string()]);

/** Empty when there is none, when it is of another disk, or can't be read: then files are read anew. */
export async function getIndex(blobs: BlobStore, owner: IndexOwner): Promise<StatIndex> {
  const stored = await blobs.get(keyOf(owner));
  if (!stored) return new Map();
  try {
    const text = (await decompress(stored, { maxOutputLength: MAX_BYTES })).toString("utf8");
    const [identity = "", ...lines] = text.split("\n");
    if (JSON.parse(identity) !== owner.identity) return new Map();
    return new Map(lines.map((line) => lineShape.parse(JSON.parse(line))));
  } catch {
    // Damaged. What it would have saved is only time.
    return new Map();
  }
}

/** Removes those of a session but one. */
export async function removeIndexes(
  blobs: BlobStore,
  session: { sessionId: string },
  options: { except: string | null },
): Promise<void> {
  const folder = folderOf(session);
  for await (const { key } of blobs.list(folder)) if (key !== `${folder}${options.except}`) await blobs.remove(key);
}
