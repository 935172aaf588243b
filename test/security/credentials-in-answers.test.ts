// What comes back to a sandbox (C6–C8, C18, C27): a broker, real TLS on both sides, a host that gives back what it gets.
import { EventEmitter, once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { Secret } from "../../src/secrets/secret.ts";
import type { SessionCredential } from "../../src/secrets/session-credentials.ts";
import { findForms, newCanary } from "../support/canary.ts";
import { type CredentialWorld, type Held, heldVariable, startCredentialWorld } from "../support/credential-world.ts";
import { COMPRESS, echoHost, type Seen } from "../support/echo-host.ts";
import { type EgressWorld, exchangeBytes, type Upstream } from "../support/egress-world.ts";
import { until } from "../support/until.ts";

const HOST = "api.example.com";
const OTHER = "other.example.com";
const VALUE = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
let started: CredentialWorld;
let world: EgressWorld;
let upstream: Upstream;
const seen: Seen[] = [];
const held: Held = { current: [] };

beforeAll(async () => {
  started = await startCredentialWorld([HOST, OTHER], { seen, held });
  ({ world, upstream } = started);
});
beforeEach(() => void seen.splice(0));
afterAll(() => started?.close());

const use = <T extends SessionCredential>(credential: T): T => {
  held.current = [credential];
  return credential;
};
const token = () => use(heldVariable("GITHUB_TOKEN", VALUE, { hosts: [HOST] })).placeholder;
const bearing = (placeholder: string) => ({ authorization: `Bearer ${placeholder}` });

describe("C6, C8: what comes back holds no value", () => {
  const forms = [
    "json",
    "header",
    "redirect",
    "cookie",
    "error",
    "base64",
    "hex",
    "url",
    "pieces",
    "large",
    "sse",
    "digest",
  ];
  it.each([...forms, "gzip", "deflate", "br", "zstd"])("%s", async (form) => {
    const placeholder = token();
    const answer = await world.request(HOST, {
      path: `/echo/${form}`,
      headers: { ...bearing(placeholder), "accept-encoding": "gzip, deflate, br, zstd, compress" },
    });
    expect(seen.at(-1)?.headers.authorization).toBe(`Bearer ${VALUE}`);
    expect(seen.at(-1)?.headers["accept-encoding"]).toBe("gzip, br, zstd");
    expect(findForms(Buffer.from(JSON.stringify(answer)), [VALUE])).toEqual([]);
    expect(answer.headers["content-encoding"]).toBeUndefined();
    const whole = JSON.stringify(answer);
    if (!["base64", "hex", "large"].includes(form)) expect(whole).toContain(placeholder);
    if (form === "hex") expect(answer.body).toBe(Buffer.from(placeholder).toString("hex"));
    if (form === "base64") expect(atob(answer.body.split(" ")[0] ?? "")).toContain(placeholder.slice(0, 45));
    if (form === "large") expect(answer.headers["content-length"]).toBe(String(Buffer.byteLength(answer.body)));
    if (form === "digest")
      expect(answer.headers).toMatchObject({ etag: '"v1"', "content-length": String(answer.body.length) });
    if (form === "digest") expect(answer.headers["content-md5"]).toBeUndefined();
  });

  it("trailers", async () => {
    const placeholder = token();
    const socket = await world.tunnel(HOST);
    const asked = `GET /echo/trailer HTTP/1.1\r\nHost: ${HOST}\r\nTE: trailers\r\nAuthorization: Bearer ${placeholder}\r\nConnection: close\r\n\r\n`;
    const answer = await exchangeBytes(socket, asked);
    expect(seen.at(-1)?.headers.authorization).toBe(`Bearer ${VALUE}`);
    expect(answer).not.toContain(VALUE);
    expect(answer.toLowerCase()).toContain(`x-token: ${placeholder}`);
  });

  it("a value with every character that somebody writes otherwise, in each encoding", async () => {
    const value = newCanary("echo");
    const { placeholder } = use(heldVariable("CANARY", value, { hosts: [HOST] }));
    for (const form of [...forms, "gzip", "br"]) {
      const answer = await world.request(HOST, { path: `/echo/${form}`, headers: bearing(placeholder) });
      expect(seen.at(-1)?.headers.authorization).toBe(`Bearer ${value}`);
      expect(findForms(Buffer.from(JSON.stringify(answer)), [value]), form).toEqual([]);
      expect(findForms(Buffer.from(answer.body), [value]), form).toEqual([]);
    }
  });

  it("what another request left there is taken out, too, and no part of it can be asked for", async () => {
    const placeholder = token();
    await world.request(HOST, { headers: { ...bearing(placeholder), range: "bytes=0-30" }, path: "/echo/range" });
    expect(seen.at(-1)?.headers.range).toBeUndefined();
    const stored = await world.request(OTHER, { method: "POST", body: "x", headers: { authorization: VALUE } });
    expect(stored.body).not.toContain(VALUE);
    // A host that no value goes to gives parts.
    await world.request(OTHER, { headers: { range: "bytes=0-3" }, path: "/echo/range" });
    expect(seen.at(-1)?.headers.range).toBe("bytes=0-3");
  });

  it.each([
    ["content-encoding", "compress"],
    ["grpc-encoding", "gzip"],
    ["connect-content-encoding", "zstd"],
    ["transfer-encoding", "gzip, chunked"],
  ])("an answer in an encoding that cannot be looked into is not given: %s %s", async (header, encoding) => {
    upstream.server
      .removeAllListeners("request")
      .on("request", (_, response) => response.setHeader(header, encoding).end("x"));
    try {
      expect(await world.request(HOST, { headers: bearing(token()) })).toMatchObject({
        status: 502,
        headers: { "x-berth-egress": "answer_encoding" },
      });
    } finally {
      upstream.server.removeAllListeners("request").on("request", echoHost(seen));
    }
  });

  it("messages of a stream are not asked for in an encoding", async () => {
    const asking = { "grpc-accept-encoding": "gzip", "connect-accept-encoding": "gzip", "x-own": "1" };
    await world.request(HOST, { headers: { ...bearing(token()), ...asking } });
    const headers = seen.at(-1)?.headers ?? {};
    expect(headers["x-own"]).toBe("1");
    expect([headers["grpc-accept-encoding"], headers["connect-accept-encoding"]]).toEqual([undefined, undefined]);
  });

  it.each(["gzip", "deflate", "br", "zstd"])(
    "an empty answer may say that it is %s; one that is cut off ends with an error",
    async (encoding) => {
      const headers = bearing(token());
      const compressed = COMPRESS[encoding]?.(`${"x".repeat(5_000)}${crypto.randomUUID()}`) ?? Buffer.alloc(0);
      upstream.server.removeAllListeners("request").on("request", (request, response) => {
        response.setHeader("content-encoding", encoding);
        if (request.url === "/none") return void response.setHeader("content-length", 0).end();
        if (request.url === "/empty") return void response.write("", () => response.end());
        response.write(compressed.subarray(0, -20), () => response.destroy());
      });
      try {
        for (const path of ["/none", "/empty"])
          expect(await world.request(HOST, { path, headers })).toMatchObject({ status: 200, body: "" });
        await expect(world.request(HOST, { path: "/cut", headers })).rejects.toThrow(/aborted|hang up/);
      } finally {
        upstream.server.removeAllListeners("request").on("request", echoHost(seen));
      }
    },
  );

  it("in what is no text a value is replaced by as many bytes, so that what counts them still fits", async () => {
    const headers = bearing(token());
    upstream.server.removeAllListeners("request").on("request", (request, response) => {
      const body = `\u0000${VALUE}\u0001`;
      response.setHeader("content-type", "application/grpc");
      if (request.url === "/whole") response.setHeader("content-length", body.length);
      response.write(body);
      response.end();
    });
    try {
      for (const path of ["/whole", "/stream"]) {
        const { body } = await world.request(HOST, { path, headers });
        expect(body).toHaveLength(VALUE.length + 2);
        expect(body).not.toContain(VALUE);
      }
    } finally {
      upstream.server.removeAllListeners("request").on("request", echoHost(seen));
    }
  });

  it("a session without credentials gets its answers as they are, compressed and with their ranges", async () => {
    held.current = [];
    const answer = await world.request(HOST, {
      path: "/echo/gzip",
      headers: { "accept-encoding": "compress, gzip", range: "bytes=0-1" },
    });
    expect(answer.headers["content-encoding"]).toBe("gzip");
    expect(seen.at(-1)?.headers).toMatchObject({ "accept-encoding": "compress, gzip", range: "bytes=0-1" });
  });
});

it("C7: an event is given on before the next one is sent, also when it ends as a value begins", async () => {
  const events = new EventEmitter();
  upstream.server.removeAllListeners("request").on("request", (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    events.on("send", (text: string) => response.write(text));
    events.once("end", () => response.end());
  });
  try {
    const placeholder = token();
    const socket = await world.tunnel(HOST);
    const request = httpRequest({ createConnection: () => socket, headers: { host: HOST, ...bearing(placeholder) } });
    request.end();
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    let text = "";
    answer.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    for (const [sent, read] of [
      ["data: one\n\n", "data: one\n\n"],
      // What may be the beginning of the value waits; all before it does not.
      [`data: ${VALUE.slice(0, 20)}`, "data: one\n\ndata: "],
      [`${VALUE.slice(20)}\n\n`, `data: one\n\ndata: ${placeholder}\n\n`],
      [`data: ${VALUE.slice(0, 20)}`, `data: one\n\ndata: ${placeholder}\n\ndata: `],
      ["!\n\n", `data: one\n\ndata: ${placeholder}\n\ndata: ${VALUE.slice(0, 20)}!\n\n`],
    ]) {
      events.emit("send", sent);
      await until(() => text === read, { describe: () => text });
    }
    events.emit("end");
    await once(answer, "end");
    socket.destroy();
  } finally {
    upstream.server.removeAllListeners("request").on("request", echoHost(seen));
  }
});

it("C27: a connection to a host is used again by the same sandbox only", async () => {
  held.current = [];
  upstream.server.removeAllListeners("request").on("request", (request, response) => {
    response.end(`port ${request.socket.remotePort}.`);
  });
  try {
    const first = (await world.request(HOST)).body;
    expect((await world.request(HOST)).body).toBe(first);
    const socketPath = `${world.socketPath}-of-another`;
    const ca = await world.broker.open("bbbbbbbbbbbb", { identity: "another", socketPath });
    const connecting = httpRequest({ socketPath, method: "CONNECT", path: `${HOST}:443` });
    connecting.end();
    const [, socket] = (await once(connecting, "connect")) as [IncomingMessage, Socket];
    const secure = tlsConnect({ socket, ca, servername: HOST });
    const answer = await exchangeBytes(secure, `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/port \d+\.$/);
    expect(answer).not.toContain(first);
  } finally {
    upstream.server.removeAllListeners("request").on("request", echoHost(seen));
  }
});

it("C18: a WebSocket's handshake gets the value, and its frames and close reason give none back", async () => {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: true });
  const headers: IncomingMessage["headers"][] = [];
  upstream.server.on("upgrade", (request, socket, head) => {
    headers.push(request.headers);
    server.handleUpgrade(request, socket, head, (client) => {
      client.send(`you are ${request.headers.authorization}`);
      client.close(4000, `bye ${request.headers.authorization}`);
    });
  });
  const placeholder = token();
  const socket = await world.tunnel(HOST);
  const request = httpRequest({
    createConnection: () => socket,
    headers: {
      ...{ host: HOST, connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
      ...{ "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-extensions": "permessage-deflate" },
      ...bearing(placeholder),
    },
  });
  request.end();
  const [, stream, head] = (await once(request, "upgrade")) as [IncomingMessage, typeof socket, Buffer];
  const pieces = [head];
  stream.on("data", (piece: Buffer) => pieces.push(piece));
  await until(() => Buffer.concat(pieces).includes("bye"));
  stream.destroy();
  upstream.server.removeAllListeners("upgrade");
  expect(headers[0]).toMatchObject({ authorization: `Bearer ${VALUE}` });
  expect(headers[0]?.["sec-websocket-extensions"]).toBeUndefined();
  const text = Buffer.concat(pieces).toString("latin1");
  expect(text).toContain(`you are Bearer ${placeholder.slice(0, VALUE.length)}`);
  expect(text).not.toContain(VALUE);
});

it("C6, C22: what comes on a stream or a WebSocket that is open holds no value that was renewed meanwhile either", async () => {
  const NEW = "ghp_99C7e42F292c6912E7710c838347Ae178B4a";
  const say: ((text: string) => void)[] = [];
  upstream.server.removeAllListeners("request").on("request", (request, response) => {
    if (request.url !== "/stream") return void response.end("ok");
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    say.push((text) => void response.write(text));
  });
  upstream.server.on("upgrade", (_request, socket: Socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    say.push((text) => void socket.write(text));
  });
  const first = use(heldVariable("GITHUB_TOKEN", VALUE, { hosts: [HOST] }));
  const read: string[] = [];
  const sockets: Socket[] = [];
  try {
    for (const more of ["", "Connection: Upgrade\r\nUpgrade: websocket\r\n"]) {
      const socket = await world.tunnel(HOST);
      const index = sockets.push(socket as Socket) - 1;
      read[index] = "";
      socket.on("data", (piece: Buffer) => {
        read[index] += piece.toString("latin1");
      });
      const bearer = `Authorization: Bearer ${first.placeholder}\r\n`;
      socket.write(`GET /stream HTTP/1.1\r\nHost: ${HOST}\r\n${bearer}${more}\r\n`);
      await until(() => say.length > index);
    }
    // A part of what may become the value of before.
    for (const one of say) one(`old ${VALUE.slice(0, 20)}`);
    await until(() => read.every((text) => text.includes("old ")));
    use({ ...first, version: 2, secrets: { secret_value: new Secret(NEW) } });
    await world.request(HOST, { headers: bearing(first.placeholder) });
    for (const one of say) one(`${VALUE.slice(20)} new ${NEW} end.\n`);
    await until(() => read.every((text) => text.includes(" end")));
    for (const text of read) {
      expect(text).not.toContain(VALUE.slice(0, 20));
      expect(text).not.toContain(NEW);
      expect(text.split(first.placeholder.slice(0, VALUE.length))).toHaveLength(3);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    upstream.server.removeAllListeners("upgrade");
    upstream.server.removeAllListeners("request").on("request", echoHost(seen));
  }
});
