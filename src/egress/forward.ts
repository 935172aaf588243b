// Carries an allowed request to its host and the answer back, both as they come: no body is held in memory.
import { type Agent, type ClientRequest, type IncomingMessage, ServerResponse } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream";
import type { ApplyCredentials, CredentialedAnswer, CredentialedRequest } from "./credentials.ts";
import { decide, type Policy } from "./decide.ts";
import type { DialGuard } from "./dial-guard.ts";
import { answerRefusal, asRefusal, beginExchange, type Exchange, type ExchangeParts } from "./exchange.ts";
import { readTarget, type Target } from "./read-target.ts";
import { Refusal } from "./refusal.ts";
import { downstreamHeaders, upstreamHeaders, valuesOf } from "./request-headers.ts";

const CONNECT_MS = 15_000;
/** Without a byte in either direction; a model may think for long before its first one. */
const IDLE_MS = 15 * 60_000;

/** What a connection of a sandbox is known by. `host`: what it was opened for; null on one to the proxy itself. */
export type Tunnel = {
  host: string | null;
  /** What its session may reach now. */
  policy: () => Promise<Policy | null>;
  /** Connections of this sandbox to hosts; shared with no other. */
  agent: Agent;
  spendHost: (host: string) => void;
};

export type ForwardOptions = ExchangeParts & {
  guard: DialGuard;
  packageHosts: readonly string[];
  applyCredentials: ApplyCredentials | null;
};

export type Forwarder = {
  forward(tunnel: Tunnel, request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** A WebSocket's handshake, and its bytes from then on. */
  upgrade(tunnel: Tunnel, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
};

type Admitted = { target: Target } & Omit<CredentialedRequest, "used">;

export function createForwarder(options: ForwardOptions): Forwarder {
  const { guard, packageHosts, applyCredentials } = options;

  function begin(tunnel: Tunnel, request: IncomingMessage): Exchange {
    const host = tunnel.host ?? valuesOf(request.rawHeaders, "host")[0] ?? "";
    const path = (request.url ?? "").replace(/^https?:\/\/[^/?#]*/i, "");
    return beginExchange(options, { method: request.method ?? "", host, port: tunnel.host === null ? 80 : 443, path });
  }

  /** All that is decided before a byte leaves. Throws a `Refusal`. */
  async function admit(tunnel: Tunnel, request: IncomingMessage, exchange: Exchange): Promise<Admitted> {
    const { method = "", url = "", rawHeaders } = request;
    const policy = await tunnel.policy();
    exchange.belongsTo(policy);
    const target = readTarget({ method, url, rawHeaders }, tunnel.host);
    const { host, path } = target;
    exchange.line.host = host;
    exchange.line.port = target.scheme === "https" ? 443 : 80;
    const rule = decide(policy, { host, packageHosts });
    exchange.line.rule = rule;
    tunnel.spendHost(host);
    const headers = upstreamHeaders(rawHeaders);
    if (!policy || !applyCredentials || target.scheme === "http") return { target, headers, body: null, answer: null };
    const { used, ...applied } = await applyCredentials({
      ...policy,
      host,
      method,
      path,
      headers,
      body: bodyOf(request),
    });
    exchange.used(used);
    return { target, ...applied };
  }

  function dial(
    tunnel: Tunnel,
    method: string,
    { target, headers }: Pick<Admitted, "target" | "headers">,
  ): ClientRequest {
    const { host, path } = target;
    const upstream = httpsRequest({
      ...{ host, servername: host, port: guard.portOf(host), lookup: guard.lookup, agent: tunnel.agent },
      ...{ method, path, headers: ["Host", host, ...headers], timeout: IDLE_MS },
    });
    upstream.on("timeout", () => {
      upstream.destroy(new Refusal("upstream_timeout", "The host was silent for too long.", { status: 504 }));
    });
    upstream.once("socket", (socket) => {
      if (!socket.connecting) return;
      const late = setTimeout(() => {
        upstream.destroy(
          new Refusal("upstream_timeout", "The host did not take the connection in time.", { status: 504 }),
        );
      }, CONNECT_MS);
      for (const event of ["secureConnect", "close"]) socket.once(event, () => clearTimeout(late));
    });
    return upstream;
  }

  async function forward(tunnel: Tunnel, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = begin(tunnel, request);
    response.once("close", () => endOf(exchange, response));
    request.on("data", (piece: Buffer) => {
      exchange.line.requestBytes += piece.length;
    });
    request.pause();
    try {
      const admitted = await admit(tunnel, request, exchange);
      if (admitted.target.scheme === "http")
        return sendToHttps(request, response, { exchange, target: admitted.target });
      if (response.destroyed) return;
      carry(tunnel, request, response, { admitted, exchange, mayRepeat: true });
    } catch (error) {
      refuse(response, exchange, error);
    }
  }

  function carry(
    tunnel: Tunnel,
    request: IncomingMessage,
    response: ServerResponse,
    work: { admitted: Admitted; exchange: Exchange; mayRepeat: boolean },
  ): void {
    const { admitted, exchange } = work;
    const { body } = admitted;
    const framing = framingOf(request, body);
    const upstream = dial(tunnel, request.method ?? "GET", { ...admitted, headers: [...admitted.headers, ...framing] });
    const giveUp = () => upstream.destroy();
    response.once("close", giveUp);
    upstream.once("response", (answer) => passBack(answer, response, { exchange, rewrite: admitted.answer, request }));
    upstream.once("error", (error) => {
      response.off("close", giveUp);
      const stale = upstream.reusedSocket && "code" in error && error.code === "ECONNRESET";
      // The host closed a kept connection in the same moment. It may have done what it was asked to: only what changes nothing is asked again.
      if (
        stale &&
        work.mayRepeat &&
        isSafe(request) &&
        framing.length === 0 &&
        !response.headersSent &&
        !response.destroyed
      )
        return carry(tunnel, request, response, { ...work, mayRepeat: false });
      refuse(response, exchange, error);
    });
    if (framing.length === 0) {
      request.resume();
      upstream.end();
    } else if (body && "whole" in body) upstream.end(body.whole);
    else if (body) {
      body.through.once("error", (error) => upstream.destroy(error));
      request.pipe(body.through).pipe(upstream);
    } else request.pipe(upstream);
  }

  async function upgrade(tunnel: Tunnel, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const exchange = begin(tunnel, request);
    socket.on("error", () => socket.destroy());
    const response = new ServerResponse(request);
    // The server has let go of the socket. What answers on it now, other than the upstream's bytes, is an answer like any other.
    response.assignSocket(socket as Parameters<ServerResponse["assignSocket"]>[0]);
    response.shouldKeepAlive = false;
    response.once("finish", () => socket.end());
    let opened = false;
    socket.once("close", () => endOf(exchange, opened ? null : response));
    try {
      const admitted = await admit(tunnel, request, exchange);
      if (admitted.target.scheme === "http") throw plainRefusal();
      if (socket.destroyed) return;
      const headers = [...admitted.headers, "Connection", "Upgrade", "Upgrade", "websocket"];
      const upstream = dial(tunnel, request.method ?? "GET", { ...admitted, headers });
      socket.once("close", () => upstream.destroy());
      upstream.once("response", (answer) =>
        passBack(answer, response, { exchange, rewrite: admitted.answer, request }),
      );
      upstream.once("error", (error) => refuse(response, exchange, error));
      upstream.once("upgrade", (answer, upstreamSocket, upstreamHead) => {
        opened = true;
        response.detachSocket(socket as Parameters<ServerResponse["detachSocket"]>[0]);
        exchange.line.status = 101;
        joinSockets({ exchange, answer, rewrite: admitted.answer, socket, head, upstreamSocket, upstreamHead });
      });
      upstream.end();
    } catch (error) {
      refuse(response, exchange, error);
    }
  }

  return { forward, upgrade };
}

/** RFC 9110, section 9.2.1. */
function isSafe({ method = "" }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

function bodyOf(request: IncomingMessage) {
  const framing = framingOf(request, null);
  if (framing.length === 0) return null;
  const lengthBytes = framing[0] === "Content-Length" ? Number(framing[1]) : null;
  return { lengthBytes, read: (limitBytes: number) => readWhole(request, limitBytes) };
}

async function readWhole(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
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
function framingOf(request: IncomingMessage, body: Admitted["body"]): string[] {
  if (body && "whole" in body) return ["Content-Length", String(body.whole.length)];
  if (request.headers["transfer-encoding"] !== undefined) return ["Transfer-Encoding", "chunked"];
  const length = request.headers["content-length"];
  if (length === undefined) return [];
  return body && !body.keepsLength ? ["Transfer-Encoding", "chunked"] : ["Content-Length", length];
}

async function passBack(
  answer: IncomingMessage,
  response: ServerResponse,
  about: { exchange: Exchange; rewrite: CredentialedAnswer | null; request: IncomingMessage },
): Promise<void> {
  const { exchange, rewrite, request } = about;
  const status = answer.statusCode ?? 502;
  exchange.line.status = status;
  const raw = downstreamHeaders(answer.rawHeaders);
  try {
    const head = { method: request.method ?? "GET", status, headers: raw };
    const { headers, body } = rewrite ? await rewrite.rewrite(head, answer) : { headers: raw, body: answer };
    const words = answer.statusMessage ?? "";
    response.sendDate = false;
    response.writeHead(status, rewrite ? rewrite.text(words) : words, headers);
    // An event stream may have nothing to say yet.
    response.flushHeaders();
    body.on("data", (piece: Buffer) => {
      exchange.line.responseBytes += piece.length;
    });
    pipeline(body, response, (error) => {
      // Half an answer must not look whole: the connection is cut.
      if (error) response.destroy();
    });
  } catch (error) {
    answer.destroy();
    refuse(response, exchange, error);
  }
}

function joinSockets(ends: {
  exchange: Exchange;
  answer: IncomingMessage;
  rewrite: CredentialedAnswer | null;
  socket: Duplex;
  head: Buffer;
  upstreamSocket: Duplex;
  upstreamHead: Buffer;
}): void {
  const { exchange, answer, rewrite, socket, head, upstreamSocket, upstreamHead } = ends;
  const lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket"];
  const raw = downstreamHeaders(answer.rawHeaders);
  const headers = rewrite ? rewrite.headers(raw) : raw;
  for (let index = 0; index + 1 < headers.length; index += 2) lines.push(`${headers[index]}: ${headers[index + 1]}`);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  if (upstreamHead.length > 0) upstreamSocket.unshift(upstreamHead);
  if (head.length > 0) socket.unshift(head);
  socket.on("data", (piece: Buffer) => {
    exchange.line.requestBytes += piece.length;
  });
  upstreamSocket.on("data", (piece: Buffer) => {
    exchange.line.responseBytes += piece.length;
  });
  // Two pipelines watch each of them, on top of what watched them before.
  for (const each of [socket, upstreamSocket]) each.setMaxListeners(32);
  pipeline(socket, upstreamSocket, () => upstreamSocket.destroy());
  if (rewrite) pipeline(upstreamSocket, rewrite.socket(), socket, () => socket.destroy());
  else pipeline(upstreamSocket, socket, () => socket.destroy());
}

function plainRefusal(): Refusal {
  return new Refusal("plain_http", "Plain HTTP does not leave a sandbox: use https.");
}

/** What asks over plain HTTP is sent to https, so that links of old still lead somewhere. */
function sendToHttps(
  request: IncomingMessage,
  response: ServerResponse,
  { exchange, target }: { exchange: Exchange; target: Target },
): void {
  const refusal = plainRefusal();
  if (request.method !== "GET" && request.method !== "HEAD") {
    refuse(response, exchange, refusal);
    return;
  }
  exchange.refused(refusal);
  exchange.line.status = 307;
  response.writeHead(307, {
    location: `https://${target.host}${target.path}`,
    "content-length": 0,
    connection: "close",
  });
  response.end();
}

function refuse(response: ServerResponse, exchange: Exchange, error: unknown): void {
  const refusal = asRefusal(error);
  if (response.writableFinished) return;
  exchange.refused(refusal);
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  exchange.line.status = refusal.status;
  answerRefusal(response, refusal);
}

/** `response`: null once the bytes are no longer HTTP. */
function endOf(exchange: Exchange, response: ServerResponse | null): void {
  if (response && !response.writableFinished && exchange.line.decision === "allow") {
    exchange.refused(new Refusal("client_gone", "The program went away before its answer was whole."));
  }
  exchange.end();
}
