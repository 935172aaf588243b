// Finds any of many byte sequences in one pass (Aho and Corasick, 1975), and skips what can hold none of them (Wu and Manber, 1994). Pure.
// Libraries of it work on strings that are there as a whole; here bytes come in pieces, and what may still become a match is told by its length.

const NONE = -1;
/** Of a pattern's beginning as much as decides where one could begin. */
const MAX_WINDOW = 8;
const BLOCK = 3;
const HASH_MASK = 0x1ffff;

export class BytePatterns {
  readonly lengths: readonly number[];
  /** From the root, which is state 0, by each byte. */
  readonly #fromRoot = new Int32Array(256);
  readonly #byte: Uint8Array;
  readonly #firstChild: Int32Array;
  readonly #nextSibling: Int32Array;
  readonly #depth: Int32Array;
  readonly #fail: Int32Array;
  /** The longest pattern that ends in a state. */
  readonly #output: Int32Array;
  #states = 1;
  /** As many bytes each pattern has at least. */
  readonly #window: number;
  /** How far a window can move whose last three bytes are these, by their hash. Empty: patterns are too short for it. */
  readonly #shift: Uint8Array;

  constructor(patterns: readonly Uint8Array[]) {
    this.lengths = patterns.map(({ length }) => length);
    const most = 1 + this.lengths.reduce((sum, length) => sum + length, 0);
    this.#byte = new Uint8Array(most);
    this.#firstChild = new Int32Array(most).fill(NONE);
    this.#nextSibling = new Int32Array(most).fill(NONE);
    this.#depth = new Int32Array(most);
    this.#fail = new Int32Array(most);
    this.#output = new Int32Array(most).fill(NONE);
    for (const [index, pattern] of patterns.entries()) this.#add(pattern, index);
    this.#link();
    this.#window = Math.min(MAX_WINDOW, ...this.lengths);
    this.#shift = this.#window < BLOCK ? new Uint8Array(0) : shiftsOf(patterns, this.#window);
  }

  /** Of the pattern that has begun, in bytes: nothing before them can become part of a match. */
  depthOf(state: number): number {
    return this.#depth[state] as number;
  }

  /** The longest pattern that ends here, by its place in the list; -1: none. */
  endingIn(state: number): number {
    return this.#output[state] as number;
  }

  /** So little has begun that looking at it again from there, by `skip`, is faster than going on. */
  isShallow(state: number): boolean {
    return (this.#depth[state] as number) < this.#window;
  }

  next(state: number, byte: number): number {
    for (let from = state; from !== 0; from = this.#fail[from] as number) {
      const child = this.#childOf(from, byte);
      if (child !== NONE) return child;
    }
    return this.#fromRoot[byte] as number;
  }

  /** The first place from `from` on where any pattern could begin. */
  skip(bytes: Uint8Array, from: number): number {
    const shift = this.#shift;
    const root = this.#fromRoot;
    const last = bytes.length - this.#window;
    const toBlock = this.#window - BLOCK;
    let index = from;
    while (shift.length > 0 && index <= last) {
      const at = index + toBlock;
      const by = shift[hashAt(bytes, at)] as number;
      if (by === 0 && root[bytes[index] as number] !== 0) return index;
      index += by || 1;
    }
    while (index < bytes.length && root[bytes[index] as number] === 0) index += 1;
    return index;
  }

  #childOf(state: number, byte: number): number {
    let child = this.#firstChild[state] as number;
    while (child !== NONE && this.#byte[child] !== byte) child = this.#nextSibling[child] as number;
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
    const state = this.#states;
    this.#states += 1;
    this.#byte[state] = byte;
    this.#nextSibling[state] = this.#firstChild[parent] as number;
    this.#depth[state] = (this.#depth[parent] as number) + 1;
    this.#firstChild[parent] = state;
    if (parent === 0) this.#fromRoot[byte] = state;
    return state;
  }

  /** Breadth first: where a state fails to is less deep, so it is known before. */
  #link(): void {
    const queue = new Int32Array(this.#states);
    let end = 1;
    for (let at = 0; at < end; at++) {
      const state = queue[at] as number;
      for (let child = this.#firstChild[state] as number; child !== NONE; child = this.#nextSibling[child] as number) {
        queue[end] = child;
        end += 1;
        if (state !== 0) this.#fail[child] = this.next(this.#fail[state] as number, this.#byte[child] as number);
        if (this.#output[child] === NONE) this.#output[child] = this.#output[this.#fail[child] as number] as number;
      }
    }
  }
}

function hashAt(bytes: Uint8Array, at: number): number {
  return (((bytes[at] as number) << 10) ^ ((bytes[at + 1] as number) << 5) ^ (bytes[at + 2] as number)) & HASH_MASK;
}

function shiftsOf(patterns: readonly Uint8Array[], window: number): Uint8Array {
  const shifts = new Uint8Array(HASH_MASK + 1).fill(window - BLOCK + 1);
  for (const pattern of patterns)
    for (let at = 0; at + BLOCK <= window; at++) {
      const hash = hashAt(pattern, at);
      shifts[hash] = Math.min(shifts[hash] as number, window - BLOCK - at);
    }
  return shifts;
}
