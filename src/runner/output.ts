// A command's output: kept whole in a file up to a cap, shown with its middle left out, followed by byte offset. Memory stays flat.
import { closeSync, mkdirSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** What the model is shown at most, in bytes. */
export const SHOWN_BYTES = 100 * 1024;
const HALF = SHOWN_BYTES / 2;
/** Output up to this size never touches the disk. */
const IN_MEMORY_BYTES = 128 * 1024;
const READ_BYTES = 64 * 1024;

const ANSI_SEQUENCE = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[ -/]*[@-~]`, "g");

/** Text as it is shown: no terminal sequences, no NUL (JSON columns can't hold it), no newlines at the end. */
export function toShownText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString("utf8")
    .replace(ANSI_SEQUENCE, "")
    .replaceAll("\0", "\uFFFD")
    .replace(/\n+$/, "");
}

/** Length of the longest prefix that does not end inside a UTF-8 character. */
export function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

export type Shown = { content: string; fullOutputPath?: string };

export class Output {
  readonly #path: string;
  readonly #maxFileBytes: number;
  /** All bytes while they are few. */
  #memory: Uint8Array[] | null = [];
  #fd: number | null = null;
  #head: Buffer = Buffer.alloc(0);
  #tail: Buffer = Buffer.alloc(0);
  #total = 0;
  /** Bytes that followers can read: in memory or in the file. */
  #kept = 0;
  #keepStopped: string | null = null;
  #ended = false;
  #waiters: (() => void)[] = [];
  #followers = 0;
  #releasing: { keepFile: boolean } | null = null;

  constructor(options: { path: string; maxFileBytes: number }) {
    this.#path = options.path;
    this.#maxFileBytes = options.maxFileBytes;
  }

  get totalBytes(): number {
    return this.#total;
  }

  /** Takes a piece. Writes are synchronous: a flood is slowed by the disk, not collected in memory. */
  append(chunk: Uint8Array): void {
    this.#total += chunk.length;
    if (this.#head.length < HALF) {
      this.#head = Buffer.concat([this.#head, chunk.subarray(0, HALF - this.#head.length)]);
    }
    this.#tail =
      chunk.length >= HALF ? Buffer.from(chunk.subarray(-HALF)) : Buffer.concat([this.#tail, chunk]).subarray(-HALF);
    this.#keep(chunk);
    this.#wake();
  }

  #keep(chunk: Uint8Array): void {
    if (this.#keepStopped !== null) return;
    if (this.#memory && this.#kept + chunk.length <= IN_MEMORY_BYTES) {
      this.#memory.push(Buffer.from(chunk));
      this.#kept += chunk.length;
      return;
    }
    try {
      if (this.#fd === null) {
        mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
        this.#fd = openSync(this.#path, "w+", 0o600);
        let offset = 0;
        for (const piece of this.#memory ?? []) offset += this.#writeAll(this.#fd, piece, offset);
        this.#memory = null;
      }
      const room = this.#maxFileBytes - this.#kept;
      this.#kept += this.#writeAll(this.#fd, chunk.subarray(0, room), this.#kept);
      if (chunk.length > room) this.#keepStopped = `the first ${this.#maxFileBytes} bytes are`;
    } catch (error) {
      // A full disk must not end the command; the reader is told what is missing.
      this.#keepStopped = `what the disk could hold (${error instanceof Error ? error.message : error}) is`;
    }
  }

  #writeAll(fd: number, bytes: Uint8Array, position: number): number {
    let written = 0;
    while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, position + written);
    return written;
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** No more output comes. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** What the model is shown, and the file with the whole when the middle was left out. */
  shown(): Shown {
    if (this.#total <= SHOWN_BYTES) {
      const overlap = Math.max(0, this.#head.length + this.#tail.length - this.#total);
      return { content: toShownText(Buffer.concat([this.#head, this.#tail.subarray(overlap)])) };
    }
    const head = this.#head.subarray(0, wholeCharacters(this.#head));
    let skip = 0;
    while (skip < 3 && ((this.#tail[skip] ?? 0) & 0xc0) === 0x80) skip += 1;
    const left = this.#total - head.length - (this.#tail.length - skip);
    // Output between the shown limit and the in-memory limit is put into the file only now.
    if (this.#fd === null && this.#keepStopped === null) this.#spill();
    const where =
      this.#fd === null
        ? "the rest could not be kept"
        : `${this.#keepStopped ?? "the whole output is"} in ${this.#path}`;
    const marker = `\n[output truncated: ${left} bytes in the middle are left out; ${where}]\n`;
    const content = `${toShownText(head)}${marker}${toShownText(this.#tail.subarray(skip))}`;
    return this.#fd === null ? { content } : { content, fullOutputPath: this.#path };
  }

  #spill(): void {
    const pieces = this.#memory ?? [];
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      this.#fd = openSync(this.#path, "w+", 0o600);
      let offset = 0;
      for (const piece of pieces) offset += this.#writeAll(this.#fd, piece, offset);
      this.#memory = null;
    } catch (error) {
      if (this.#fd !== null) {
        closeSync(this.#fd);
        unlinkSync(this.#path);
        this.#fd = null;
      }
      this.#keepStopped = `nothing (${error instanceof Error ? error.message : error}) is`;
    }
  }

  /** Pieces of output from byte `from` on, until the end; characters are not cut between two pieces. */
  async *follow(from: number, signal: AbortSignal): AsyncGenerator<{ offset: number; text: string }> {
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake);
    this.#followers += 1;
    let offset = from;
    try {
      while (!signal.aborted) {
        const bytes = this.#readKept(offset);
        const whole = this.#ended ? bytes.length : wholeCharacters(bytes);
        if (whole > 0) {
          yield { offset, text: Buffer.from(bytes.subarray(0, whole)).toString("utf8").replaceAll("\0", "\uFFFD") };
          offset += whole;
        } else if (this.#ended) {
          return;
        } else {
          await new Promise<void>((resolve) => this.#waiters.push(resolve));
        }
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#followers -= 1;
      if (this.#releasing && this.#followers === 0) this.#close(this.#releasing.keepFile);
    }
  }

  #readKept(offset: number): Uint8Array {
    const length = Math.min(READ_BYTES, this.#kept - offset);
    if (length <= 0) return new Uint8Array(0);
    if (this.#memory) return Buffer.concat(this.#memory).subarray(offset, offset + length);
    if (this.#fd === null) return new Uint8Array(0);
    const buffer = Buffer.allocUnsafe(length);
    return buffer.subarray(0, readSync(this.#fd, buffer, 0, length, offset));
  }

  /** Gives memory and descriptor back once nobody follows. The file stays only when the shown text refers to it. */
  release(options: { keepFile: boolean }): void {
    this.end();
    this.#releasing = options;
    if (this.#followers === 0) this.#close(options.keepFile);
  }

  #close(keepFile: boolean): void {
    this.#memory = null;
    this.#kept = 0;
    if (this.#fd === null) return;
    closeSync(this.#fd);
    this.#fd = null;
    if (!keepFile) unlinkSync(this.#path);
  }
}
