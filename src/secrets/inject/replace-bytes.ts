// Replaces patterns in bytes that come in pieces. Pure. Only what may still become a match is held back.
import type { BytePatterns } from "./byte-patterns.ts";

export type Replacer = {
  /** What can go on now. */
  push(piece: Buffer): Buffer;
  /** What was held back, at the end. */
  end(): Buffer;
};

const EMPTY = Buffer.alloc(0);

/**
 * The leftmost match counts, of those that begin there the longest. What was put in is not looked at again.
 * `replacementOf`: for a pattern, by its place in the list.
 */
export function createReplacer(patterns: BytePatterns, replacementOf: (pattern: number) => Buffer): Replacer {
  /** Not given out yet; all of it has been looked at. */
  let held: Buffer = EMPTY;
  let state = 0;
  /** In `held`. */
  let match: { start: number; end: number; pattern: number } | null = null;

  function scan(bytes: Buffer, from: number, isEnd: boolean): Buffer {
    const out: Buffer[] = [];
    let given = 0;
    let index = from;
    for (;;) {
      if (state === 0 && match === null) index = patterns.skip(bytes, index);
      if (index < bytes.length) {
        const before = patterns.depthOf(state);
        state = patterns.next(state, bytes[index] as number);
        index += 1;
        if (match === null && patterns.depthOf(state) <= before && patterns.isShallow(state)) {
          // What had begun is none, and hardly anything else has.
          index -= patterns.depthOf(state);
          state = 0;
          continue;
        }
        const pattern = patterns.endingIn(state);
        if (pattern !== -1) {
          const start = index - (patterns.lengths[pattern] ?? 0);
          if (match === null || start <= match.start) match = { start, end: index, pattern };
        }
      } else if (!isEnd || match === null) break;
      // A longer one that began before it, or with it, may still come.
      if (match === null || (index - patterns.depthOf(state) <= match.start && !(isEnd && index === bytes.length)))
        continue;
      out.push(bytes.subarray(given, match.start), replacementOf(match.pattern));
      given = match.end;
      index = match.end;
      state = 0;
      match = null;
    }
    const open = isEnd ? bytes.length : Math.min(bytes.length - patterns.depthOf(state), startOf(match));
    out.push(bytes.subarray(given, open));
    held = open === bytes.length ? EMPTY : Buffer.from(bytes.subarray(open));
    if (match !== null) match = { ...match, start: match.start - open, end: match.end - open };
    return out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out);
  }

  return {
    push: (piece) => scan(held.length === 0 ? piece : Buffer.concat([held, piece]), held.length, false),
    end: () => scan(held, held.length, true),
  };
}

function startOf(match: { start: number } | null): number {
  return match?.start ?? Number.POSITIVE_INFINITY;
}
