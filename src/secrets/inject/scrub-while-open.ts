// Takes credentials out of an answer for as long as it goes on: one that is renewed meanwhile, and goes with the next request, may come back in it.
import { hasCode } from "../../lib/errors.ts";
import type { SessionCredential } from "../session-credentials.ts";
import type { Replacer } from "./replace-bytes.ts";
import { createScrubber } from "./scrubber.ts";

const EMPTY = Buffer.alloc(0);

/**
 * `from`: what is in effect before the question is asked. `inEffect`: asked before each piece; what was in effect once is taken out to the
 * end. While that is `unavailable` no other one goes into a request either; what else it rejects with fails the stream.
 */
export function scrubWhileOpen(
  body: ReadableStream<Uint8Array>,
  options: { from: readonly SessionCredential[]; inEffect: () => Promise<readonly SessionCredential[]> },
): ReadableStream<Uint8Array> {
  const known = new Map<string, SessionCredential>();
  let latest: readonly SessionCredential[] | null = null;
  let replacer: Replacer | null = null;

  /** What was held back of the pieces before goes with the next one. */
  function learn(credentials: readonly SessionCredential[]): Buffer {
    // One list stays the same object while nothing changes.
    if (credentials === latest) return EMPTY;
    latest = credentials;
    const before = known.size;
    for (const credential of credentials) known.set(`${credential.id} ${credential.version}`, credential);
    if (known.size === before) return EMPTY;
    const held = replacer?.end() ?? EMPTY;
    replacer = createScrubber([...known.values()])?.pieces({ keepsLength: false }) ?? null;
    return held;
  }

  const current = () =>
    options.inEffect().catch((error: unknown) => {
      if (hasCode(error, "unavailable") && latest) return latest;
      throw error;
    });

  learn(options.from);
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(piece, controller) {
        const bytes = Buffer.concat([learn(await current()), piece]);
        const ready = replacer ? replacer.push(bytes) : bytes;
        if (ready.length > 0) controller.enqueue(ready);
      },
      flush(controller) {
        const last = replacer?.end() ?? EMPTY;
        if (last.length > 0) controller.enqueue(last);
      },
    }),
  );
}
