// Finds any of many byte sequences in one pass (Aho and Corasick, 1975). Pure.
// Libraries of it work on strings that are there as a whole; here bytes come in pieces, and what may still become a match is told by its length.

const NONE = -1;

export class BytePatterns {
  readonly lengths: readonly number[];
  /** From the root, which is state 0, by each byte. */
  readonly #fromRoot = new Int32Array(256);
  readonly #byte: number[] = [0];
  readonly #firstChild: number[] = [NONE];
  readonly #nextSibling: number[] = [NONE];
  readonly #depth: number[] = [0];
  readonly #fail: number[] = [0];
  /** The longest pattern that ends in a state. */
  readonly #output: number[] = [NONE];

  constructor(patterns: readonly Uint8Array[]) {
    this.lengths = patterns.map(({ length }) => length);
    for (const [index, pattern] of patterns.entries()) this.#add(pattern, index);
    this.#link();
  }

  /** Of the pattern that has begun, in bytes: nothing before them can become part of a match. */
  depthOf(state: number): number {
    return this.#depth[state] ?? 0;
  }

  /** The longest pattern that ends here, by its place in the list; -1: none. */
  endingIn(state: number): number {
    return this.#output[state] ?? NONE;
  }

  next(state: number, byte: number): number {
    for (let from = state; from !== 0; from = this.#fail[from] ?? 0) {
      const child = this.#childOf(from, byte);
      if (child !== NONE) return child;
    }
    return this.#fromRoot[byte] ?? 0;
  }

  /** The first place from `from` on where any pattern could begin. */
  skip(bytes: Uint8Array, from: number): number {
    const table = this.#fromRoot;
    let index = from;
    while (index < bytes.length && table[bytes[index] as number] === 0) index += 1;
    return index;
  }

  #childOf(state: number, byte: number): number {
    let child = this.#firstChild[state] ?? NONE;
    while (child !== NONE && this.#byte[child] !== byte) child = this.#nextSibling[child] ?? NONE;
    return child;
  }

  #add(pattern: Uint8Array, index: number): void {
    let state = 0;
    for (const byte of pattern) {
      const known = state === 0 ? this.#fromRoot[byte] || NONE : this.#childOf(state, byte);
      state = known === NONE ? this.#newState(state, byte) : known;
    }
    if (state !== 0 && this.#output[state] === NONE) this.#output[state] = index;
  }

  #newState(parent: number, byte: number): number {
    const state = this.#byte.length;
    this.#byte.push(byte);
    this.#firstChild.push(NONE);
    this.#nextSibling.push(this.#firstChild[parent] ?? NONE);
    this.#depth.push((this.#depth[parent] ?? 0) + 1);
    this.#fail.push(0);
    this.#output.push(NONE);
    this.#firstChild[parent] = state;
    if (parent === 0) this.#fromRoot[byte] = state;
    return state;
  }

  /** Breadth first: where a state fails to is less deep, so it is known before. */
  #link(): void {
    const queue: number[] = [0];
    for (const state of queue) {
      for (let child = this.#firstChild[state] ?? NONE; child !== NONE; child = this.#nextSibling[child] ?? NONE) {
        queue.push(child);
        if (state !== 0) this.#fail[child] = this.next(this.#fail[state] ?? 0, this.#byte[child] ?? 0);
        const shorter = this.#output[this.#fail[child] ?? 0] ?? NONE;
        if (this.#output[child] === NONE) this.#output[child] = shorter;
      }
    }
  }
}
