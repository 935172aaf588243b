// Chunks from packs: read in few requests, unpacked, and checked against their hash before anybody gets them.
import { hash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { zstdDecompress, zstdDecompressSync } from "node:zlib";
import type { BlobStore } from "../blobs/blobs.ts";
import { messageOf } from "../lib/errors.ts";
import { type ChunkRef, type Content, chunksOf, packKey } from "./content.ts";

/** One request reads neighbours of a pack up to this many bytes, and over gaps up to that. */
const RANGE_BYTES = 8 * 1024 * 1024;
const GAP_BYTES = 256 * 1024;
/** Requests under way at once. */
const AHEAD = 3;
const HERE_BYTES = 128 * 1024;
const SLICE_MS = 5;

const unpackElsewhere = promisify(zstdDecompress);

/** A chunk is not there, or not what it should be. The message is for people. */
export class DamagedChunk extends Error {}

export type ReadChunk = { ref: ChunkRef; bytes: Buffer } | { ref: ChunkRef; damage: DamagedChunk };

export type ChunkReader = ReturnType<typeof createChunkReader>;

export function createChunkReader(options: { blobs: BlobStore; teamId: string; signal?: AbortSignal | undefined }) {
  const { blobs, teamId } = options;
  const signalled = options.signal ? { signal: options.signal } : {};
  let since = performance.now();

  async function unpack(ref: ChunkRef, stored: Buffer): Promise<ReadChunk> {
    if (performance.now() - since > SLICE_MS) {
      await nextTurn();
      since = performance.now();
    }
    const damaged = (why: string) => ({ ref, damage: new DamagedChunk(`${why} (chunk ${ref.sha256.slice(0, 12)})`) });
    if (stored.length < ref.storedBytes) return damaged("a part of its content is missing");
    let bytes = stored;
    try {
      // One buffer takes it all: with the usual ones of 16 kB half the time went into collecting them.
      const limit = { maxOutputLength: Math.max(1, ref.sizeBytes), chunkSize: Math.max(64, ref.sizeBytes + 1) };
      if (ref.storedBytes !== ref.sizeBytes)
        bytes = ref.sizeBytes <= HERE_BYTES ? zstdDecompressSync(stored, limit) : await unpackElsewhere(stored, limit);
    } catch (error) {
      return damaged(`a part of its content can't be unpacked: ${messageOf(error)}`);
    }
    if (bytes.length !== ref.sizeBytes || hash("sha256", bytes, "hex") !== ref.sha256)
      return damaged("a part of its content is not what was stored");
    return { ref, bytes };
  }

  /** Neighbours that one request reads. */
  async function fetchGroup(group: readonly ChunkRef[]): Promise<ReadChunk[]> {
    const first = group[0];
    if (!first) return [];
    const offset = Math.min(...group.map((ref) => ref.offset));
    const end = Math.max(...group.map((ref) => ref.offset + ref.storedBytes));
    const range = { offset, lengthBytes: end - offset };
    const bytes = await blobs.get(packKey(teamId, first.pack), range, signalled);
    const read: ReadChunk[] = [];
    for (const ref of group) {
      if (bytes === null)
        read.push({
          ref,
          damage: new DamagedChunk(`a part of its content is missing (pack ${ref.pack.slice(0, 12)})`),
        });
      else read.push(await unpack(ref, bytes.subarray(ref.offset - offset, ref.offset - offset + ref.storedBytes)));
    }
    return read;
  }

  /** In the order asked for. A store that can't be reached throws; damage is told chunk by chunk. */
  async function* readChunks(refs: Iterable<ChunkRef>): AsyncGenerator<ReadChunk> {
    const groups = groupNeighbours(refs);
    const under: Promise<ReadChunk[]>[] = [];
    try {
      for (;;) {
        while (under.length < AHEAD) {
          const next = groups.next();
          if (next.done) break;
          const fetching = fetchGroup(next.value);
          // Thrown where it is awaited.
          fetching.catch(() => undefined);
          under.push(fetching);
        }
        const first = under.shift();
        if (!first) return;
        yield* await first;
      }
    } finally {
      await Promise.allSettled(under);
    }
  }

  return {
    readChunks,
    /** Throws `DamagedChunk`. */
    async readContent(content: Content): Promise<Buffer> {
      const pieces: Buffer[] = [];
      const reading = readChunks(chunksOf(content));
      for (const segment of content.segments) {
        if ("zeros" in segment) {
          pieces.push(Buffer.alloc(segment.zeros));
          continue;
        }
        const { value: read } = await reading.next();
        if (!read) throw new DamagedChunk("a part of its content is missing");
        if ("damage" in read) throw read.damage;
        pieces.push(read.bytes);
      }
      const bytes = Buffer.concat(pieces);
      if (hash("sha256", bytes, "hex") !== content.sha256) throw new DamagedChunk("it is not what was stored");
      return bytes;
    },
  };
}

function* groupNeighbours(refs: Iterable<ChunkRef>): Generator<ChunkRef[]> {
  let group: ChunkRef[] = [];
  let start = 0;
  let end = 0;
  for (const ref of refs) {
    const refEnd = ref.offset + ref.storedBytes;
    const joins =
      group[0]?.pack === ref.pack &&
      ref.offset >= start &&
      ref.offset <= end + GAP_BYTES &&
      refEnd - start <= RANGE_BYTES;
    if (!joins && group.length > 0) {
      yield group;
      group = [];
    }
    if (group.length === 0) start = ref.offset;
    end = group.length === 0 ? refEnd : Math.max(end, refEnd);
    group.push(ref);
  }
  if (group.length > 0) yield group;
}
