// Takes credentials out of an answer for as long as it goes on: one that is renewed meanwhile, and goes with the next request, may come back in it.
import { hasCode } from "../../lib/errors.ts";
import { type Credentials, createGrowingReplacer, createScrubbers } from "./growing-scrubber.ts";

/**
 * `from`: what is in effect before the question is asked. `inEffect`: asked before each piece; what was in effect once is taken out to the
 * end. While that is `unavailable` no other one goes into a request either; what else it rejects with fails the stream.
 */
export function scrubWhileOpen(
  body: ReadableStream<Uint8Array>,
  options: { from: Credentials; inEffect: () => Promise<Credentials> },
): ReadableStream<Uint8Array> {
  let latest = options.from;
  const replacer = createGrowingReplacer(createScrubbers(), { from: latest, keepsLength: false });
  const current = () =>
    options.inEffect().catch((error: unknown) => {
      if (hasCode(error, "unavailable")) return latest;
      throw error;
    });
  const give = (ready: Buffer, controller: TransformStreamDefaultController<Uint8Array>) => {
    if (ready.length > 0) controller.enqueue(ready);
  };
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(piece, controller) {
        latest = await current();
        replacer.learn(latest);
        give(replacer.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)), controller);
      },
      flush: (controller) => give(replacer.end(), controller),
    }),
  );
}
