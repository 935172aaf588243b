// Programs that speak HTTP/2: each stream is a request like any other, with the same checks on what it names.
import { constants, type OutgoingHttpHeaders, performServerHandshake, type ServerHttp2Stream } from "node:http2";
import type { TLSSocket } from "node:tls";
import { type RawHeaders, valuesOf } from "./request-headers.ts";
import { pairsOf, refusalAnswer, type SandboxEnd } from "./sandbox-end.ts";

const MAX_STREAMS = 128;
const WINDOW_BYTES = 256 * 1024;
/** Connection-wide: what several streams send at once, before it is carried on. */
const MAX_SESSION_MEMORY_MB = 4;

/** `onRequest`: for each stream. `onBroken`: the connection was not what HTTP/2 is, and is gone. */
export function serveHttp2(
  socket: TLSSocket,
  handlers: {
    limits: { headerBytes: number; silentMs: number };
    onRequest: (end: SandboxEnd) => void;
    onBroken: (error: Error) => void;
  },
): void {
  const { limits, onRequest, onBroken } = handlers;
  // Node's own TLS server says so; without it the session would wait for a handshake that is over.
  Object.assign(socket, { secureConnecting: false });
  const session = performServerHandshake(socket, {
    maxSessionMemory: MAX_SESSION_MEMORY_MB,
    settings: {
      maxConcurrentStreams: MAX_STREAMS,
      maxHeaderListSize: limits.headerBytes,
      initialWindowSize: WINDOW_BYTES,
      enableConnectProtocol: false,
    },
  });
  session.setTimeout(limits.silentMs, () => session.destroy());
  session.on("error", onBroken);
  session.on("stream", (stream, headers, _flags, rawHeaders) => {
    // Told by `close` and the stream's code.
    stream.on("error", () => undefined);
    if (headers.expect === "100-continue") stream.additionalHeaders({ ":status": 100 });
    onRequest(http2End(stream, rawHeaders));
  });
}

function http2End(stream: ServerHttp2Stream, raw: RawHeaders): SandboxEnd {
  const head = headOf(raw);
  const [length] = valuesOf(raw, "content-length");
  const framing = length === undefined ? ["Transfer-Encoding", "chunked"] : ["Content-Length", length];
  let trailers: RawHeaders = [];
  let answerTrailers: RawHeaders = [];
  stream.once("trailers", (_headers, _flags, rawTrailers) => {
    trailers = rawTrailers;
  });
  stream.once("wantTrailers", () => stream.sendTrailers(toHeaders(answerTrailers)));
  const respond = (
    headers: OutgoingHttpHeaders,
    { hasBody, hasTrailers }: { hasBody: boolean; hasTrailers: boolean },
  ) => {
    // `sendDate` is Node's, though not in its types: the date is the host's to tell.
    const how = { sendDate: false, endStream: !hasBody, waitForTrailers: hasTrailers };
    stream.respond(headers, how);
  };
  return {
    head,
    framing: stream.endAfterHeaders ? [] : framing,
    body: stream,
    trailers: () => trailers,
    speaksHttp2: true,
    answer: {
      begin: ({ status, headers, hasBody }) =>
        respond({ ":status": status, ...toHeaders(headers) }, { hasBody, hasTrailers: hasBody }),
      to: stream,
      trailers(raw) {
        answerTrailers = raw;
      },
      refuse(refusal) {
        const { headers, body } = refusalAnswer(refusal);
        respond({ ":status": refusal.status, ...headers }, { hasBody: true, hasTrailers: false });
        // What is still sent to it is of no use, and has to be read for the stream to end.
        stream.resume();
        stream.end(body, () => stream.close(constants.NGHTTP2_NO_ERROR));
      },
      redirect: (status, location) => respond({ ":status": status, location }, { hasBody: false, hasTrailers: false }),
      cut: () => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
      isBegun: () => stream.headersSent,
      isGone: () => stream.destroyed || stream.closed,
      isWhole: () => stream.writableFinished && !stream.aborted && stream.rstCode === constants.NGHTTP2_NO_ERROR,
      onceClosed(listener) {
        let told = false;
        // As in HTTP/1.1: an answer that was handed over whole is over, whatever the program does with its side.
        for (const event of ["finish", "close"])
          stream.once(event, () => {
            if (!told) listener();
            told = true;
          });
      },
    },
  };
}

/** A Host header beside another `:authority` stays beside it: two names are refused like two Host headers. */
function headOf(raw: RawHeaders): SandboxEnd["head"] {
  const own = (name: string) => valuesOf(raw, name)[0];
  const authority = own(":authority");
  // Programs may send a cookie in pieces, which HTTP/1.1 has as one.
  const cookies = valuesOf(raw, "cookie");
  const rawHeaders = pairsOf(raw).flatMap(([name, value]) =>
    name.startsWith(":") || name === "cookie" || (name === "host" && value === authority) ? [] : [name, value],
  );
  if (cookies.length > 0) rawHeaders.push("cookie", cookies.join("; "));
  if (authority !== undefined) rawHeaders.unshift("host", authority);
  return { method: own(":method") ?? "", url: own(":path") ?? "", rawHeaders };
}

/** In Node's form: several cookies as a list, others of one name as one, which means the same. Of a list Node would throw, where a name has one value only. */
export function toHeaders(raw: RawHeaders): OutgoingHttpHeaders {
  // No name is known before it was said, `constructor` neither.
  const headers: Record<string, string> = Object.create(null);
  const cookies = valuesOf(raw, "set-cookie");
  for (const [name, value] of pairsOf(raw)) {
    const lower = name.toLowerCase();
    const known = headers[lower];
    headers[lower] = known === undefined ? value : `${known}, ${value}`;
  }
  return cookies.length > 0 ? { ...headers, "set-cookie": cookies } : headers;
}
