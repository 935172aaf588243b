// Content-defined chunks of large files (FastCDC): a change in the middle of a file leaves the chunks before and after it as they were.

export const MIN_CHUNK_BYTES = 512 * 1024;
export const MEAN_CHUNK_BYTES = 1024 * 1024;
export const MAX_CHUNK_BYTES = 4 * 1024 * 1024;

/** Before the mean a cut is four times rarer than one in 2^20 bytes, after it four times likelier. The topmost bits know the most bytes. */
const STRICT_MASK = 0xfffffc00 | 0;
const LOOSE_MASK = 0xffffc000 | 0;

/** A random number for each byte. Part of the format: other numbers would cut everything anew. */
const GEAR = gear();

function gear(): Int32Array {
  const table = new Int32Array(256);
  let state = 0x62657274;
  for (let byte = 0; byte < 256; byte++) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    table[byte] = mixed ^ (mixed >>> 14);
  }
  return table;
}

/** Takes bytes as they come and gives chunks. */
export class ChunkCutter {
  #held: Buffer[] = [];
  #heldBytes = 0;
  #hash = 0;

  /** The chunks that are complete with these bytes. */
  push(bytes: Buffer): Buffer[] {
    const chunks: Buffer[] = [];
    let start = 0;
    while (start < bytes.length) {
      const cut = this.#scan(bytes, start);
      const end = cut ?? bytes.length;
      this.#held.push(bytes.subarray(start, end));
      this.#heldBytes += end - start;
      start = end;
      if (cut !== null) chunks.push(this.#take());
    }
    return chunks;
  }

  /** What is left as the last chunk; null when nothing is. */
  end(): Buffer | null {
    return this.#heldBytes === 0 ? null : this.#take();
  }

  #take(): Buffer {
    const chunk = this.#held.length === 1 && this.#held[0] ? this.#held[0] : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.#hash = 0;
    return chunk;
  }

  /** Where in `bytes` the present chunk ends; null: not in these. */
  #scan(bytes: Buffer, start: number): number | null {
    const base = this.#heldBytes - start;
    // The first bytes of a chunk never end it.
    let at = Math.max(start, MIN_CHUNK_BYTES - base);
    let hash = this.#hash;
    const last = Math.min(bytes.length, MAX_CHUNK_BYTES - base);
    const middle = Math.min(last, Math.max(at, MEAN_CHUNK_BYTES - base));
    for (; at < middle; at++) {
      hash = ((hash << 1) + (GEAR[bytes[at] as number] as number)) | 0;
      if ((hash & STRICT_MASK) === 0) return at + 1;
    }
    for (; at < last; at++) {
      hash = ((hash << 1) + (GEAR[bytes[at] as number] as number)) | 0;
      if ((hash & LOOSE_MASK) === 0) return at + 1;
    }
    this.#hash = hash;
    return last + base >= MAX_CHUNK_BYTES ? last : null;
  }
}
