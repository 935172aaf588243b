// Hosts that are spoken to in HTTP/2, which gRPC needs: one connection for each, to an address that the dial guard gave.
import { type ClientHttp2Session, constants, connect as http2Connect, type IncomingHttpHeaders } from "node:http2";
import { type SecureContext, type TLSSocket, connect as tlsConnect } from "node:tls";
import type { DialGuard } from "./dial-guard.ts";
import { toHeaders } from "./http2-end.ts";
import { Refusal } from "./refusal.ts";
import { valuesOf } from "./request-headers.ts";
import { pairsOf } from "./sandbox-end.ts";
import { CONNECT_MS, IDLE_MS, type RequestPlan, refusals, type UpstreamRequest } from "./upstream-request.ts";

/** Of one sandbox; shared with no other. */
export type Http2Upstreams = {
  /** Throws when the host can't be reached in HTTP/2. */
  request(plan: RequestPlan): Promise<UpstreamRequest>;
  close(): void;
};

type Kept = { session: ClientHttp2Session; streams: number; idle: NodeJS.Timeout | undefined };

/** `keptMs`: without a stream. */
export function createHttp2Upstreams(options: {
  guard: DialGuard;
  trusted: SecureContext;
  keptMs: number;
}): Http2Upstreams {
  const { guard, keptMs } = options;
  const sessions = new Map<string, Promise<Kept>>();

  function sessionOf(host: string): Promise<Kept> {
    const known = sessions.get(host);
    if (known) return known;
    const making = connectTo(host);
    const forget = () => {
      if (sessions.get(host) === making) sessions.delete(host);
    };
    sessions.set(host, making);
    making.then(({ session }) => {
      session.once("close", forget);
      // No new request on one that its host closes.
      session.once("goaway", forget);
    }, forget);
    return making;
  }

  async function connectTo(host: string): Promise<Kept> {
    const socket = tlsConnect({
      ...{ host, servername: host, port: guard.portOf(host), lookup: guard.lookup },
      ...{ secureContext: options.trusted, rejectUnauthorized: true, ALPNProtocols: ["h2"] },
    });
    await untilSecure(socket);
    if (socket.alpnProtocol !== "h2") {
      socket.destroy();
      throw new Refusal("upstream_failed", "The host does not speak HTTP/2, which gRPC needs.", { detail: "no h2" });
    }
    const session = http2Connect(`https://${host}`, {
      createConnection: () => socket,
      settings: { enablePush: false },
    });
    // Its streams fail with it, and tell.
    session.on("error", () => undefined);
    session.setTimeout(IDLE_MS, () => session.destroy(refusals.silent()));
    const kept: Kept = { session, streams: 0, idle: undefined };
    session.once("close", () => clearTimeout(kept.idle));
    return kept;
  }

  function use(kept: Kept, change: 1 | -1): void {
    kept.streams += change;
    clearTimeout(kept.idle);
    if (kept.streams === 0 && !kept.session.closed) kept.idle = setTimeout(() => kept.session.close(), keptMs);
  }

  return {
    async request({ host, method, path, headers }) {
      const kept = await sessionOf(host);
      const own = pairsOf(headers).filter(([name]) => name.toLowerCase() !== "transfer-encoding");
      const stream = kept.session.request(
        {
          ...{ ":method": method, ":path": path, ":authority": host, ":scheme": "https" },
          ...toHeaders(own.flat()),
          ...(valuesOf(headers, "content-type")[0]?.startsWith("application/grpc") && { te: "trailers" }),
        },
        { waitForTrailers: true, endStream: false },
      );
      let sent: readonly string[] = [];
      stream.once("wantTrailers", () => stream.sendTrailers(toHeaders(sent)));
      use(kept, 1);
      stream.once("close", () => use(kept, -1));
      return {
        to: stream,
        trailers(raw) {
          sent = raw;
        },
        destroy(error) {
          if (error) stream.destroy(error);
          else stream.close(constants.NGHTTP2_CANCEL);
        },
        onceAnswered(listener) {
          let trailers: readonly string[] = [];
          stream.once("trailers", (_headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
            trailers = raw;
          });
          stream.once("response", (answer, flags, ...rest) => {
            const raw = (rest as unknown[])[0] as string[];
            const plain = pairsOf(raw).filter(([name]) => !name.startsWith(":"));
            const hasBody = (flags & constants.NGHTTP2_FLAG_END_STREAM) === 0;
            const status = answer[":status"] ?? 502;
            listener({ status, words: "", headers: plain.flat(), hasBody, body: stream, trailers: () => trailers });
          });
        },
        onceFailed: (listener) => void stream.once("error", listener),
        isStale: () => false,
      };
    },
    close() {
      for (const making of sessions.values())
        making.then(
          ({ session }) => session.destroy(),
          () => undefined,
        );
      sessions.clear();
    },
  };
}

async function untilSecure(socket: TLSSocket): Promise<void> {
  const late = setTimeout(() => socket.destroy(refusals.late()), CONNECT_MS);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(new Refusal("upstream_failed", "The host closed the connection.")));
    });
  } finally {
    clearTimeout(late);
  }
}
