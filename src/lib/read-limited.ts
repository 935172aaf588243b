// The body of an answer whose sender may send without end.
import { PlatformError } from "./errors.ts";

/** As UTF-8. Throws `request_too_large` and lets go of the rest when it is longer than `maxBytes`, unpacked. */
export async function readLimited(answer: Response, maxBytes: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += piece.byteLength;
    // Leaving the loop ends the connection.
    if (bytes > maxBytes) throw new PlatformError("request_too_large", `The answer is longer than ${maxBytes} bytes.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
