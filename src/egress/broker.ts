// The broker: one listener for each sandbox, which is how it knows whose request it is. TLS of the sandbox ends here and begins anew.

import { once } from "node:events";
import { chmodSync, rmSync } from "node:fs";
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  Agent as PlainAgent,
  ServerResponse,
} from "node:http";
import { Agent } from "node:https";
import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { Ceilings } from "../contract/ceilings.ts";
import { type Authority, createAuthority } from "./certificate-authority.ts";
import { installationPolicy } from "./decide.ts";
import { asRefusal, beginExchange } from "./exchange.ts";
import { createForwarder, type ForwardOptions, type Tunnel } from "./forward.ts";
import { createHostBudget } from "./host-budget.ts";
import { serveHttp2 } from "./http2-end.ts";
import { createHttp2Upstreams } from "./http2-upstream.ts";
import type { InstallsFor } from "./link-protocol.ts";
import { createPolicyCache, type ReadPolicy } from "./policy-cache.ts";
import { checkedHost, framingRefusal, isFramedInOneWay, readConnectTarget } from "./read-target.ts";
import { Refusal } from "./refusal.ts";
import { answerRefusal, http1End } from "./sandbox-end.ts";

/** Of one sandbox. */
const MAX_CONNECTIONS = 256;
const MAX_UPSTREAM_CONNECTIONS = 128;
/** Until the first byte, and for a TLS handshake. */
const BEGIN_MS = 15_000;
const HEADERS_MS = 15_000;
/** A connection without a request on it, and one whose request stands still. */
const KEEP_ALIVE_MS = 60_000;
const SILENT_MS = 15 * 60_000;
const KEPT_UPSTREAM_MS = 4_000;
const MAX_HEADER_BYTES = 32 * 1024;
const TLS_HANDSHAKE = 0x16;

export type BrokerOptions = ForwardOptions & {
  readPolicy: ReadPolicy;
  /** What lies above a team's environments: for sandboxes that install packages, which have no policy to be read. */
  readCeilings: (teamId: string) => Promise<Ceilings>;
  /** What hosts' certificates are verified by, as PEM. */
  trusted: readonly string[];
};

type Listener = { identity: string; socketPath: string; installsFor?: InstallsFor };

export type Broker = {
  /** Listens for a sandbox, whose disk has this identity. Gives the certificate that its programs trust. */
  open(id: string, listener: Listener): Promise<string>;
  close(id: string): Promise<void>;
  closeAll(): Promise<void>;
};

type Place = Omit<Tunnel, "host"> & { authority: Authority; server: Server; sockets: Set<Socket>; agent: Agent };

export function createBroker(options: BrokerOptions): Broker {
  const { now } = options;
  const places = new Map<string, Promise<Place>>();
  /** What each connection was found to be. A connection that is not here is not served. */
  const tunnels = new WeakMap<Duplex, Tunnel>();
  const placeOf = new WeakMap<Duplex, Place>();
  /** Connections with a request whose end is unclear: where the next one begins is a guess, and the refusal that ends them may have to wait for an answer before it. */
  const unclear = new WeakSet<Duplex>();
  /** How many answers are due on a connection. */
  const due = new WeakMap<Duplex, number>();
  const trusted = createSecureContext({ ca: [...options.trusted], minVersion: "TLSv1.2" });
  const forwarder = createForwarder(options);

  /** Made ahead, so that no sandbox waits for it. */
  let spare = createAuthority({ now });

  function httpServer(): HttpServer {
    const server = createHttpServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_MS,
      // A body may be as large and slow as it likes, as long as it moves.
      requestTimeout: 0,
      connectionsCheckingInterval: HEADERS_MS / 3,
      keepAliveTimeout: KEEP_ALIVE_MS,
      insecureHTTPParser: false,
      shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === "websocket",
    });
    server.timeout = SILENT_MS;
    // It gets its connections from us and never listens, and would not look at their time-outs otherwise.
    server.emit("listening");
    server.on("request", (request, response) => serve(request, response));
    server.on("upgrade", (request, socket, head) => {
      if (isTakenTooSoon(request)) return;
      const tunnel = tunnels.get(request.socket);
      if (tunnel && !isBehindUnclear(request)) return void forwarder.upgrade(tunnel, request, socket, head);
      if (tunnel) refuseUnclear(tunnel, request);
      socket.destroy();
    });
    server.on("clientError", (error, socket) => refuseGarbage(error, socket));
    return server;
  }

  /**
   * Node hands a connection over for a CONNECT or an upgrade as soon as it has read it, also while answers before it are due. There is no place
   * for its own one then, and trying would throw: the connection ends.
   */
  function isTakenTooSoon({ socket, method = "" }: IncomingMessage): boolean {
    if (!due.get(socket)) return false;
    const tunnel = tunnels.get(socket);
    const message = "A request that takes the connection for itself waits for the answers before it.";
    if (tunnel)
      void record(tunnel, { method, host: tunnel.host ?? "" }, new Refusal("bad_request", message, { status: 400 }));
    socket.destroy();
    return true;
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    due.set(socket, (due.get(socket) ?? 0) + 1);
    response.once("close", () => due.set(socket, (due.get(socket) ?? 1) - 1));
    const tunnel = tunnels.get(request.socket);
    if (!tunnel) return void response.destroy();
    // Of a change to a protocol that is not passed on; the parser has let go of what came right behind it, so that nothing more may follow.
    if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false;
    if (isBehindUnclear(request)) answerRefusal(response, refuseUnclear(tunnel, request));
    else void forwarder.forward(tunnel, http1End(request, response));
  }

  function refuseUnclear(tunnel: Tunnel, { method = "" }: IncomingMessage): Refusal {
    const refusal = framingRefusal();
    void record(tunnel, { method, host: tunnel.host ?? "" }, refusal);
    return refusal;
  }

  /** Whether the request follows one whose end is unclear. One that is unclear itself is refused as any other that cannot be passed on. */
  function isBehindUnclear({ socket, rawHeaders }: IncomingMessage): boolean {
    if (unclear.has(socket)) return true;
    if (!isFramedInOneWay(rawHeaders)) unclear.add(socket);
    return false;
  }

  /** What the parser does not take for HTTP. */
  function refuseGarbage(error: Error, socket: Duplex): void {
    const code = "code" in error ? String(error.code) : "";
    const tunnel = tunnels.get(socket);
    if (code === "ECONNRESET" || code === "EPIPE" || !socket.writable || !tunnel) return void socket.destroy();
    const refusal = new Refusal("bad_request", "This is not a request that can be passed on.", {
      status: 400,
      detail: code || error.message,
    });
    void record(tunnel, { method: "", host: tunnel.host ?? "" }, refusal);
    const body = `Refused by the sandbox's egress broker (${refusal.rule}): ${refusal.message}\n`;
    socket.end(
      `HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  /** An audit line for what never became a request. */
  async function record(
    from: Pick<Tunnel, "policy">,
    what: { method: string; host: string },
    refusal: Refusal,
  ): Promise<void> {
    const exchange = beginExchange(options, { ...what, port: 443, path: "" });
    exchange.refused(refusal);
    // Whose it was is told where it can be; the line is written either way.
    exchange.belongsTo(await from.policy().catch(() => null));
    exchange.end();
  }

  const proxy = httpServer();
  const inner = httpServer();
  proxy.on("connect", (request, socket, head) => {
    if (isTakenTooSoon(request)) return;
    const place = placeOf.get(request.socket);
    if (place) void openTunnel(place, request, { socket: socket as Socket, head });
    else socket.destroy();
  });
  inner.on("connect", (request, socket) => {
    if (isTakenTooSoon(request)) return;
    const response = new ServerResponse(request);
    response.assignSocket(socket as Socket);
    const refusal = new Refusal("method", "There is no proxy behind the proxy.", { status: 405 });
    const tunnel = tunnels.get(request.socket);
    if (tunnel) void record(tunnel, { method: "CONNECT", host: tunnel.host ?? "" }, refusal);
    answerRefusal(response, refusal);
    response.once("finish", () => socket.end());
  });

  async function openTunnel(
    place: Place,
    request: IncomingMessage,
    { socket, head }: { socket: Socket; head: Buffer },
  ): Promise<void> {
    try {
      const host = readConnectTarget(request.url ?? "");
      place.spendHost(host);
      const context = await place.authority.contextFor(host);
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      if (head.length > 0) socket.unshift(head);
      await endTls(place, socket, { host, context });
    } catch (error) {
      const refusal = asRefusal(error);
      void record(place, { method: "CONNECT", host: (request.url ?? "").replace(/:\d+$/, "") }, refusal);
      const response = new ServerResponse(request);
      response.assignSocket(socket);
      response.once("finish", () => socket.end());
      answerRefusal(response, refusal);
    }
  }

  /** The sandbox's TLS ends here. `expected`: the host of a CONNECT request; without it, the one of the handshake. */
  async function endTls(
    place: Place,
    socket: Socket,
    expected: { host: string; context: SecureContext } | null,
  ): Promise<void> {
    const refused: { by: Refusal | null } = { by: null };
    let host = expected?.host ?? null;
    const secure = new TLSSocket(socket, {
      isServer: true,
      ALPNProtocols: ["h2", "http/1.1"],
      ...(expected && { secureContext: expected.context }),
      SNICallback: (name, done) => {
        chooseContext(name).then(
          (context) => done(null, context),
          (error: Error) => {
            refused.by = asRefusal(error);
            done(error);
          },
        );
      },
    });
    async function chooseContext(name: string): Promise<SecureContext> {
      const named = checkedHost(name);
      if (expected && named !== expected.host)
        throw new Refusal("host_mismatch", "The TLS handshake names another host than the connection was opened for.", {
          detail: named,
        });
      if (expected) return expected.context;
      place.spendHost(named);
      host = named;
      return place.authority.contextFor(named);
    }
    const late = setTimeout(() => secure.destroy(), BEGIN_MS);
    secure.once("close", () => clearTimeout(late));
    let settled = false;
    const done = await new Promise<boolean>((resolve) => {
      const settle = (well: boolean) => {
        settled = true;
        resolve(well);
      };
      secure.once("secure", () => settle(true));
      secure.once("close", () => settle(false));
      // Of a handshake that failed, once; later ones are of a connection that goes anyway.
      secure.on("error", (error: Error) => {
        secure.destroy();
        if (settled) return;
        const code = "code" in error ? String(error.code) : error.message;
        const message = "The program broke the TLS handshake off. It may not trust the sandbox's certificates.";
        void record(
          place,
          { method: "", host: host ?? "" },
          refused.by ?? new Refusal("client_tls", message, { detail: code }),
        );
        settle(false);
      });
    });
    clearTimeout(late);
    if (!done || host === null) return void secure.destroy();
    const tunnel = { ...place, host };
    if (secure.alpnProtocol === "h2") return serveStreams(secure, tunnel);
    tunnels.set(secure, tunnel);
    inner.emit("connection", secure);
  }

  function serveStreams(secure: TLSSocket, tunnel: Tunnel): void {
    serveHttp2(secure, {
      limits: { headerBytes: MAX_HEADER_BYTES, silentMs: SILENT_MS },
      onRequest: (end) => void forwarder.forward(tunnel, end),
      onBroken(error) {
        const code = "code" in error ? String(error.code) : error.message;
        if (code === "ECONNRESET" || code === "EPIPE") return;
        const message = "This is not a request that can be passed on.";
        const refusal = new Refusal("bad_request", message, { status: 400, detail: code });
        void record(tunnel, { method: "", host: tunnel.host ?? "" }, refusal);
      },
    });
  }

  /** TLS begins with the byte of a handshake; everything else speaks to the proxy. */
  function accept(place: Place, socket: Socket): void {
    if (place.sockets.size >= MAX_CONNECTIONS) {
      void record(
        place,
        { method: "", host: "" },
        new Refusal("too_many_connections", `More than ${MAX_CONNECTIONS} connections at once.`),
      );
      return void socket.destroy();
    }
    place.sockets.add(socket);
    placeOf.set(socket, place);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => place.sockets.delete(socket));
    socket.setTimeout(BEGIN_MS, () => socket.destroy());
    socket.once("data", (first: Buffer) => {
      socket.pause();
      socket.removeAllListeners("timeout");
      socket.setTimeout(0);
      socket.unshift(first);
      if (first[0] === TLS_HANDSHAKE) return void endTls(place, socket, null);
      tunnels.set(socket, { ...place, host: null });
      proxy.emit("connection", socket);
      process.nextTick(() => socket.resume());
    });
  }

  async function makePlace({ identity, socketPath, installsFor }: Listener): Promise<Place> {
    if (installsFor) await options.packageHostsKnown;
    const making = spare;
    spare = createAuthority({ now });
    const authority = await making;
    const budget = createHostBudget({ now });
    const server = createServer((socket) => accept(place, socket));
    const agent = new Agent({
      ...{ keepAlive: true, maxSockets: MAX_UPSTREAM_CONNECTIONS, maxTotalSockets: MAX_UPSTREAM_CONNECTIONS },
      ...{ timeout: KEPT_UPSTREAM_MS, secureContext: trusted, rejectUnauthorized: true, ALPNProtocols: ["http/1.1"] },
    });
    const plainAgent = new PlainAgent({
      ...{ keepAlive: true, maxSockets: MAX_UPSTREAM_CONNECTIONS, maxTotalSockets: MAX_UPSTREAM_CONNECTIONS },
      timeout: KEPT_UPSTREAM_MS,
    });
    const read: ReadPolicy = installsFor
      ? async () => installationPolicy({ ...installsFor, ...(await options.readCeilings(installsFor.teamId)) })
      : options.readPolicy;
    const policy = createPolicyCache({ identity, read, now });
    const http2 = createHttp2Upstreams({ guard: options.guard, trusted, keptMs: KEPT_UPSTREAM_MS });
    const place: Place = {
      authority,
      server,
      agent,
      plainAgent,
      http2,
      sockets: new Set(),
      policy,
      spendHost: budget.spend,
    };
    rmSync(socketPath, { force: true });
    server.listen(socketPath);
    await once(server, "listening");
    // Its directory is what keeps others away; the sandbox's own user id has to reach it.
    chmodSync(socketPath, 0o666);
    return place;
  }

  async function close(id: string): Promise<void> {
    const making = places.get(id);
    places.delete(id);
    const place = await making?.catch(() => null);
    if (!place) return;
    place.server.close();
    for (const socket of place.sockets) socket.destroy();
    place.agent.destroy();
    place.plainAgent.destroy();
    place.http2.close();
  }

  return {
    async open(id, listener) {
      await close(id);
      const making = makePlace(listener);
      places.set(id, making);
      try {
        return (await making).authority.certificate;
      } catch (error) {
        if (places.get(id) === making) places.delete(id);
        throw error;
      }
    },
    close,
    async closeAll() {
      await Promise.all([...places.keys()].map(close));
      for (const server of [proxy, inner]) server.close();
    },
  };
}
