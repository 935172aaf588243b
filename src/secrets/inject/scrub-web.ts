// The same for what `fetch` gives: a web stream on its way to whoever reads it.
import { pipeline, Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import type { Scrubber } from "./scrubber.ts";

/** Its length may change. A failure of either end ends the other. */
export function scrubWeb(scrubber: Scrubber, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const scrubbed = scrubber.stream({ keepsLength: false });
  pipeline(Readable.fromWeb(body as NodeReadableStream<Uint8Array>), scrubbed, () => undefined); // Told by the stream's own error.
  return Readable.toWeb(scrubbed) as unknown as ReadableStream<Uint8Array>;
}
