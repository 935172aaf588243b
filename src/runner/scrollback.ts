// The last part of a terminal's output, by byte offset from its beginning. Its memory has a bound whatever the terminal prints.

export class Scrollback {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #start = 0;
  #end = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Offset of the oldest byte that is kept. */
  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#end += chunk.length;
    for (let oldest = this.#chunks[0]; oldest; oldest = this.#chunks[0]) {
      if (this.#end - this.#start - oldest.length < this.#limit) break;
      this.#chunks.shift();
      this.#start += oldest.length;
    }
  }

  /** What is kept from `offset` on, at most one chunk; null at the end. An offset that is no longer kept begins at the oldest byte. */
  read(offset: number): { offset: number; bytes: Buffer } | null {
    let at = this.#start;
    for (const chunk of this.#chunks) {
      const from = Math.max(0, offset - at);
      if (from < chunk.length) return { offset: at + from, bytes: chunk.subarray(from) };
      at += chunk.length;
    }
    return null;
  }
}
