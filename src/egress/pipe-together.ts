// `pipe`, with what arrives in one turn of the event loop written at once: TLS hands out records of 16 kB, and a write of its own for each costs
// more than what is in it.
import type { Readable, Writable } from "node:stream";

/** Smaller pieces are likely all that there is for the moment: an event of a stream, a short answer. */
const WORTH_WAITING_BYTES = 8 * 1024;

export function pipeTogether(from: Readable, to: Writable): void {
  let corked = false;
  const uncork = () => {
    if (!corked) return;
    corked = false;
    to.uncork();
  };
  // Before `pipe` listens, so that both come first.
  from.on("data", (piece: Buffer) => {
    if (corked || piece.length < WORTH_WAITING_BYTES) return;
    corked = true;
    to.cork();
    setImmediate(uncork);
  });
  // Node writes the end of a chunked answer ahead of what it still holds together.
  from.once("end", uncork);
  from.pipe(to);
}
