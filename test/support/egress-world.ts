// A broker with one sandbox's listener, and hosts behind it on this machine: named by the operator's own setting, with a CA of their own.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createHttpsServer, type Server } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from "node:tls";
import type { Networking } from "../../src/contract/environments.ts";
import type { AuditLine } from "../../src/egress/audit-queue.ts";
import { type Broker, createBroker } from "../../src/egress/broker.ts";
import { type Authority, createAuthority } from "../../src/egress/certificate-authority.ts";
import type { ApplyCredentials } from "../../src/egress/credentials.ts";
import type { Policy } from "../../src/egress/decide.ts";
import { createDialGuard, type NamedHost } from "../../src/egress/dial-guard.ts";
import type { PackageHost } from "../../src/egress/package-hosts.ts";
import { listOf } from "../../src/egress/refused-addresses.ts";
import { createLogger } from "../../src/lib/logger.ts";

export type Upstream = { server: Server; port: number; requests: string[]; close(): Promise<void> };

/** An HTTPS host that shows certificates of `authority` for whatever name it is asked for. */
export async function startUpstream(authority: Authority, handle: RequestListener): Promise<Upstream> {
  const requests: string[] = [];
  const server = createHttpsServer(
    { SNICallback: (name, done) => void authority.contextFor(name).then((context) => done(null, context), done) },
    (request, response) => {
      requests.push(`${request.method} ${request.headers.host}${request.url}`);
      handle(request, response);
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    server,
    port,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export type EgressWorld = {
  broker: Broker;
  lines: AuditLine[];
  /** Also those that a test took out of `lines`. */
  everyLine: readonly AuditLine[];
  directory: string;
  /** What the sandbox's session may reach; null: it has none. */
  policy: { current: Policy | null };
  socketPath: string;
  ca: string;
  upstreamAuthority: Authority;
  /** The listener's address of a sandbox of its own. */
  dial(): Promise<Socket>;
  /** A tunnel to the host, with TLS that is verified. */
  tunnel(host: string, options?: ConnectionOptions & { connect?: string }): Promise<TLSSocket>;
  /** Straight TLS, as a program's own connection comes from the relay. */
  transparent(servername: string | undefined, options?: ConnectionOptions): Promise<TLSSocket>;
  request(host: string, options?: RequestOptions): Promise<Answer>;
  close(): Promise<void>;
};
export type RequestOptions = {
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
};
export type Answer = { status: number; headers: IncomingMessage["headers"]; body: string };

export const LIMITED = (...allowed: string[]): Networking => ({
  type: "limited",
  allow_mcp_servers: false,
  allow_package_managers: false,
  allowed_hosts: allowed,
});

export async function startEgressWorld(options: {
  networking: Networking;
  /** Without one: none. */
  ceiling?: Networking;
  namedHosts?: (upstreamAuthority: Authority) => Promise<NamedHost[]>;
  resolve?: (host: string) => Promise<string[]>;
  /** Certificates besides those of the upstreams' authority. */
  trusted?: string[];
  packageHosts?: PackageHost[];
  packageHostsKnown?: Promise<void>;
  applyCredentials?: ApplyCredentials;
  now?: () => number;
}): Promise<EgressWorld> {
  const directory = mkdtempSync(join(tmpdir(), "berth-egress-"));
  const upstreamAuthority = await createAuthority({ now: Date.now });
  const lines: AuditLine[] = [];
  const everyLine: AuditLine[] = [];
  const policy: EgressWorld["policy"] = {
    current: {
      teamId: "team_1",
      sessionId: "sesn_1",
      networking: options.networking,
      ceiling: options.ceiling ?? { type: "unrestricted" },
      teamCeiling: null,
    },
  };
  const broker = createBroker({
    readCeilings: async () => ({ ceiling: options.ceiling ?? { type: "unrestricted" }, teamCeiling: null }),
    readPolicy: async () => policy.current,
    trusted: [upstreamAuthority.certificate, ...(options.trusted ?? [])],
    guard: createDialGuard({
      namedHosts: (await options.namedHosts?.(upstreamAuthority)) ?? [],
      refusedRanges: listOf([]),
      resolve: options.resolve ?? (() => Promise.reject(new Error("ENOTFOUND"))),
    }),
    packageHosts: options.packageHosts ?? [],
    ...(options.packageHostsKnown && { packageHostsKnown: options.packageHostsKnown }),
    applyCredentials: options.applyCredentials ?? null,
    audit: {
      add(line) {
        lines.push(line);
        everyLine.push(line);
      },
      close: async () => undefined,
    },
    logger: createLogger("egress", { level: "silent", pretty: false }),
    now: options.now ?? Date.now,
  });
  const socketPath = join(directory, "broker");
  const ca = await broker.open("aaaaaaaaaaaa", { identity: "identity", socketPath });

  const dial = async () => {
    const socket = connect(socketPath);
    await once(socket, "connect");
    return socket;
  };
  const secure = async (socket: Socket, settings: ConnectionOptions) => {
    const tls = tlsConnect({ socket, ca, ...settings });
    await once(tls, "secureConnect");
    return tls;
  };
  const tunnel: EgressWorld["tunnel"] = async (host, { connect: authority = `${host}:443`, ...settings } = {}) => {
    const connecting = httpRequest({ socketPath, method: "CONNECT", path: authority });
    connecting.end();
    const [answer, socket] = (await once(connecting, "connect")) as [IncomingMessage, Socket];
    if (answer.statusCode !== 200) throw new Error(`CONNECT: ${answer.statusCode} ${answer.headers["x-berth-egress"]}`);
    return secure(socket, { servername: host, ...settings });
  };
  return {
    ...{ broker, lines, everyLine, directory, policy, socketPath, ca, upstreamAuthority, dial, tunnel },
    transparent: async (servername, settings) =>
      secure(await dial(), { ...(servername && { servername }), ...settings }),
    async request(host, { path = "/", method = "GET", headers = {}, body } = {}) {
      const socket = await tunnel(host);
      const request = httpRequest({ createConnection: () => socket, method, path, headers: { host, ...headers } });
      request.end(body);
      const [answer] = (await once(request, "response")) as [IncomingMessage];
      const pieces: Buffer[] = [];
      for await (const piece of answer) pieces.push(piece);
      socket.destroy();
      return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces).toString() };
    },
    async close() {
      await broker.closeAll();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Writes bytes and reads all that comes until the other end closes. */
export async function exchangeBytes(socket: Socket | TLSSocket, ...writes: (string | Buffer)[]): Promise<string> {
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
    socket.once("error", () => resolve());
  });
  for (const piece of writes) socket.write(piece);
  await closed;
  return Buffer.concat(pieces).toString("latin1");
}
