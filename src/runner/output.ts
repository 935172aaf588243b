// A command's output: kept whole in a file up to a cap, shown with its middle left out, followed while it grows. Memory stays flat.
import { closeSync, mkdirSync, openSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { wholeCharacters } from "../lib/whole-characters.ts";
import { withoutTrailing } from "../lib/without-trailing.ts";

/** What the model is shown at most, in bytes. */
export const SHOWN_BYTES = 100 * 1024;
const HALF = SHOWN_BYTES / 2;
/** Output up to this size never touches the disk. */
const IN_MEMORY_BYTES = 128 * 1024;
/** What a follower gets at a time: ten times a second all that is new, or of a flood twice a second some of it. */
const FOLLOWED_BYTES = 16 * 1024;
const FOLLOW_EVERY_MS = 100;
const FLOOD_EVERY_MS = 500;

const ANSI_SEQUENCE = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[ -/]*[@-~]`, "g");

/** Text as it is shown: no terminal sequences, no NUL (JSON columns can't hold it), no newlines at the end. */
export function toShownText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString("utf8")
    .replace(ANSI_SEQUENCE, "")
    .replaceAll("\0", "\uFFFD");
  return withoutTrailing(text, "\n");
}

export type Shown = { content: string; fullOutputPath?: string };
export type OutputPiece = { offset: number; bytes: Uint8Array };

export class Output {
  readonly #path: string;
  readonly #maxFileBytes: number;
  /** All bytes while they are few. */
  #memory: Uint8Array[] | null = [];
  #fd: number | null = null;
  #head: Buffer = Buffer.alloc(0);
  #tail: Buffer = Buffer.alloc(0);
  #total = 0;
  /** Bytes in memory or in the file. */
  #kept = 0;
  #keepStopped: string | null = null;
  readonly #ended = new AbortController();
  #waiters: (() => void)[] = [];

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

  /**
   * What comes from byte `from` on, a little later than it came, so that a command that ends at once is told by its result
   * alone; so is what comes last. A follower that is behind gets the beginning and the newest: offsets tell what is left out.
   */
  async *follow(from: number, signal: AbortSignal): AsyncGenerator<OutputPiece> {
    const leaving = AbortSignal.any([signal, this.#ended.signal]);
    let offset = from;
    let everyMs = FOLLOW_EVERY_MS;
    for (;;) {
      if (this.#total <= offset) await this.#grown(leaving);
      await pause(everyMs, leaving);
      if (leaving.aborted) return;
      everyMs = this.#total - offset > FOLLOWED_BYTES ? FLOOD_EVERY_MS : FOLLOW_EVERY_MS;
      for (const piece of this.#newest(offset)) {
        yield piece;
        offset = piece.offset + piece.bytes.length;
      }
    }
  }

  #grown(leaving: AbortSignal): Promise<void> {
    return settled(leaving, (done) => {
      this.#waiters.push(done);
    });
  }

  #newest(from: number): OutputPiece[] {
    const behind = this.#total - from;
    if (behind <= FOLLOWED_BYTES) return [{ offset: from, bytes: this.#tail.subarray(this.#tail.length - behind) }];
    const half = FOLLOWED_BYTES / 2;
    const head = this.#head.subarray(from, half);
    const tail = this.#tail.subarray(-half);
    // From the beginning of a line on, where there is one.
    const rest = tail.subarray(tail.indexOf(0x0a) + 1);
    const newest = rest.length === 0 ? tail : rest;
    const pieces = head.length === 0 ? [] : [{ offset: from, bytes: head }];
    return [...pieces, { offset: this.#total - newest.length, bytes: newest }];
  }

  /** No more output comes. The file stays only when the shown text refers to it. */
  end(options: { keepFile: boolean }): void {
    this.#ended.abort();
    this.#memory = null;
    if (this.#fd === null) return;
    closeSync(this.#fd);
    this.#fd = null;
    if (!options.keepFile) unlinkSync(this.#path);
  }
}

/** Resolves when what was begun says so, at the latest when the signal is aborted. */
function settled(signal: AbortSignal, begin: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done, { once: true });
    begin(done);
  });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await settled(signal, (done) => {
    timer = setTimeout(done, ms);
  });
  clearTimeout(timer);
}
