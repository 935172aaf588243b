// Carries an allowed request to its host and the answer back, both as they come: no body is held in memory.
import { type Agent, type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { refuseAnywhere, refuseInTrailers } from "../secrets/inject/swap-placeholders.ts";
import type { ApplyCredentials, CredentialedAnswer, CredentialedRequest } from "./credentials.ts";
import { decide, dependsOnPackageHosts, mayGoPlain, type Policy } from "./decide.ts";
import type { DialGuard } from "./dial-guard.ts";
import { asRefusal, beginExchange, type Exchange, type ExchangeParts } from "./exchange.ts";
import type { Http2Upstreams } from "./http2-upstream.ts";
import { joinSockets } from "./join-sockets.ts";
import { createOpenExchanges } from "./open-exchanges.ts";
import type { PackageHost } from "./package-hosts.ts";
import { createPackageHostsWait } from "./package-hosts-wait.ts";
import { pipeTogether } from "./pipe-together.ts";
import { type RequestHead, readTarget, type Target } from "./read-target.ts";
import { Refusal } from "./refusal.ts";
import { downstreamHeaders, trailersOf, upstreamHeaders, valuesOf, withoutCredentials } from "./request-headers.ts";
import { http1End, type SandboxEnd } from "./sandbox-end.ts";
import {
  beginHttp1,
  http1Request,
  http1Upstream,
  type RequestPlan,
  type UpstreamAnswer,
  type UpstreamRequest,
} from "./upstream-request.ts";

/** What a connection of a sandbox is known by. `host`: what it was opened for; null on one to the proxy itself. */
export type Tunnel = {
  host: string | null;
  /** What its session may reach now. */
  policy: () => Promise<Policy | null>;
  /** Connections of this sandbox to hosts; shared with no other. */
  agent: Agent;
  /** The same, without TLS. */
  plainAgent: Agent;
  /** The same, to those that are spoken to in HTTP/2. */
  http2: Http2Upstreams;
  spendHost: (host: string) => void;
};

export type ForwardOptions = ExchangeParts & {
  guard: DialGuard;
  /** Read at each request: it grows while package managers are asked. */
  packageHosts: readonly PackageHost[];
  /** Settles when `packageHosts` are all there: sandboxes that install packages wait for it, and requests that it decides about. Absent: they are. */
  packageHostsKnown?: Promise<void>;
  applyCredentials: ApplyCredentials | null;
};

export type Forwarder = {
  forward(tunnel: Tunnel, end: SandboxEnd): Promise<void>;
  /** A WebSocket's handshake, and its bytes from then on. */
  upgrade(tunnel: Tunnel, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
};

type Admitted = { target: Target; sentToHttps: boolean } & Omit<CredentialedRequest, "used">;

/** `mayRepeat`: on a new connection, where a kept one was closed. `isRepeated`: with a renewed token. */
type Carried = { admitted: Admitted; exchange: Exchange; mayRepeat: boolean; isRepeated: boolean };

export function createForwarder(options: ForwardOptions): Forwarder {
  const { guard, packageHosts, applyCredentials } = options;
  const open = createOpenExchanges(options);
  const untilPackageHosts = createPackageHostsWait(options.packageHostsKnown);

  function begin(tunnel: Tunnel, head: RequestHead): Exchange {
    const host = tunnel.host ?? valuesOf(head.rawHeaders, "host")[0] ?? "";
    const path = head.url.startsWith("/") ? head.url : head.url.replace(/^https?:\/\/[^/?#]*/i, "");
    return beginExchange(options, { method: head.method, host, port: tunnel.host === null ? 80 : 443, path });
  }

  /** All that is decided before a byte leaves. Throws a `Refusal`. */
  async function admit(tunnel: Tunnel, end: SandboxEnd, exchange: Exchange): Promise<Admitted> {
    const { method, rawHeaders } = end.head;
    let policy = await tunnel.policy();
    exchange.belongsTo(policy);
    const target = readTarget(end.head, tunnel.host);
    const { host, path } = target;
    exchange.line.host = host;
    exchange.line.port = target.scheme === "https" ? 443 : 80;
    const asked = { host, path: target.scheme === "https" ? path : undefined, packageHosts };
    if (untilPackageHosts.isOpen() && dependsOnPackageHosts(policy, { ...asked, plain: target.scheme === "http" })) {
      await untilPackageHosts.wait();
      policy = await tunnel.policy();
      exchange.belongsTo(policy);
    }
    const rule = decide(policy, asked);
    exchange.line.rule = rule;
    tunnel.spendHost(host);
    const headers = upstreamHeaders(rawHeaders);
    const untouched = { target, body: null, answer: null, renew: null, check: null, whileOpen: null };
    if (policy && target.scheme === "http") {
      const carried = mayGoPlain(policy, { host, packageHosts });
      if (carried) refuseAnywhere(path, headers);
      return { ...untouched, headers: withoutCredentials(headers), sentToHttps: !carried };
    }
    if (!policy || policy.withoutCredentials || !applyCredentials) return { ...untouched, headers, sentToHttps: false };
    const { used, ...applied } = await applyCredentials({ ...policy, host, method, path, headers, body: bodyOf(end) });
    exchange.used(used);
    return { target, ...applied, sentToHttps: false };
  }

  /** Whether it could be begun now. Throws a `Refusal`. */
  async function checkAgain(tunnel: Tunnel, { target, check }: Admitted): Promise<void> {
    const { scheme, host, path } = target;
    const policy = await tunnel.policy();
    decide(policy, { host, path: scheme === "https" ? path : undefined, packageHosts });
    if (scheme === "http" && policy && !mayGoPlain(policy, { host, packageHosts })) throw plainRefusal();
    await check?.();
  }

  async function forward(tunnel: Tunnel, end: SandboxEnd): Promise<void> {
    const exchange = begin(tunnel, end.head);
    end.answer.onceClosed(() => endOf(exchange, end));
    if (end.framing.length > 0) {
      end.body.on("data", (piece: Buffer) => {
        exchange.line.requestBytes += piece.length;
      });
      end.body.pause();
    }
    try {
      const admitted = await admit(tunnel, end, exchange);
      if (admitted.sentToHttps) return sendToHttps(end, exchange, admitted.target);
      if (end.answer.isGone()) return;
      await carry(tunnel, end, { admitted, exchange, mayRepeat: true, isRepeated: false });
    } catch (error) {
      refuse(end, exchange, error);
    }
  }

  async function carry(tunnel: Tunnel, end: SandboxEnd, work: Carried): Promise<void> {
    const { admitted, exchange } = work;
    const framing = framingOf(end, admitted.body);
    const { scheme, host, path } = admitted.target;
    const { method } = end.head;
    const plan: RequestPlan = { scheme, host, path, method, headers: [...admitted.headers, ...framing] };
    const upstream = needsHttp2(end) ? await tunnel.http2.request(plan) : http1Request(plan, { guard, ...tunnel });
    let failed = false;
    let ended = false;
    const endIt = (refusal: Refusal) => {
      ended = true;
      refuse(end, exchange, refusal);
    };
    const forget = open.add({ check: () => checkAgain(tunnel, admitted), end: endIt });
    const close = admitted.whileOpen?.(endIt);
    const isOver = () => {
      forget();
      close?.();
      if (!failed) upstream.destroy();
    };
    end.answer.onceClosed(isOver);
    if (ended || end.answer.isGone()) return isOver();
    upstream.onceAnswered(
      (answer) => void takeAnswer(tunnel, end, { ...work, answer, isBodiless: framing.length === 0 }),
    );
    upstream.onceFailed((error) => {
      failed = true;
      // It may have done what it was asked to: only what changes nothing is asked again.
      const again = work.mayRepeat && isSafe(end.head) && framing.length === 0;
      if (again && upstream.isStale(error) && !end.answer.isBegun() && !end.answer.isGone())
        return void carry(tunnel, end, { ...work, mayRepeat: false }).catch((next) => refuse(end, exchange, next));
      refuse(end, exchange, error);
    });
    sendBody(end, upstream, { framing, body: admitted.body });
  }

  /** A host that refuses a token before its time gets another one: at once where the same request can be made again, else with the next. */
  async function takeAnswer(
    tunnel: Tunnel,
    end: SandboxEnd,
    work: Carried & { answer: UpstreamAnswer; isBodiless: boolean },
  ): Promise<void> {
    const { admitted, exchange, answer, isBodiless } = work;
    const pass = () => passBack(answer, end, { exchange, rewrite: admitted.answer });
    if (answer.status !== 401 || !admitted.renew) return pass();
    try {
      const renewed = await admitted.renew();
      if (!renewed || !isBodiless || work.isRepeated || end.answer.isGone()) return await pass();
      answer.body.destroy();
      const again = await admit(tunnel, end, exchange);
      await carry(tunnel, end, { admitted: again, exchange, mayRepeat: false, isRepeated: true });
    } catch (error) {
      answer.body.destroy();
      refuse(end, exchange, error);
    }
  }

  async function upgrade(tunnel: Tunnel, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { method = "", url = "", rawHeaders } = request;
    const exchange = begin(tunnel, { method, url, rawHeaders });
    socket.on("error", () => socket.destroy());
    const response = new ServerResponse(request);
    // The server has let go of the socket. What answers on it now, other than the upstream's bytes, is an answer like any other.
    response.assignSocket(socket as Parameters<ServerResponse["assignSocket"]>[0]);
    response.shouldKeepAlive = false;
    response.once("finish", () => socket.end());
    const end = http1End(request, response);
    let opened = false;
    socket.once("close", () => endOf(exchange, opened ? null : end));
    try {
      if (method !== "GET" || end.framing.length > 0) throw handshakeRefusal();
      const admitted = await admit(tunnel, end, exchange);
      if (admitted.target.scheme === "http") throw plainRefusal();
      const endIt = (refusal: Refusal) => {
        exchange.refused(refusal);
        socket.destroy();
      };
      const close = admitted.whileOpen?.(endIt);
      socket.once("close", () => close?.());
      if (socket.destroyed) return close?.();
      const headers = [...admitted.headers, "Connection", "Upgrade", "Upgrade", "websocket"];
      const { scheme, host, path } = admitted.target;
      const upstream = beginHttp1({ scheme, host, path, method, headers }, { guard, ...tunnel });
      const asked = http1Upstream(upstream, method);
      socket.once("close", () => upstream.destroy());
      const about = { admitted, exchange, mayRepeat: false, isRepeated: false };
      asked.onceAnswered((answer) => void takeAnswer(tunnel, end, { ...about, answer, isBodiless: false }));
      asked.onceFailed((error) => refuse(end, exchange, error));
      upstream.once("upgrade", (answer, upstreamSocket, upstreamHead) => {
        opened = true;
        response.detachSocket(socket as Parameters<ServerResponse["detachSocket"]>[0]);
        exchange.line.status = 101;
        socket.once("close", open.add({ check: () => checkAgain(tunnel, admitted), end: endIt }));
        joinSockets({ exchange, answer, rewrite: admitted.answer, socket, head, upstreamSocket, upstreamHead });
      });
      upstream.end();
    } catch (error) {
      refuse(end, exchange, error);
    }
  }

  return { forward, upgrade };
}

/** RFC 9110, section 9.2.1. */
function isSafe({ method }: RequestHead): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** Nothing else does: what an HTTP/2 program asks is answered by hosts of either version. */
function needsHttp2({ speaksHttp2, head }: SandboxEnd): boolean {
  return speaksHttp2 && /^application\/grpc(?![\w-])/i.test(valuesOf(head.rawHeaders, "content-type")[0] ?? "");
}

function bodyOf({ framing, body }: SandboxEnd) {
  if (framing.length === 0) return null;
  const lengthBytes = framing[0] === "Content-Length" ? Number(framing[1]) : null;
  return { lengthBytes, read: (limitBytes: number) => readWhole(body, limitBytes) };
}

async function readWhole(body: Readable, limitBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > limitBytes)
      throw new Refusal("body_too_large", `A body that a credential is put into has at most ${limitBytes} bytes.`, {
        status: 413,
      });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** How the body is delimited, as the program in the sandbox did it unless it changes; nothing where there is none. */
function framingOf({ framing }: SandboxEnd, body: Admitted["body"]): readonly string[] {
  if (body && "whole" in body) return ["Content-Length", String(body.whole.length)];
  return framing[0] === "Content-Length" && body && !body.keepsLength ? ["Transfer-Encoding", "chunked"] : framing;
}

function sendBody(
  end: SandboxEnd,
  upstream: UpstreamRequest,
  { framing, body }: { framing: readonly string[]; body: Admitted["body"] },
): void {
  if (framing.length === 0) {
    end.body.resume();
    upstream.to.end();
    return;
  }
  if (body && "whole" in body) return void upstream.to.end(body.whole);
  // Before `pipe` ends what it writes to.
  end.body.once("end", () => {
    const trailers = trailersOf(end.trailers());
    if (trailers.length === 0 || framing[0] !== "Transfer-Encoding") return;
    try {
      refuseInTrailers(trailers);
      upstream.trailers(trailers);
    } catch (error) {
      // The host has the body, but never its end.
      upstream.destroy(asRefusal(error));
    }
  });
  // A host may answer before it has read all: the rest goes nowhere.
  upstream.to.once("close", () => end.body.unpipe().resume());
  if (body) {
    body.through.once("error", (error) => upstream.destroy(error));
    end.body.pipe(body.through).pipe(upstream.to);
  } else end.body.pipe(upstream.to);
}

async function passBack(
  answer: UpstreamAnswer,
  end: SandboxEnd,
  { exchange, rewrite }: { exchange: Exchange; rewrite: CredentialedAnswer | null },
): Promise<void> {
  const { status, words, hasBody } = answer;
  exchange.line.status = status;
  const raw = downstreamHeaders(answer.headers);
  try {
    refuseTransferCoding(answer);
    const head = { method: end.head.method, status, headers: raw };
    const changed = rewrite ? await rewrite.rewrite(head, answer.body) : { headers: raw, body: answer.body };
    end.answer.begin({ status, words: rewrite ? rewrite.text(words) : words, headers: changed.headers, hasBody });
    // Its head was its end.
    if (!hasBody && end.speaksHttp2) return void changed.body.resume();
    pipeAnswer(changed.body, end, {
      onPiece(piece) {
        exchange.line.responseBytes += piece.length;
      },
      beforeEnd() {
        const trailers = trailersOf(answer.trailers());
        if (trailers.length > 0) end.answer.trailers(rewrite ? rewrite.headers(trailers) : trailers);
      },
    });
  } catch (error) {
    answer.body.destroy();
    refuse(end, exchange, error);
  }
}

/** What was packed for this hop alone, though nobody asked for it, would be handed on as it is, and without being looked into. */
function refuseTransferCoding({ headers }: UpstreamAnswer): void {
  const codings = valuesOf(headers, "transfer-encoding").flatMap((value) => value.split(","));
  const other = codings
    .map((coding) => coding.trim().toLowerCase())
    .find((coding) => !["", "chunked"].includes(coding));
  if (other === undefined) return;
  const shown = JSON.stringify(other.slice(0, 40));
  throw new Refusal(
    "answer_encoding",
    `The host answered in the transfer coding ${shown}, which it was not asked for.`,
  );
}

/** As `pipeline` does it, without the signal and the exception that it makes for each. */
function pipeAnswer(body: Readable, { answer }: SandboxEnd, hooks: Parameters<typeof pipeTogether>[2]): void {
  // Half an answer must not look whole: the connection is cut.
  body.once("error", () => answer.cut());
  body.once("close", () => !body.readableEnded && answer.cut());
  answer.onceClosed(() => body.destroy());
  pipeTogether(body, answer.to, hooks);
}

/** RFC 6455, section 4.1. A body would be what the parser has left of the connection, and its host would get the request without it. */
function handshakeRefusal(): Refusal {
  return new Refusal("bad_request", "A WebSocket is asked for by a GET request without a body.", { status: 400 });
}

function plainRefusal(): Refusal {
  return new Refusal("plain_http", "Plain HTTP does not leave a sandbox: use https.");
}

/** What asks over plain HTTP is sent to https, so that links of old still lead somewhere. */
function sendToHttps(end: SandboxEnd, exchange: Exchange, target: Target): void {
  const refusal = plainRefusal();
  const { method } = end.head;
  if (method !== "GET" && method !== "HEAD") return void refuse(end, exchange, refusal);
  exchange.refused(refusal);
  exchange.line.status = 307;
  end.answer.redirect(307, `https://${target.host}${target.path}`);
}

function refuse({ answer }: SandboxEnd, exchange: Exchange, error: unknown): void {
  const refusal = asRefusal(error);
  if (answer.isWhole()) return;
  exchange.refused(refusal);
  if (answer.isBegun() || answer.isGone()) return void answer.cut();
  exchange.line.status = refusal.status;
  answer.refuse(refusal);
}

/** `end`: null once the bytes are no longer HTTP. */
function endOf(exchange: Exchange, end: SandboxEnd | null): void {
  if (end && !end.answer.isWhole() && exchange.line.decision === "allow") {
    exchange.refused(new Refusal("client_gone", "The program went away before its answer was whole."));
  }
  exchange.end();
}
