// Programs that speak HTTP/2, over real sockets and real TLS: the same checks as for HTTP/1.1, gRPC both ways, trailers of either version.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
  sensitiveHeaders,
} from "node:http2";
import { type AddressInfo, connect as connectNet, createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type EgressWorld,
  exchangeBytes,
  LIMITED,
  startEgressWorld,
  startUpstream,
  type Upstream,
} from "../../test/support/egress-world.ts";
import { makeCertificate } from "../../test/support/make-certificate.ts";
import { until } from "../../test/support/until.ts";
import { newPlaceholder } from "../secrets/placeholders.ts";

const HOST = "api.example.com";
const GRPC = "grpc.example.com";
let world: EgressWorld;
let upstream: Upstream;
let grpcServer: grpc.Server;
const closing: (() => void)[] = [];

const asText = (value: string) => Buffer.from(value);
const fromText = (bytes: Buffer) => bytes.toString();
const method = (path: string, stream: boolean) => ({
  ...{ path, requestStream: stream, responseStream: stream },
  ...{
    requestSerialize: asText,
    requestDeserialize: fromText,
    responseSerialize: asText,
    responseDeserialize: fromText,
  },
});

async function startGrpc(keys: { cert: string; key: string }): Promise<number> {
  grpcServer = new grpc.Server();
  grpcServer.addService(
    { say: method("/test.Echo/Say", false), chat: method("/test.Echo/Chat", true) },
    {
      say(call: grpc.ServerUnaryCall<string, string>, done: grpc.sendUnaryData<string>) {
        if (call.request === "fail") return done({ code: grpc.status.NOT_FOUND, details: "no such thing" });
        const trailer = new grpc.Metadata();
        trailer.set("x-after", "the body");
        done(null, `${call.request} ${String(call.metadata.get("x-own")[0])}`, trailer);
      },
      chat(call: grpc.ServerDuplexStream<string, string>) {
        call.on("data", (text: string) => call.write(`heard ${text}`));
        call.on("end", () => call.end());
      },
    },
  );
  const credentials = grpc.ServerCredentials.createSsl(null, [
    { cert_chain: Buffer.from(keys.cert), private_key: Buffer.from(keys.key) },
  ]);
  return promisify(grpcServer.bindAsync.bind(grpcServer))("127.0.0.1:0", credentials);
}

beforeEach(async () => {
  const own = await makeCertificate(GRPC);
  world = await startEgressWorld({
    trusted: [own.cert],
    networking: LIMITED(HOST, GRPC, "old.example.com"),
    namedHosts: async (authority) => {
      upstream = await startUpstream(authority, (request, response) => {
        const { url = "" } = request;
        if (url === "/twice") {
          const twice = ["X-Content-Type-Options", "nosniff", "X-Content-Type-Options", "nosniff"];
          const others = ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "HTTP2-Settings", "AAMAAABk", "Constructor", "1"];
          response.writeHead(200, [...twice, ...others]);
          return void response.end("well");
        }
        if (url === "/twice-after") {
          response.writeHead(200, { trailer: "etag, http2-settings" });
          response.write("well");
          response.addTrailers([
            ["ETag", "one"],
            ["ETag", "two"],
            ["HTTP2-Settings", "AAMAAABk"],
          ]);
          return void response.end();
        }
        if (url === "/empty") return void response.writeHead(204).end();
        if (url === "/cut") {
          response.writeHead(200, { "content-length": "100" });
          response.write("half");
          return void setImmediate(() => response.destroy());
        }
        response.writeHead(200, {
          "x-seen": JSON.stringify(request.rawHeaders),
          "set-cookie": ["a=1", "b=2"],
          ...(request.method === "POST" && { trailer: "x-sum" }),
        });
        request.on("data", (piece) => response.write(piece));
        request.on("end", () => {
          response.addTrailers([
            ["x-sum", request.trailers["x-client-sum"] ?? "none"],
            ["set-cookie", "late=1"],
          ]);
          response.end();
        });
      });
      const port = await startGrpc(own);
      return [
        ...[HOST, "old.example.com", "other.example.com"].map((host) => ({
          host,
          address: "127.0.0.1",
          port: upstream.port,
        })),
        { host: GRPC, address: "127.0.0.1", port },
      ];
    },
  });
});
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  grpcServer.forceShutdown();
  await world.close();
  await upstream.close();
});

async function session(host = HOST): Promise<ClientHttp2Session> {
  const socket = await world.transparent(host, { ALPNProtocols: ["h2"] });
  expect(socket.alpnProtocol).toBe("h2");
  const made = connect(`https://${host}`, { createConnection: () => socket });
  made.on("error", () => undefined);
  closing.push(() => made.destroy());
  return made;
}

type Said = {
  status: number;
  headers: Record<string, unknown>;
  body: string;
  trailers: Record<string, unknown>;
  code: number;
};

async function ask(
  on: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  send?: (stream: ClientHttp2Stream) => void,
): Promise<Said> {
  const stream = on.request(headers, { endStream: send === undefined, waitForTrailers: true });
  stream.on("error", () => undefined);
  stream.on("wantTrailers", () => stream.sendTrailers({ "x-client-sum": "9" }));
  const said: Said = { status: 0, headers: {}, body: "", trailers: {}, code: -1 };
  stream.on("response", (answer) => {
    said.status = Number(answer[":status"]);
    said.headers = answer;
  });
  stream.on("trailers", (trailers) => {
    said.trailers = trailers;
  });
  stream.setEncoding("utf8").on("data", (text: string) => {
    said.body += text;
  });
  send?.(stream);
  await new Promise<void>((resolve) => stream.once("close", () => resolve()));
  said.code = stream.rstCode ?? -1;
  return said;
}

describe("HTTP/2 from a program", () => {
  it("gets through with its body, cookies, answer and trailers in both directions, and many at once", async () => {
    const on = await session();
    const said = await ask(
      on,
      { ":path": "/x?q=1", ":method": "POST", cookie: ["a=1", "b=2"], "x-own": "1" },
      (stream) => stream.end("hello"),
    );
    expect(said).toMatchObject({ status: 200, body: "hello", code: constants.NGHTTP2_NO_ERROR });
    expect(said.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect({ ...said.trailers }).toEqual({ "x-sum": "9", [sensitiveHeaders]: [] });
    const seen = JSON.parse(String(said.headers["x-seen"])) as string[];
    expect(seen.slice(0, 2)).toEqual(["Host", HOST]);
    expect(seen.join(" ")).toContain("cookie a=1; b=2");
    expect(seen.join(" ")).not.toContain(":authority");
    const many = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(on, { ":path": `/${n}` })));
    expect(many.every(({ status }) => status === 200)).toBe(true);
    await until(() => world.lines.length === 51);
    expect(world.lines[0]).toMatchObject({
      method: "POST",
      host: HOST,
      path: "/x",
      decision: "allow",
      status: 200,
      requestBytes: 5,
      responseBytes: 5,
    });
  });

  it("gets answers without a body, and half of one as an error", async () => {
    const on = await session();
    expect(await ask(on, { ":path": "/empty" })).toMatchObject({ status: 204, body: "", code: 0 });
    expect(await ask(on, { ":path": "/head", ":method": "HEAD" })).toMatchObject({ status: 200, body: "", code: 0 });
    expect((await ask(on, { ":path": "/cut" })).code).toBe(constants.NGHTTP2_INTERNAL_ERROR);
  });

  it.each([
    ["another authority (C19)", { ":authority": "other.example.com" }, 421, "host_mismatch"],
    ["another Host beside its authority", { ":authority": HOST, host: "other.example.com" }, 400, "bad_request"],
    ["an address", { ":authority": "127.0.0.1" }, 403, "address_for_host"],
    ["another port", { ":authority": `${HOST}:8443` }, 403, "port"],
    ["TRACE", { ":method": "TRACE" }, 405, "method"],
  ])("is refused with %s", async (_, headers, status, rule) => {
    const said = await ask(await session(), { ":path": "/", ...headers });
    expect(said).toMatchObject({ status, headers: { "x-berth-egress": rule } });
    expect(upstream.requests).toEqual([]);
    await until(() => world.lines.length === 1);
    expect(world.lines[0]).toMatchObject({ rule, decision: "deny" });
  });

  it("comes to nobody with a whole URL for a path", async () => {
    const said = await ask(await session(), { ":path": "https://other.example.com/" });
    expect(said.status).not.toBe(200);
    expect(said.code).not.toBe(0);
    expect(upstream.requests).toEqual([]);
  });

  it("is refused a host that is not allowed, in the session of its name", async () => {
    const said = await ask(await session("other.example.com"), { ":path": "/" });
    expect(said).toMatchObject({ status: 403, headers: { "x-berth-egress": "host_not_allowed" } });
    expect(upstream.requests).toEqual([]);
  });

  it("opens no tunnel in a tunnel", async () => {
    const said = await ask(await session(), { ":method": "CONNECT", ":authority": `${HOST}:443` }, () => undefined);
    expect(said.status).toBe(405);
    expect(upstream.requests).toEqual([]);
  });

  it("is an audit line when it is no HTTP/2, and the broker lives on", async () => {
    const socket = await world.transparent(HOST, { ALPNProtocols: ["h2"] });
    await exchangeBytes(socket, "GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
    await until(() => world.lines.length === 1);
    expect(world.lines[0]).toMatchObject({ rule: "bad_request", suspicious: true });
    expect((await ask(await session(), { ":path": "/" })).status).toBe(200);
  });

  it("works with curl, which asks for it by itself", async () => {
    const file = join(world.directory, "ca.pem");
    writeFileSync(file, world.ca);
    const relay = await relayTo(world.socketPath);
    const args = ["--silent", "--http2", "--cacert", file, "--connect-to", `${HOST}:443:127.0.0.1:${relay}`];
    const { stdout } = await promisify(execFile)("curl", [
      ...args,
      "--data",
      "hello",
      "--write-out",
      " %{http_version} %{http_code}",
      `https://${HOST}/`,
    ]);
    expect(stdout).toBe("hello 2 200");
  });
});

describe("gRPC", () => {
  function client(host = GRPC): grpc.Client {
    const made = new grpc.Client(`unix:${world.socketPath}`, grpc.credentials.createSsl(Buffer.from(world.ca)), {
      "grpc.ssl_target_name_override": host,
      "grpc.default_authority": host,
    });
    closing.push(() => made.close());
    return made;
  }
  type Reply = { error: grpc.ServiceError | null; value: string | undefined; status: grpc.StatusObject };
  const say = (on: grpc.Client, text: string) =>
    new Promise<Reply>((resolve) => {
      const metadata = new grpc.Metadata();
      metadata.set("x-own", "mine");
      let reply: Omit<Reply, "status"> = { error: null, value: undefined };
      const call = on.makeUnaryRequest(
        "/test.Echo/Say",
        asText,
        fromText,
        text,
        metadata,
        { deadline: Date.now() + 30_000 },
        (error, value) => {
          reply = { error, value };
        },
      );
      call.on("status", (status) => setImmediate(() => resolve({ ...reply, status })));
    });

  it("calls with metadata and trailers both ways, and its errors are the host's", async () => {
    const on = client();
    const good = await say(on, "hello");
    expect(good).toMatchObject({ error: null, value: "hello mine" });
    expect(good.status.metadata.get("x-after")).toEqual(["the body"]);
    const bad = await say(on, "fail");
    expect(bad.error).toMatchObject({ code: grpc.status.NOT_FOUND, details: "no such thing" });
    await until(() => world.lines.length === 2);
    expect(world.lines[0]).toMatchObject({ host: GRPC, path: "/test.Echo/Say", decision: "allow", status: 200 });
  });

  it("streams in both directions while both are open", async () => {
    const call = client().makeBidiStreamRequest("/test.Echo/Chat", asText, fromText);
    for (const word of ["one", "two"]) {
      call.write(word);
      const [heard] = (await once(call, "data")) as [string];
      expect(heard).toBe(`heard ${word}`);
    }
    const ended = once(call, "status") as Promise<[grpc.StatusObject]>;
    call.end();
    call.resume();
    expect((await ended)[0].code).toBe(grpc.status.OK);
  });

  it("is told what is not allowed, and what does not speak HTTP/2", async () => {
    expect((await say(client("not-allowed.example.com"), "hello")).error?.code).toBe(grpc.status.PERMISSION_DENIED);
    expect((await say(client("old.example.com"), "hello")).error?.code).toBe(grpc.status.UNAVAILABLE);
    await until(() => world.lines.length === 2);
    expect(world.lines.map(({ rule }) => rule)).toEqual(["host_not_allowed", "upstream_failed"]);
  });
});

it("what a host of HTTP/1.1 says twice, or of its own connection, is an answer for a program that speaks HTTP/2, too", async () => {
  const on = await session();
  const { headers, ...before } = await ask(on, { ":path": "/twice" });
  expect(before).toMatchObject({ status: 200, body: "well", code: 0 });
  expect(headers).toMatchObject({ "x-content-type-options": "nosniff, nosniff", "set-cookie": ["a=1", "b=2"] });
  expect(headers.constructor).toBe("1");
  expect(headers).not.toHaveProperty("http2-settings");
  const { trailers, ...after } = await ask(on, { ":path": "/twice-after" });
  expect(after).toMatchObject({ status: 200, body: "well", code: 0 });
  expect(trailers).toMatchObject({ etag: "one, two" });
  expect(trailers).not.toHaveProperty("http2-settings");
});

it("passes trailers of HTTP/1.1 in both directions, without those that decide how a message is read", async () => {
  const socket = await world.tunnel(HOST);
  const request = httpRequest({
    createConnection: () => socket,
    method: "POST",
    headers: { host: HOST, trailer: "x-client-sum", "transfer-encoding": "chunked" },
  });
  request.addTrailers([["x-client-sum", "7"]]);
  request.end("hello");
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  let body = "";
  for await (const piece of answer) body += piece;
  expect(body).toBe("hello");
  expect(answer.trailers).toEqual({ "x-sum": "7" });
  socket.destroy();
});

it("C5: a placeholder in trailers does not leave, whatever the version, and is a security event", async () => {
  const placeholder = newPlaceholder();
  const socket = await world.tunnel(HOST);
  const said = await exchangeBytes(
    socket,
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Client-Sum: ${placeholder}\r\n\r\n`,
  );
  expect(said).not.toContain("x-sum");
  const client = await session();
  const stream = client.request({ ":method": "POST", ":path": "/" }, { endStream: false, waitForTrailers: true });
  stream.on("error", () => undefined);
  stream.on("wantTrailers", () => stream.sendTrailers({ "x-client-sum": `a ${placeholder}` }));
  let trailers: unknown = null;
  stream.on("trailers", (raw) => {
    trailers = raw;
  });
  stream.resume().end("hello");
  await once(stream, "close");
  expect(trailers).toBeNull();
  await until(() => world.lines.length === 2);
  for (const line of world.lines) expect(line).toMatchObject({ rule: "placeholder_place", suspicious: true });
});

/** As the relay in a sandbox does it, for programs that know no unix sockets. */
async function relayTo(socketPath: string): Promise<number> {
  const server = createServer((client) => {
    const broker = connectNet(socketPath);
    for (const each of [client, broker]) each.on("error", () => undefined);
    client.pipe(broker).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => void server.close());
  return (server.address() as AddressInfo).port;
}
