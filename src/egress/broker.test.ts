// The broker with real sockets and real TLS on both sides: what gets through, as it was sent, and what does not.
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type EgressWorld,
  exchangeBytes,
  LIMITED,
  startEgressWorld,
  startUpstream,
  type Upstream,
} from "../../test/support/egress-world.ts";
import { until } from "../../test/support/until.ts";
import { createAuthority } from "./certificate-authority.ts";

let world: EgressWorld;
let upstream: Upstream;
/** Connections on which something was answered. */
const served = new WeakSet<object>();
/** Of the answers that are still open. */
const open: import("node:http").ServerResponse[] = [];

beforeEach(async () => {
  world = await startEgressWorld({
    networking: LIMITED(
      "api.example.com",
      "*.wild.example",
      "bad.example",
      "redirect.example",
      "rebind.example",
      "nowhere.example",
    ),
    resolve: async (host) => {
      if (host === "rebind.example") return ["127.0.0.1"];
      throw new Error("ENOTFOUND");
    },
    namedHosts: async (authority) => {
      upstream = await startUpstream(authority, (request, response) => {
        if (request.url === "/events") {
          response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
          open.push(response);
          return;
        }
        if (request.url === "/stall") {
          open.push(response);
          return;
        }
        if (request.url === "/stale") {
          // As a host does that closes a kept connection in the moment of the next request.
          const { socket } = request;
          if (served.has(socket)) return void socket.destroy();
        }
        served.add(request.socket);
        if (request.url === "/empty") return void response.writeHead(204).end();
        if (request.url === "/cut") {
          response.writeHead(200, { "content-length": "100" });
          response.write("half");
          setImmediate(() => response.destroy());
          return;
        }
        response.writeHead(200, {
          "x-seen": JSON.stringify(request.rawHeaders),
          "set-cookie": ["a=1", "b=2"],
          "alt-svc": 'h3=":443"',
        });
        request.pipe(response);
      });
      upstream.server.on("upgrade", (request, socket) => {
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${request.headers["sec-websocket-key"]}\r\n\r\n`,
        );
        socket.pipe(socket);
      });
      const wrong = await startUpstream(
        await createAuthority({ now: Date.now }),
        (_, response) => void response.end("bad"),
      );
      upstream.server.once("close", () => void wrong.close());
      return [
        ...["api.example.com", "deep.wild.example", "not-allowed.example", "redirect.example"].map((host) => ({
          host,
          address: "127.0.0.1",
          port: upstream.port,
        })),
        { host: "bad.example", address: "127.0.0.1", port: wrong.port },
        { host: "nowhere.example", address: "127.0.0.1", port: 1 },
      ];
    },
  });
});
afterEach(async () => {
  open.splice(0);
  await world.close();
  await upstream.close();
});

describe("a request to an allowed host", () => {
  it("gets through a tunnel, body and answer as they are, with an audit line without the query", async () => {
    const answer = await world.request("api.example.com", {
      method: "POST",
      path: "/v1/x?token=secret",
      body: "hello",
      headers: { "x-own": "1", "content-length": "5" },
    });
    expect(answer).toMatchObject({ status: 200, body: "hello" });
    expect(answer.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect(answer.headers["alt-svc"]).toBeUndefined();
    expect(upstream.requests).toEqual(["POST api.example.com/v1/x?token=secret"]);
    await until(() => world.lines.length === 1);
    expect(world.lines).toEqual([
      expect.objectContaining({
        ...{ teamId: "team_1", sessionId: "sesn_1", method: "POST", host: "api.example.com", port: 443, path: "/v1/x" },
        ...{
          decision: "allow",
          rule: "allowed_hosts api.example.com",
          status: 200,
          requestBytes: 5,
          responseBytes: 5,
          suspicious: false,
        },
      }),
    ]);
    expect(JSON.stringify(world.lines)).not.toContain("secret");
  });

  it("gets through without a tunnel, by the name in the TLS handshake", async () => {
    const socket = await world.transparent("deep.wild.example");
    const said = await exchangeBytes(
      socket,
      "GET /plain HTTP/1.1\r\nHost: deep.wild.example\r\nConnection: close\r\n\r\n",
    );
    expect(said).toMatch(/^HTTP\/1.1 200 OK/);
    expect(upstream.requests).toEqual(["GET deep.wild.example/plain"]);
  });

  it("may follow others on the same connection, each decided by itself", async () => {
    const socket = await world.tunnel("api.example.com");
    const first = "GET /1 HTTP/1.1\r\nHost: api.example.com\r\n\r\n";
    const second =
      "POST /2 HTTP/1.1\r\nHost: API.example.com.:443\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    const said = await exchangeBytes(socket, first, second);
    expect(said.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
    expect(upstream.requests).toEqual(["GET api.example.com/1", "POST api.example.com/2"]);
    expect(said).toContain("3\r\nabc\r\n");
  });

  it("E14: leaves behind what is of this hop only or speaks for somebody else", async () => {
    const { headers } = await world.request("api.example.com", {
      headers: {
        "x-forwarded-for": "1.2.3.4",
        forwarded: "for=1.2.3.4",
        "proxy-authorization": "Basic x",
        "x-http-method-override": "DELETE",
        te: "trailers",
        connection: "x-hop, close",
        "x-hop": "1",
        "x-own": "1",
      },
    });
    const seen = JSON.parse(String(headers["x-seen"])) as string[];
    expect(seen.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())).toEqual([
      "host",
      "x-own",
      "connection",
    ]);
  });

  it("C7: passes an event on at once, and the beginning of an answer without any", async () => {
    const socket = await world.tunnel("api.example.com");
    let said = "";
    socket.on("data", (piece: Buffer) => {
      said += piece.toString();
    });
    socket.write("GET /events HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
    await until(() => said.includes("text/event-stream"));
    open[0]?.write("data: 1\n\n");
    await until(() => said.includes("data: 1"));
    expect(world.lines).toEqual([]);
    socket.destroy();
    await until(() => world.lines.length === 1);
    expect(world.lines[0]).toMatchObject({ decision: "error", rule: "client_gone", status: 200, responseBytes: 9 });
    await until(() => open[0]?.destroyed === true);
  });

  it("R10: takes a large body no faster than its host does, and all of it", async () => {
    const size = 48 * 1024 * 1024;
    const piece = Buffer.alloc(1024 * 1024, 7);
    const socket = await world.tunnel("api.example.com");
    const headers = { host: "api.example.com", "content-length": String(size) };
    const request = httpRequest({ createConnection: () => socket, method: "PUT", path: "/stall", headers });
    let sent = 0;
    void (async () => {
      for (; sent < size; sent += piece.length) if (!request.write(piece)) await once(request, "drain");
      request.end();
    })();
    await until(() => open.length === 1);
    // What is between the two ends has a place in buffers of the system and of streams; then nothing moves any more.
    let before = -1;
    let still = 0;
    await until(() => {
      still = sent === before ? still + 1 : 0;
      before = sent;
      return still > 20 || sent === size;
    });
    expect(sent).toBeLessThan(size / 2);
    const answered = once(request, "response") as Promise<[IncomingMessage]>;
    const held = open[0];
    if (held) held.req.pipe(held.writeHead(200));
    const [answer] = await answered;
    let received = 0;
    for await (const part of answer) received += (part as Buffer).length;
    expect(received).toBe(size);
    socket.destroy();
  });

  it("is cut off when its answer is", async () => {
    const socket = await world.tunnel("api.example.com");
    const said = await exchangeBytes(socket, "GET /cut HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
    expect(said).toContain("half");
    await until(() => world.lines.length === 1);
    expect(world.lines[0]).toMatchObject({ decision: "error" });
  });

  it("is sent again on a new connection when a kept one was closed by its host, but only where that can do nothing twice", async () => {
    await world.request("api.example.com", { path: "/empty" });
    expect((await world.request("api.example.com", { path: "/stale" })).status).toBe(200);
    expect(upstream.requests.filter((line) => line.endsWith("/stale"))).toHaveLength(2);
    // Without a body, too: the host may have done it before it closed.
    const posted = "POST /stale HTTP/1.1\r\nhost: api.example.com\r\nconnection: close\r\n\r\n";
    expect(await exchangeBytes(await world.tunnel("api.example.com"), posted)).toMatch(
      /^HTTP\/1.1 502 .*upstream_failed/s,
    );
    expect(upstream.requests.filter((line) => line.startsWith("POST"))).toHaveLength(1);
  });

  it("C18: becomes a WebSocket where it asks for one, and nothing else", async () => {
    const socket = await world.tunnel("api.example.com");
    let said = "";
    socket.on("data", (piece: Buffer) => {
      said += piece.toString();
    });
    socket.write(
      "GET /ws HTTP/1.1\r\nHost: api.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k1\r\n\r\n",
    );
    await until(() => said.includes("Sec-WebSocket-Accept: k1"));
    socket.write("ping over it");
    await until(() => said.endsWith("ping over it"));
    socket.destroy();
    await until(() => world.lines.length === 1);
    expect(world.lines[0]).toMatchObject({ decision: "allow", status: 101, requestBytes: 12, responseBytes: 12 });

    const other = await exchangeBytes(
      await world.tunnel("api.example.com"),
      "GET /h2c HTTP/1.1\r\nHost: api.example.com\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n",
    );
    expect(other).toMatch(/^HTTP\/1.1 200/);
  });
});

describe("refused", () => {
  const refusal = async (host: string) => {
    const { status, headers, body } = await world.request(host);
    return { status, rule: headers["x-berth-egress"], body };
  };

  it("is a host that is not allowed, and the reason is told in words", async () => {
    expect(await refusal("not-allowed.example")).toMatchObject({
      status: 403,
      rule: "host_not_allowed",
      body: expect.stringContaining("not-allowed.example is not among the allowed hosts"),
    });
    expect(upstream.requests).toEqual([]);
    await until(() => world.lines.length === 1);
    expect(world.lines[0]).toMatchObject({
      decision: "deny",
      rule: "host_not_allowed",
      status: 403,
      sessionId: "sesn_1",
    });
  });

  it("is everything of a sandbox without a session", async () => {
    world.policy.current = null;
    expect(await refusal("api.example.com")).toMatchObject({ status: 403, rule: "no_session" });
  });

  it("is a host whose certificate is not trusted, one that has no address, and one that does not answer", async () => {
    expect(await refusal("bad.example")).toMatchObject({ status: 502, rule: "upstream_certificate" });
    expect(await refusal("missing.wild.example")).toMatchObject({ status: 502, rule: "unresolved" });
    expect(await refusal("nowhere.example")).toMatchObject({ status: 502, rule: "upstream_failed" });
  });

  it("E5: is an allowed host whose name leads to this machine, and it counts as suspicious", async () => {
    expect(await refusal("rebind.example")).toMatchObject({ status: 403, rule: "refused_address" });
    await until(() => world.lines.length === 1);
    expect(world.lines[0]).toMatchObject({ suspicious: true, detail: "127.0.0.1: loopback" });
  });

  it.each([
    ["E4: an address", "127.0.0.1:443", "403 address_for_host"],
    ["E4: an address in IPv6", "[::1]:443", "403 address_for_host"],
    ["E4: an address as one number", "2130706433:443", "403 address_for_host"],
    ["E10: another port", "api.example.com:22", "403 port"],
    ["E8: a name with a NUL", "api.example.com%00.evil.test:443", "400 bad_host"],
    ["nothing", "x", "400 bad_request"],
  ])("%s in a CONNECT request", async (_, authority, answer) => {
    await expect(world.tunnel("api.example.com", { connect: authority })).rejects.toThrow(`CONNECT: ${answer}`);
    await until(() => world.lines.length === 1);
  });

  it("E16: three names that are not the same", async () => {
    await expect(world.tunnel("api.example.com", { servername: "deep.wild.example" })).rejects.toThrow();
    await until(() => world.lines.length === 1);
    expect(world.lines[0]).toMatchObject({ rule: "host_mismatch", suspicious: true });
    const socket = await world.tunnel("api.example.com");
    const said = await exchangeBytes(socket, "GET / HTTP/1.1\r\nHost: deep.wild.example\r\n\r\n");
    expect(said).toMatch(/^HTTP\/1.1 421 .*x-berth-egress: host_mismatch/s);
    expect(upstream.requests).toEqual([]);
  });

  it("E17: TLS without a name, outside a tunnel; inside one the tunnel's host counts", async () => {
    await expect(world.transparent(undefined, { rejectUnauthorized: false })).rejects.toThrow();
    const socket = await world.tunnel("api.example.com", { servername: "", checkServerIdentity: () => undefined });
    expect(await exchangeBytes(socket, "GET / HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n")).toMatch(
      /^HTTP\/1.1 200/,
    );
  });

  it("E11: what is not TLS inside a tunnel, and what is not HTTP outside one", async () => {
    const connecting = httpRequest({
      socketPath: world.socketPath,
      method: "CONNECT",
      path: "api.example.com:443",
    }).end();
    const [, socket] = await once(connecting, "connect");
    expect(await exchangeBytes(socket, "SSH-2.0-OpenSSH_9.2\r\n")).toBe("");
    expect(await exchangeBytes(await world.dial(), "SSH-2.0-OpenSSH_9.2\r\n")).toMatch(/^HTTP\/1.1 400/);
    expect(upstream.requests).toEqual([]);
  });

  it("E12: plain HTTP, which is sent to https where it only asks", async () => {
    const get = await exchangeBytes(
      await world.dial(),
      "GET http://api.example.com/a?b HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    );
    expect(get).toMatch(/^HTTP\/1.1 307 .*location: https:\/\/api.example.com\/a\?b\r\n/s);
    const origin = await exchangeBytes(await world.dial(), "GET /a HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
    expect(origin).toMatch(/^HTTP\/1.1 307 .*location: https:\/\/api.example.com\/a\r\n/s);
    const post = await exchangeBytes(
      await world.dial(),
      "POST http://api.example.com/a HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 0\r\n\r\n",
    );
    expect(post).toMatch(/^HTTP\/1.1 403 .*x-berth-egress: plain_http/s);
    expect(upstream.requests).toEqual([]);
  });

  it.each([
    ["two lengths", "POST / HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"],
    [
      "a length and chunks",
      "POST / HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    [
      "chunks by another name",
      "POST / HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    ],
    [
      "chunks twice",
      "POST / HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    ],
    ["two hosts", "GET / HTTP/1.1\r\nHost: api.example.com\r\nHost: deep.wild.example\r\n\r\n"],
    ["no host", "GET / HTTP/1.0\r\n\r\n"],
    ["a bare line feed", "GET / HTTP/1.1\nHost: api.example.com\n\n"],
    ["a bare carriage return", "GET / HTTP/1.1\r\nHost: api.example.com\r\nX: a\rTransfer-Encoding: chunked\r\n\r\n"],
    ["a folded header", "GET / HTTP/1.1\r\nHost: api.example.com\r\nX: a\r\n b\r\n\r\n"],
    ["a space before a colon", "GET / HTTP/1.1\r\nHost: api.example.com\r\nContent-Length : 3\r\n\r\nabc"],
    ["an absolute URL in a tunnel", "GET https://deep.wild.example/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n"],
    ["a header of 64 kB", `GET / HTTP/1.1\r\nHost: api.example.com\r\nX: ${"a".repeat(65_536)}\r\n\r\n`],
  ])("C9: %s", async (_, text) => {
    const said = await exchangeBytes(await world.tunnel("api.example.com"), text);
    expect(said).toMatch(/^HTTP\/1.1 (400|431|501) /);
    expect(upstream.requests).toEqual([]);
    await until(() => world.lines.some((line) => line.decision === "deny"));
  });

  it("C10: a second request for another host behind a good one", async () => {
    const said = await exchangeBytes(
      await world.tunnel("api.example.com"),
      "GET /1 HTTP/1.1\r\nHost: api.example.com\r\n\r\nGET /2 HTTP/1.1\r\nHost: deep.wild.example\r\n\r\n",
    );
    expect(said).toMatch(/^HTTP\/1.1 200.*HTTP\/1.1 421/s);
    expect(upstream.requests).toEqual(["GET api.example.com/1"]);
  });

  const UPGRADE = "GET /ws HTTP/1.1\r\nHost: api.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  it.each([
    ["C10: a CONNECT", "tunnel", "CONNECT /a HTTP/1.1\r\nHost: api.example.com\r\n\r\n"],
    ["C10, C18: a WebSocket", "tunnel", UPGRADE],
    ["C10: a CONNECT to the proxy", "dial", "CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com\r\n\r\n"],
    ["C10: a refused CONNECT to the proxy", "dial", "CONNECT x HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["C10, C18: a WebSocket at the proxy", "dial", UPGRADE],
  ] as const)("%s behind a request that waits for its answer, and the broker goes on", async (_, way, second) => {
    const socket = await world[way]("api.example.com");
    const said = await exchangeBytes(socket, `GET /stall HTTP/1.1\r\nHost: api.example.com\r\n\r\n${second}`);
    // Neither is answered: whose answer is whose could not be told.
    expect(said).toBe("");
    await until(() => world.lines.some(({ rule, decision }) => rule === "bad_request" && decision === "deny"));
    expect(await world.request("api.example.com")).toMatchObject({ status: 200 });
  });

  it.each(["TRACE", "CONNECT"])("E14: the method %s in a tunnel", async (method) => {
    const said = await exchangeBytes(
      await world.tunnel("api.example.com"),
      `${method} / HTTP/1.1\r\nHost: api.example.com\r\n\r\n`,
    );
    expect(said).toMatch(/^HTTP\/1.1 405/);
    expect(upstream.requests).toEqual([]);
  });
});

it("closed, a sandbox reaches nothing more, and what goes on is cut", async () => {
  const socket = await world.tunnel("api.example.com");
  const closed = once(socket, "close");
  await world.broker.close("aaaaaaaaaaaa");
  await closed;
  await expect(world.dial()).rejects.toThrow();
});
