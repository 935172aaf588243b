// For answers that go on while a session's credentials change: what is in effect later is taken out as well, and what was is to the end.
import type { SessionCredential } from "../session-credentials.ts";
import type { Replacer } from "./replace-bytes.ts";
import { createScrubber, type Scrubber } from "./scrubber.ts";

/** One list stays the same object while nothing changes. */
export type Credentials = readonly SessionCredential[];

export type Scrubbers = {
  /** Null: there is nothing to take out. */
  of(credentials: Credentials): Scrubber | null;
  /** Both; the first one itself where the second has nothing new. */
  both(first: Credentials, second: Credentials): Credentials;
};

export type GrowingReplacer = Replacer & { learn(credentials: Credentials): void };

/** Made once for each list: all streams of a session have the same. */
export function createScrubbers(): Scrubbers {
  const scrubbers = new WeakMap<Credentials, Scrubber | null>();
  const unions = new WeakMap<Credentials, WeakMap<Credentials, Credentials>>();
  return {
    of(credentials) {
      let scrubber = scrubbers.get(credentials);
      if (scrubber === undefined) {
        scrubber = createScrubber(credentials);
        scrubbers.set(credentials, scrubber);
      }
      return scrubber;
    },
    both(first, second) {
      if (first === second) return first;
      const known = unions.get(first) ?? new WeakMap<Credentials, Credentials>();
      unions.set(first, known);
      let both = known.get(second);
      if (both === undefined) {
        const isNew = (one: SessionCredential) =>
          !first.some(({ id, version }) => id === one.id && version === one.version);
        const more = second.filter(isNew);
        both = more.length === 0 ? first : [...first, ...more];
        known.set(second, both);
      }
      return both;
    },
  };
}

export function createGrowingReplacer(
  scrubbers: Scrubbers,
  { from, keepsLength }: { from: Credentials; keepsLength: boolean },
): GrowingReplacer {
  const replacerOf = () => scrubbers.of(known)?.pieces({ keepsLength }) ?? null;
  let known = from;
  let replacer = replacerOf();
  /** Held back of what came before; it goes with what comes next. */
  let held: Buffer | null = null;
  return {
    learn(credentials) {
      const more = scrubbers.both(known, credentials);
      if (more === known) return;
      known = more;
      const open = replacer?.end();
      if (open && open.length > 0) held = held ? Buffer.concat([held, open]) : open;
      replacer = replacerOf();
    },
    push(piece) {
      const bytes = held ? Buffer.concat([held, piece]) : piece;
      held = null;
      return replacer ? replacer.push(bytes) : bytes;
    },
    end() {
      const bytes = held;
      held = null;
      if (!replacer) return bytes ?? Buffer.alloc(0);
      const ready = bytes ? replacer.push(bytes) : Buffer.alloc(0);
      return Buffer.concat([ready, replacer.end()]);
    },
  };
}
