// An answer's body on its way to the program. `pipe` and a listener for each thing that is done with a piece cost a small request a tenth of its time;
// and what arrives in one turn of the event loop is written at once: TLS hands out records of 16 kB, and a write of its own for each costs more than
// what is in it.
import type { Readable, Writable } from "node:stream";

/** Smaller pieces are likely all that there is for the moment: an event of a stream, a short answer. */
const WORTH_WAITING_BYTES = 8 * 1024;

/** As `pipe` does it, no faster than `to` takes it. `onPiece`: for each, before it is written. `beforeEnd`: when all is written, before `to` ends. */
export function pipeTogether(
  from: Readable,
  to: Writable,
  { onPiece, beforeEnd }: { onPiece?: (piece: Buffer) => void; beforeEnd?: () => void } = {},
): void {
  let corked = false;
  let waiting = false;
  const uncork = () => {
    if (!corked) return;
    corked = false;
    to.uncork();
  };
  const goOn = () => {
    waiting = false;
    from.resume();
  };
  const wait = () => {
    if (waiting) return;
    waiting = true;
    from.pause();
    to.once("drain", goOn);
  };
  from.on("data", (piece: Buffer) => {
    onPiece?.(piece);
    if (!corked && piece.length >= WORTH_WAITING_BYTES) {
      corked = true;
      to.cork();
      setImmediate(uncork);
    }
    if (!to.write(piece)) wait();
  });
  // What came before it may already be more than it takes.
  if (to.writableNeedDrain) wait();
  from.once("end", () => {
    beforeEnd?.();
    // Node writes the end of a chunked answer ahead of what it still holds together.
    uncork();
    to.end();
  });
}
