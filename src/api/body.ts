// Reads a request's body up to the limit; what is larger is refused without being kept.
import type { IncomingMessage } from "node:http";
import { PlatformError } from "../lib/errors.ts";

export const MAX_BODY_BYTES = 32 * 1024 * 1024;

function tooLarge(): PlatformError {
  return new PlatformError("request_too_large", `The body is larger than ${MAX_BODY_BYTES / 1024 / 1024} MB.`);
}

export async function readBody(request: {
  headers: Headers;
  chunks: AsyncIterable<Uint8Array> | null;
}): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  if (!request.chunks) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.chunks) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

/** The chunks of a request that came through node:http, without ending the connection when reading stops early. */
export function chunksOf(incoming: IncomingMessage): AsyncIterable<Uint8Array> {
  return incoming.iterator({ destroyOnReturn: false });
}
