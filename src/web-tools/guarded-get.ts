// One GET request of the server's own: over verified TLS, to an address that the dial guard lets through, with caps on size and time.
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Duplex, Readable } from "node:stream";
import type { SecureContext } from "node:tls";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { DialGuard } from "../egress/dial-guard.ts";
import { Refusal } from "../egress/refusal.ts";

const MAX_HEADER_BYTES = 32 * 1024;
const DECODERS = new Map<string, () => Duplex>([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["deflate", createInflate],
  ["br", createBrotliDecompress],
]);

export type GuardedGet = (options: {
  /** Canonical. */
  host: string;
  /** With its query. */
  path: string;
  headers: Readonly<Record<string, string>>;
  /** Of the body, as it is after decompression. */
  maxBytesOf: (contentType: string) => number;
  signal: AbortSignal;
}) => Promise<GotAnswer>;

/** `truncated`: the body goes on, and was read no further. `receivedBytes`: as they came. */
export type GotAnswer = {
  status: number;
  contentType: string;
  location: string | null;
  body: Buffer;
  truncated: boolean;
  receivedBytes: number;
};

/** Throws what the connection threw, a `Refusal`, or the signal's reason. */
export function createGuardedGet({ guard, trusted }: { guard: DialGuard; trusted: SecureContext }): GuardedGet {
  return async ({ host, path, headers, maxBytesOf, signal }) => {
    const request = httpsRequest({
      ...{ host, servername: host, port: guard.portOf(host), lookup: guard.lookup, secureContext: trusted, path },
      // A connection of its own: kept ones would outlive what allowed them.
      ...{ agent: false, maxHeaderSize: MAX_HEADER_BYTES, insecureHTTPParser: false, signal },
      headers: { host, "accept-encoding": "gzip, deflate, br", ...headers },
    });
    // Also what comes when nobody waits for it any more.
    request.on("error", ignore);
    request.end();
    try {
      const [answer] = (await once(request, "response", { signal })) as [IncomingMessage];
      return await readAnswer(answer, maxBytesOf);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      request.destroy();
    }
  };
}

async function readAnswer(answer: IncomingMessage, maxBytesOf: (contentType: string) => number): Promise<GotAnswer> {
  const told = {
    status: answer.statusCode ?? 0,
    contentType: answer.headers["content-type"] ?? "",
    location: answer.headers.location ?? null,
  };
  // Where it leads on, what it says itself does not matter.
  if (told.status >= 300 && told.status < 400 && told.location !== null)
    return { ...told, body: Buffer.alloc(0), truncated: false, receivedBytes: 0 };
  answer.on("error", ignore);
  let receivedBytes = 0;
  answer.on("data", (piece: Buffer) => {
    receivedBytes += piece.length;
  });
  const { body, truncated } = await readUpTo(decoded(answer), maxBytesOf(told.contentType));
  return { ...told, body, truncated, receivedBytes };
}

function decoded(answer: IncomingMessage): Readable {
  const encoding = (answer.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  const create = DECODERS.get(encoding);
  if (create) {
    const decoder = create();
    decoder.on("error", ignore);
    answer.once("error", (error) => decoder.destroy(error));
    decoder.once("close", () => answer.destroy());
    return answer.pipe(decoder);
  }
  if (encoding === "identity" || encoding === "") return answer;
  throw new Refusal("upstream_failed", `The answer is compressed in a way that is not known here (${encoding}).`);
}

/** Whoever reads is told of it. */
const ignore = () => undefined;

/** No more than a piece beyond the cap is ever in memory, however much a few bytes unfold to. */
async function readUpTo(stream: Readable, maxBytes: number): Promise<{ body: Buffer; truncated: boolean }> {
  const pieces: Buffer[] = [];
  let total = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    pieces.push(piece);
    total += piece.length;
    if (total > maxBytes) return { body: Buffer.concat(pieces).subarray(0, maxBytes), truncated: true };
  }
  return { body: Buffer.concat(pieces), truncated: false };
}
