// A request to a host, and its answer, whichever version of HTTP is spoken there. HTTP/1.1 here; HTTP/2 beside it.
import { type Agent, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Readable, Writable } from "node:stream";
import type { DialGuard } from "./dial-guard.ts";
import { Refusal } from "./refusal.ts";
import type { RawHeaders } from "./request-headers.ts";
import { pairsOf } from "./sandbox-end.ts";

export const CONNECT_MS = 15_000;
/** Without a byte in either direction; a model may think for long before its first one. */
export const IDLE_MS = 15 * 60_000;

/** `headers`: all but the host's own, with those that delimit the body. */
export type RequestPlan = {
  scheme: "http" | "https";
  host: string;
  method: string;
  path: string;
  headers: readonly string[];
};

export type UpstreamAnswer = {
  status: number;
  words: string;
  headers: RawHeaders;
  body: Readable;
  hasBody: boolean;
  /** After the body's end. */
  trailers(): RawHeaders;
};

export type UpstreamRequest = {
  to: Writable;
  /** Before the body's end. */
  trailers(raw: RawHeaders): void;
  destroy(error?: Error): void;
  onceAnswered(listener: (answer: UpstreamAnswer) => void): void;
  onceFailed(listener: (error: Error) => void): void;
  /** It went out on a kept connection, which its host may have closed in that moment. */
  isStale(error: Error): boolean;
};

export const refusals = {
  silent: () => new Refusal("upstream_timeout", "The host was silent for too long.", { status: 504 }),
  late: () => new Refusal("upstream_timeout", "The host did not take the connection in time.", { status: 504 }),
};

type Http1By = { guard: DialGuard; agent: Agent; plainAgent: Agent };

/** Node's own request, for what has to know it; only `guard` says where it is connected to. */
export function beginHttp1(plan: RequestPlan, { guard, agent, plainAgent }: Http1By) {
  const { scheme, host, method, path, headers } = plan;
  const request = { host, lookup: guard.lookup, method, path, headers: ["Host", host, ...headers], timeout: IDLE_MS };
  const upstream =
    scheme === "https"
      ? httpsRequest({ ...request, servername: host, port: guard.portOf(host), agent })
      : httpRequest({ ...request, port: guard.plainPortOf(host), agent: plainAgent });
  upstream.on("timeout", () => upstream.destroy(refusals.silent()));
  upstream.once("socket", (socket) => {
    if (!socket.connecting) return;
    const late = setTimeout(() => upstream.destroy(refusals.late()), CONNECT_MS);
    const events = [scheme === "https" ? "secureConnect" : "connect", "close"];
    // The connection outlives the request, and would keep all of it.
    const done = () => {
      clearTimeout(late);
      for (const event of events) socket.off(event, done);
    };
    for (const event of events) socket.on(event, done);
  });
  return upstream;
}

export function http1Request(plan: RequestPlan, by: Http1By): UpstreamRequest {
  return http1Upstream(beginHttp1(plan, by), plan.method);
}

export function http1Upstream(upstream: ReturnType<typeof beginHttp1>, method: string): UpstreamRequest {
  return {
    to: upstream,
    trailers: (raw) => upstream.addTrailers(pairsOf(raw)),
    destroy: (error) => upstream.destroy(error),
    onceAnswered(listener) {
      upstream.once("response", (answer) => {
        const { statusCode: status = 502, statusMessage: words = "", rawHeaders: headers } = answer;
        const hasBody = method !== "HEAD" && status !== 204 && status !== 304;
        listener({ status, words, headers, hasBody, body: answer, trailers: () => answer.rawTrailers });
      });
    },
    onceFailed: (listener) => void upstream.once("error", listener),
    isStale: (error) => upstream.reusedSocket && "code" in error && error.code === "ECONNRESET",
  };
}
