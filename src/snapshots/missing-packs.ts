// Which of the packs that a snapshot would take over are not in the store any more: somebody removed them, or a backup was restored in part.
import type { BlobStore } from "../blobs/blobs.ts";
import { type ChunkRef, packKey } from "./content.ts";

/** Requests under way at once. */
const AT_ONCE = 8;

/**
 * One request of one byte a pack, the last that is needed of it: one that was cut short is missing, too. Returns their ids. Throws
 * `unavailable` when the store is away, so that being away is never taken for being empty.
 */
export async function findMissingPacks(options: {
  blobs: BlobStore;
  teamId: string;
  refs: Iterable<ChunkRef>;
  signal?: AbortSignal | undefined;
}): Promise<Set<string>> {
  const { blobs, teamId, signal } = options;
  const lastByte = new Map<string, number>();
  for (const { pack, offset, storedBytes } of options.refs)
    lastByte.set(pack, Math.max(lastByte.get(pack) ?? 0, offset + storedBytes - 1));
  const missing = new Set<string>();
  const left = [...lastByte];
  const lookOn = async (): Promise<void> => {
    for (let next = left.pop(); next; next = left.pop()) {
      const [pack, offset] = next;
      const byte = await blobs.get(packKey(teamId, pack), { offset, lengthBytes: 1 }, signal ? { signal } : {});
      if (byte?.length !== 1) missing.add(pack);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, left.length) }, lookOn));
  return missing;
}
