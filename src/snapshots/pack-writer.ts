// Chunks are gathered in packs of some 32 MB, so that a tree of small files is a few blobs. A chunk that is known is not stored again.
import { createHash, hash, randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { constants, zstdCompress, zstdCompressSync } from "node:zlib";
import type { ChunkRef, Content, Segment } from "./content.ts";
import { ChunkCutter, MEAN_CHUNK_BYTES } from "./cut-chunks.ts";

export const PACK_BYTES = 32 * 1024 * 1024;
/** Names the format to whoever finds a pack; the random bytes after it make each pack another blob. */
const PACK_HEADER = Buffer.from("berth pack 1\n");
/** Work on a chunk of this size takes less time here than its way to another thread. */
const HERE_BYTES = 128 * 1024;
/** Others on this thread wait at most so long. */
const SLICE_MS = 5;
/** A stretch of zeros is hashed in pieces. */
const ZEROS = Buffer.alloc(1024 * 1024);

const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const compressElsewhere = promisify(zstdCompress);

export type Pack = { id: string; bytes: Buffer };

export type PackWriterOptions = {
  /** Puts a whole pack. Called for one pack at a time. */
  store: (pack: Pack) => Promise<void>;
  /** Chunks that are stored already. */
  known: Iterable<ChunkRef>;
  packBytes?: number;
};

/** Bytes that are hashed, cut and stored as they come. */
export type ContentWriter = {
  data(bytes: Buffer): Promise<void>;
  hole(lengthBytes: number): Promise<void>;
  end(): Promise<Content>;
};

export type PackWriter = ReturnType<typeof createPackWriter>;

export function createPackWriter({ store, known, packBytes = PACK_BYTES }: PackWriterOptions) {
  const refs = new Map<string, ChunkRef>();
  for (const ref of known) refs.set(ref.sha256, ref);
  let pack: { id: string; pieces: Buffer[]; sizeBytes: number } | null = null;
  let storing: Promise<void> = Promise.resolve();
  let storedBytes = 0;
  let packs = 0;
  let since = performance.now();

  async function letOthersOn(): Promise<void> {
    if (performance.now() - since < SLICE_MS) return;
    await nextTurn();
    since = performance.now();
  }

  async function addChunk(bytes: Buffer): Promise<ChunkRef> {
    await letOthersOn();
    const sha256 = hash("sha256", bytes, "hex");
    const known = refs.get(sha256);
    if (known) return known;
    const packed = bytes.length <= HERE_BYTES ? zstdCompressSync(bytes, LEVEL) : await compressElsewhere(bytes, LEVEL);
    const stored = packed.length < bytes.length ? packed : bytes;
    pack ??= startPack();
    const ref = { sha256, sizeBytes: bytes.length, pack: pack.id, offset: pack.sizeBytes, storedBytes: stored.length };
    // A copy: what came is a part of something larger that it would keep in memory.
    pack.pieces.push(stored === bytes ? Buffer.from(bytes) : stored);
    pack.sizeBytes += stored.length;
    refs.set(sha256, ref);
    if (pack.sizeBytes >= packBytes) await sealPack();
    return ref;
  }

  function startPack() {
    const nonce = randomBytes(16);
    return { id: nonce.toString("hex"), pieces: [PACK_HEADER, nonce], sizeBytes: PACK_HEADER.length + nonce.length };
  }

  /** One pack is on its way while the next is filled. */
  async function sealPack(): Promise<void> {
    if (!pack) return;
    const { id, pieces } = pack;
    pack = null;
    await storing;
    const bytes = Buffer.concat(pieces);
    packs += 1;
    storedBytes += bytes.length;
    storing = store({ id, bytes });
    // Whoever waits next is told.
    storing.catch(() => undefined);
  }

  /** `sizeBytes` is what is expected; it decides whether it is cut. */
  function writeContent(sizeBytes: number): ContentWriter {
    if (sizeBytes <= MEAN_CHUNK_BYTES) return wholeContent();
    const whole = createHash("sha256");
    const segments: Segment[] = [];
    let written = 0;
    let cutter = new ChunkCutter();
    /** Chunks do not go across a hole. */
    const pending: (Buffer | number)[] = [];
    const drain = async () => {
      for (const one of pending.splice(0))
        segments.push(typeof one === "number" ? { zeros: one } : await addChunk(one));
    };
    return {
      async data(bytes) {
        whole.update(bytes);
        written += bytes.length;
        pending.push(...cutter.push(bytes));
        await drain();
        await letOthersOn();
      },
      async hole(lengthBytes) {
        for (let at = 0; at < lengthBytes; at += ZEROS.length) {
          whole.update(ZEROS.subarray(0, lengthBytes - at));
          await letOthersOn();
        }
        written += lengthBytes;
        const rest = cutter.end();
        if (rest) pending.push(rest);
        cutter = new ChunkCutter();
        pending.push(lengthBytes);
      },
      async end() {
        const rest = cutter.end();
        if (rest) pending.push(rest);
        await drain();
        return { sha256: whole.digest("hex"), sizeBytes: written, segments };
      },
    };
  }

  function wholeContent(): ContentWriter {
    const pieces: Buffer[] = [];
    return {
      async data(bytes) {
        pieces.push(bytes);
      },
      // Small enough to be written out: zeros compress to nothing.
      async hole(lengthBytes) {
        pieces.push(Buffer.alloc(lengthBytes));
      },
      async end() {
        const bytes = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
        if (bytes.length === 0) return { sha256: hash("sha256", bytes, "hex"), sizeBytes: 0, segments: [] };
        const ref = await addChunk(bytes);
        return { sha256: ref.sha256, sizeBytes: bytes.length, segments: [ref] };
      },
    };
  }

  return {
    writeContent,
    async writeBytes(bytes: Buffer): Promise<Content> {
      const writer = writeContent(bytes.length);
      await writer.data(bytes);
      return writer.end();
    },
    /** Everything is in the store when this resolves. */
    async finish(): Promise<{ packs: number; storedBytes: number }> {
      await sealPack();
      await storing;
      return { packs, storedBytes };
    },
  };
}
