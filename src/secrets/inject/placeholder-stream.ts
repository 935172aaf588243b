// Looks for placeholders in a body on its way out. Only what may still become one is held back.
import { Transform } from "node:stream";
import { PLACEHOLDER } from "../placeholders.ts";
import { PLACEHOLDER_PREFIX } from "../secret-value.ts";

const PREFIX = Buffer.from(PLACEHOLDER_PREFIX);
const LENGTH = PREFIX.length + 32;
const WHOLE = new RegExp(`^${PLACEHOLDER.source}$`);

/** What goes out in the place of a placeholder; throws for one that may not be there. */
export type OnPlaceholder = (placeholder: string) => Buffer;

export function swapWhole(bytes: Buffer, onPlaceholder: OnPlaceholder): Buffer {
  const { ready, held } = swap(bytes, onPlaceholder);
  return held.length === 0 ? ready : Buffer.concat([ready, held]);
}

export function createPlaceholderStream(onPlaceholder: OnPlaceholder): Transform {
  let held: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      try {
        const step = swap(held.length === 0 ? piece : Buffer.concat([held, piece]), onPlaceholder);
        held = Buffer.from(step.held);
        if (step.ready.length > 0) this.push(step.ready);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      if (held.length > 0) this.push(held);
      done();
    },
  });
}

function swap(bytes: Buffer, onPlaceholder: OnPlaceholder): { ready: Buffer; held: Buffer } {
  const out: Buffer[] = [];
  let given = 0;
  let from = 0;
  for (;;) {
    const at = bytes.indexOf(PREFIX, from);
    if (at === -1) break;
    if (at + LENGTH > bytes.length) return { ready: joined(out, bytes.subarray(given, at)), held: bytes.subarray(at) };
    const text = bytes.toString("latin1", at, at + LENGTH);
    from = at + 1;
    if (!WHOLE.test(text)) continue;
    out.push(bytes.subarray(given, at), onPlaceholder(text));
    given = at + LENGTH;
    from = given;
  }
  const open = Math.max(given, bytes.length - begunAtEnd(bytes));
  return { ready: joined(out, bytes.subarray(given, open)), held: bytes.subarray(open) };
}

/** How many bytes at the end may be the beginning of a placeholder. */
function begunAtEnd(bytes: Buffer): number {
  for (let length = Math.min(PREFIX.length - 1, bytes.length); length > 0; length--)
    if (bytes.subarray(bytes.length - length).equals(PREFIX.subarray(0, length))) return length;
  return 0;
}

function joined(out: Buffer[], last: Buffer): Buffer {
  return out.length === 0 ? last : Buffer.concat([...out, last]);
}
