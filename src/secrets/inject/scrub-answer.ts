// An answer on its way to the sandbox: decoded where it is encoded, without the values of credentials, and with headers that are still true.
import { type Duplex, pipeline, Readable } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { InjectionRefused } from "./injection-refused.ts";
import { isTextType } from "./media-types.ts";
import { headerOf, type RawHeaders, replaceHeader, withoutHeaders } from "./raw-headers.ts";
import type { Scrubber } from "./scrubber.ts";
import { createZstdFrames } from "./zstd-frames.ts";

export type AnswerHead = { method: string; status: number; headers: RawHeaders };
export type ScrubbedAnswer = { headers: string[]; body: Readable };

/** A body of a told length up to this is read whole, so that its new length can be told. Longer ones keep theirs. */
const MAX_WHOLE_BYTES = 256 * 1024;

// An empty body may call itself encoded, so the end of an encoding is not insisted on: HTTP tells whether an answer was cut off.
const DECODERS: Readonly<Record<string, () => Duplex>> = {
  gzip: () => createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }),
  "x-gzip": () => createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }),
  deflate: () => createInflate({ finishFlush: constants.Z_SYNC_FLUSH }),
  br: () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: () => createZstdFrames({ finishFlush: constants.ZSTD_e_flush }),
};
/** Nobody packs an answer more often; each time takes memory, and multiplies what a small answer unfolds to. */
const MAX_ENCODINGS = 3;
/** What is asked for upstream, of what the program asked for. Not `deflate`: servers mean two different things by it. */
const ENCODINGS = ["gzip", "br", "zstd", "identity"];
/** What each message of a stream is compressed by. */
const OF_MESSAGES = ["grpc-encoding", "connect-content-encoding"];
/** Of the bytes as they came. */
const DIGESTS = new Set(["content-md5", "digest", "content-digest", "repr-digest"]);

/** Throws `InjectionRefused` for an encoding that cannot be looked into. */
export async function scrubAnswer(scrubber: Scrubber, head: AnswerHead, body: Readable): Promise<ScrubbedAnswer> {
  const headers = scrubber.headers(head.headers);
  if (!hasBody(head)) return { headers, body };
  const decoders = decodersOf(head.headers);
  const isText = isTextType(headerOf(head.headers, "content-type"));
  const length = Number(headerOf(head.headers, "content-length") ?? Number.NaN);
  if (decoders.length === 0 && length > MAX_WHOLE_BYTES)
    return { headers, body: through(body, [scrubber.stream({ keepsLength: true })]) };
  if (decoders.length === 0 && length >= 0) {
    const before = await readWhole(body);
    const after = scrubber.whole(before, { keepsLength: !isText });
    if (after.equals(before)) return { headers, body: Readable.from([before]) };
    const rest = withoutHeaders(headers, (name) => DIGESTS.has(name));
    return { headers: replaceHeader(rest, "Content-Length", String(after.length)), body: Readable.from([after]) };
  }
  const decoded = decoders.length > 0;
  const gone = (name: string) =>
    name === "content-length" || (decoded && (name === "content-encoding" || DIGESTS.has(name)));
  return {
    headers: withoutHeaders(headers, gone),
    body: through(body, [...decoders.map((make) => make()), scrubber.stream({ keepsLength: !isText })]),
  };
}

/** Only what can be decoded here is asked for. Messages within a stream are not decoded at all. */
export function limitAcceptEncoding(before: RawHeaders): string[] {
  const headers = withoutHeaders(before, (name) => /^(grpc|connect)-accept-encoding$/.test(name));
  const asked = headerOf(headers, "accept-encoding");
  if (asked === null) return headers;
  const known = asked
    .split(",")
    .map((part) => part.trim())
    .filter((part) => ENCODINGS.includes((part.split(";", 1)[0] ?? "").trim().toLowerCase()));
  return replaceHeader(headers, "Accept-Encoding", known.join(", ") || "identity");
}

function hasBody({ method, status }: AnswerHead): boolean {
  return method !== "HEAD" && status >= 200 && status !== 204 && status !== 304;
}

/** In the order in which they are undone. */
function decodersOf(headers: RawHeaders): (() => Duplex)[] {
  const [ofMessages] = OF_MESSAGES.flatMap((header) => encodingsIn(headers, header));
  if (ofMessages !== undefined) throw unreadable(ofMessages);
  const names = encodingsIn(headers, "content-encoding");
  if (names.length > MAX_ENCODINGS) throw unreadable(names.join(", "));
  return names.reverse().map((name) => {
    const make = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
    if (make) return make;
    throw unreadable(name);
  });
}

function encodingsIn(headers: RawHeaders, header: string): string[] {
  const names = (headerOf(headers, header) ?? "").split(",").map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== "" && name !== "identity");
}

function unreadable(encoding: string): InjectionRefused {
  return new InjectionRefused(
    "answer_encoding",
    `The host answered in the encoding ${JSON.stringify(encoding.slice(0, 40))}, in which credentials could not be found and taken out.`,
  );
}

/** A failure of any of them ends the last one with it. */
function through(body: Readable, steps: Duplex[]): Readable {
  const last = steps.at(-1);
  if (!last) return body;
  pipeline([body, ...steps], (error) => {
    if (error && !last.destroyed) last.destroy(error);
  });
  return last;
}

async function readWhole(body: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
