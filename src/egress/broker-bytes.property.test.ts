// Whatever bytes a sandbox writes into its tunnel: its host gets the requests that a strict reader finds in them, or nothing of them.
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer, type Server } from "node:tls";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type EgressWorld, LIMITED, startEgressWorld } from "../../test/support/egress-world.ts";
import { type Reading, type ReadRequest, readStrictly, valuesIn } from "../../test/support/strict-reader.ts";
import { until } from "../../test/support/until.ts";
import { type Authority, createAuthority } from "./certificate-authority.ts";

const HOST = "api.example.com";
const OTHER = "other.example";
const GOOD_HOST = `Host: ${HOST}`;
const INNER = `GET /inner HTTP/1.1\r\n${GOOD_HOST}\r\n\r\n`;
const INNER_OTHER = `GET /inner HTTP/1.1\r\nHost: ${OTHER}\r\n\r\n`;
/** Follows everything, so that every head has an end in every reading, and what is well read ends the connection. */
const LAST = `GET /last HTTP/1.1\r\n${GOOD_HOST}\r\nConnection: close\r\n\r\n`;

const mostly = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const method = mostly("POST", "GET", "HEAD", "OPTIONS", "TRACE", "CONNECT", "post", "PO ST", "P\0ST", "");
const target = mostly(
  "/a",
  ...["/a?b#c", "*", "", "a", `https://${OTHER}/`, `https://${HOST}/`, `//${OTHER}/`, "/a b", "/a\tb", "/\xe9", "/\0"],
  ...["/a HTTP/1.1\r\nX: y", `/a\r\nHost: ${OTHER}`, "/a\n", "/\x7f"],
);
const version = mostly(
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/0.9",
  "HTTP/2.0",
  "HTTP/1.1 ",
  "http/1.1",
  "HTTP/1.10",
  "HTTP/1.",
  "",
);
const lineEnd = fc.oneof(
  { weight: 40, arbitrary: fc.constant("\r\n") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("\n", "\r", "\r\r\n", "\n\r", "\0\r\n", "\r\n ", "\r\n\t", "\x85", "\xe5\x98\x8a"),
  },
);
const host = mostly(GOOD_HOST, "", `Host: ${OTHER}`, `Host:${HOST}:443`, `hOST:\t${HOST} `, `Host : ${HOST}`, "Host:");
const harmless = fc.constantFrom("X-A: b", "X-A:b", "X-B:\tb\t", "X-C:", "X-D: \xe9\xff", "Expect: 100-continue");
const hostile = fc.constantFrom(
  ...["Content-Length: 3", "Content-Length: 03", "Content-Length: +3", "Content-Length: 3, 3", "Content-Length: 0x3"],
  ...["Content-Length: -1", "Content-Length: 3 0", "Content-Length:", "Content-Length : 3", "Content-Length\t: 3"],
  ...["content-length: 0", "Content_Length: 3", "Content-Length: 999999", "Content-Length: 18446744073709551619"],
  ...["Transfer-Encoding: chunked", "Transfer-Encoding : chunked", "Transfer-Encoding: xchunked"],
  ...["Transfer-Encoding:\tchunked", "Transfer-Encoding:\x0bchunked", "Transfer-Encoding: chunked\x00"],
  ...["Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity"],
  ...["transfer-encoding: CHUNKED", 'Transfer-Encoding: "chunked"', "Transfer-Encoding: chunked;q=1"],
  ...["Transfer-Encoding: chunked, chunked", " Transfer-Encoding: chunked", "Transfer-Encoding:", "X: a\r\n chunked"],
  ...["X: a\nTransfer-Encoding: chunked", "X: a\rTransfer-Encoding: chunked", "X: a\0b", "X\0: a", "\xe9: a", ": a"],
  ...[GOOD_HOST, `Host: ${OTHER}`, "no colon", "X: a\x7f", "X: a\r\n\tb", "Connection: content-length, host"],
  ...["Connection: transfer-encoding", "Connection: close", "Connection: Upgrade\r\nUpgrade: websocket"],
  ...[`X-Forwarded-Host: ${OTHER}`, "Trailer: Content-Length"],
);
const bodyPiece = fc.constantFrom(
  ...[
    "",
    "abc",
    "\r\n",
    "\n",
    "\r",
    "\0",
    "0\r\n\r\n",
    "0\n\n",
    "3\r\nabc\r\n",
    "3\nabc\n",
    "3\r\nabcd\r\n",
    "0\r\nX: y\r\n\r\n",
  ],
  ...[
    "3;a=b\r\nabc\r\n",
    "3;a\nb\r\nabc\r\n",
    "3 \r\nabc\r\n",
    "0x3\r\nabc\r\n",
    "+3\r\nabc\r\n",
    "-1\r\n",
    "00\r\n\r\n",
  ],
  ...[
    "100000003\r\nabc\r\n",
    `0\r\nHost: ${OTHER}\r\nContent-Length: 9\r\n\r\n`,
    "0\r\nX : y\r\n\r\n",
    "0\r\n\n",
    "0\r\r\n\r\n",
  ],
  ...[INNER, INNER_OTHER],
);
const text = fc.array(bodyPiece, { maxLength: 3 }).map((pieces) => pieces.join(""));
const chunk = (data: string) => `${data.length.toString(16)}\r\n${data}\r\n`;
/** A body with headers that delimit it, and one of which nobody knows. */
const framed = fc.oneof(
  text.map((body) => ({ lines: [`Content-Length: ${body.length}`], body })),
  text.map((body) => ({ lines: ["Transfer-Encoding: chunked"], body: `${body && chunk(body)}0\r\n\r\n` })),
  fc.constant({ lines: [], body: "" }),
  fc.record({ lines: fc.array(hostile, { maxLength: 2 }), body: text }),
);
const head = fc.record({
  method,
  target,
  version,
  host,
  more: fc.array(harmless, { maxLength: 2 }),
  lineEnds: fc.array(lineEnd, { minLength: 7, maxLength: 7 }),
});
const oneRequest = fc.tuple(head, framed).map(([{ lineEnds, more, ...parts }, { lines, body }]) => {
  const first = `${parts.method} ${parts.target} ${parts.version}`;
  const written = [first, ...[parts.host].filter(Boolean), ...more, ...lines];
  return `${written.map((line, index) => line + (lineEnds[index] ?? "\r\n")).join("")}\r\n${body}`;
});
const stream = fc.array(oneRequest, { minLength: 1, maxLength: 2 }).map((requests) => requests.join(""));

const post = (...lines: string[]) => `POST /a HTTP/1.1\r\n${[GOOD_HOST, ...lines].join("\r\n")}\r\n\r\n`;
/** As they are known from advisories, and some that are well. */
const CLASSIC: string[] = [
  `${post("Content-Length: 6", "Transfer-Encoding: chunked")}0\r\n\r\nG`,
  `${post("Transfer-Encoding: chunked", "Content-Length: 4")}1d\r\n${INNER}`,
  `${post("Transfer-Encoding: chunked", "Transfer-Encoding: identity")}0\r\n\r\n${INNER}`,
  `${post("Transfer-Encoding: chunked", "Transfer-encoding: x")}0\r\n\r\n${INNER}`,
  `${post("Content-Length: 0", `Content-Length: ${INNER.length}`)}${INNER}`,
  `${post(`Content-Length: ${INNER.length}`, `Content-Length: ${INNER.length}`)}${INNER}`,
  `${post("Content-Length : 5")}${INNER}`,
  `${post("Transfer-Encoding:\x0bchunked")}0\r\n\r\n${INNER}`,
  `${post("X: a\nTransfer-Encoding: chunked")}0\r\n\r\n${INNER}`,
  `${post("X: a\r\n Transfer-Encoding: chunked")}0\r\n\r\n${INNER}`,
  `${post(`Host: ${OTHER}`)}${INNER}`,
  `GET https://${OTHER}/ HTTP/1.1\r\n${GOOD_HOST}\r\n\r\n`,
  `${post("Transfer-Encoding: gzip, chunked")}0\r\n\r\n${INNER}`,
  `${post("Transfer-Encoding: chunked")}3;a\nb\r\nabc\r\n0\r\n\r\n${INNER}`,
  // A chunk of 4 GB, of three bytes for who reads 32 bits of its size.
  `${post("Transfer-Encoding: chunked")}100000003\r\nabc\r\n${INNER_OTHER}`,
  `${post(`Content-Length: ${INNER_OTHER.length}`)}${INNER_OTHER}`,
  `${post("Transfer-Encoding: chunked")}${chunk(INNER_OTHER)}0\r\n\r\n`,
  `${post("Content-Length: 0")}${INNER_OTHER}`,
  `${post("Content-Length: 3", "Connection: Upgrade", "Upgrade: websocket")}abc`,
  // Read as a change of protocol by the parser, and as a request by everybody else.
  `${post("Connection: Upgrade", "Upgrade: websocket", "Upgrade: websocket")}${INNER}`,
  `${post("Connection: Upgrade", "Upgrade: h2c", "Content-Length: 3")}abc${INNER}`,
  `${INNER}${post("Transfer-Encoding: gzip, chunked")}0\r\n\r\n${INNER}`,
  `${INNER}${post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")}0\r\n\r\n${INNER}`,
];

/** A host that keeps each connection's bytes, and answers each request in them with its number. */
type Host = {
  server: Server;
  authority: Authority;
  connections: { said: string; answered: number }[];
  open: Set<Socket>;
};
let upstream: Host;

beforeAll(async () => {
  const authority = await createAuthority({ now: Date.now });
  const connections: Host["connections"] = [];
  const open: Host["open"] = new Set();
  const server = createServer(
    {
      ALPNProtocols: ["http/1.1"],
      SNICallback: (name, done) => void authority.contextFor(name).then((context) => done(null, context), done),
    },
    (socket) => {
      const connection = { said: "", answered: 0 };
      const index = connections.push(connection) - 1;
      socket.on("error", () => socket.destroy());
      socket.on("data", (piece: Buffer) => {
        connection.said += piece.toString("latin1");
        const { requests } = readStrictly(connection.said);
        for (; connection.answered < requests.length; connection.answered += 1)
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Seen: ${index}/${connection.answered}\r\n\r\n`);
      });
    },
  );
  // Broken off by the broker in the middle of a handshake.
  server.on("tlsClientError", (_, socket) => socket.destroy());
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  upstream = { server, authority, connections, open };
});
afterAll(() => void upstream.server.close());

type Outcome = { answers: string; readings: Reading[]; lines: EgressWorld["lines"] };

/** All that came of it, once nothing more can: the sandbox's listener is closed, and the host's connections with it. */
async function write(bytes: string, cutAt: number, expected: Reading): Promise<Outcome> {
  upstream.connections.splice(0);
  const { port } = upstream.server.address() as AddressInfo;
  const world = await startEgressWorld({
    networking: LIMITED(HOST, OTHER),
    trusted: [upstream.authority.certificate],
    namedHosts: async () => [HOST, OTHER].map((name) => ({ host: name, address: "127.0.0.1", port })),
  });
  const readings = () => upstream.connections.map(({ said }) => readStrictly(said));
  try {
    const socket = await world.tunnel(HOST);
    let answers = "";
    let closed = false;
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      closed = true;
    });
    socket.on("data", (piece: Buffer) => {
      answers += piece.toString("latin1");
    });
    const all = Buffer.from(bytes, "latin1");
    const cut = cutAt % all.length;
    if (cut > 0) socket.write(all.subarray(0, cut));
    socket.write(all.subarray(cut));
    const isAnswered = () => statusesIn(answers).length >= expected.requests.length;
    const isDone = {
      clean: isAnswered,
      cut: () => isAnswered() && readings().some(({ partial }) => partial !== null),
      // It is for the broker to end it.
      malformed: () => false,
    }[expected.end];
    await until(() => closed || isDone(), {
      intervalMs: 1,
      describe: () => `an end of ${JSON.stringify(bytes)}`,
    });
    socket.destroy();
    await world.broker.closeAll();
    await until(() => upstream.open.size === 0, { intervalMs: 1 });
    const seen = readings();
    const count = seen.reduce((sum, reading) => sum + reading.requests.length + (reading.partial ? 1 : 0), 0);
    const isRequest = (line: EgressWorld["lines"][number]) => line.method !== "" && line.path !== "";
    await until(() => world.lines.filter(isRequest).length >= count, {
      ...{ intervalMs: 1, describe: () => `an audit line for each of ${count} requests` },
    });
    return { answers, readings: seen, lines: world.lines.filter(isRequest) };
  } finally {
    await world.close();
  }
}

function statusesIn(answers: string): string[] {
  return [...answers.matchAll(/^HTTP\/1\.1 ([2-5]\d\d) /gm)].map(([, status = ""]) => status);
}

/** Without those that only say "continue". */
function finalAnswersIn(answers: string): string[] {
  return answers.split(/^(?=HTTP\/1\.1 \d)/m).filter((answer) => /^HTTP\/1\.1 [2-5]/.test(answer));
}

/** Whether `seen` is this request: nothing in it that was not written as a part of it. */
function isSame(seen: ReadRequest, written: ReadRequest, isWhole: boolean): boolean {
  const own = new Set(["host", "connection", "content-length", "transfer-encoding"]);
  return (
    seen.method === written.method &&
    seen.target === written.target &&
    (isWhole ? seen.body === written.body : written.body.startsWith(seen.body)) &&
    seen.headers.every(([name, value]) => own.has(name) || valuesIn(written, name).includes(value))
  );
}

/** What of well-read requests is the tunnel's host's to get. */
function mayPass({ method: verb, target: where, ...request }: ReadRequest): boolean {
  // Without a host, or with two, it is refused, but where it ends is plain.
  const named = valuesIn(request, "host").map((name) => name.toLowerCase().replace(/:443$/, ""));
  return !["TRACE", "CONNECT"].includes(verb) && where.startsWith("/") && named.join() === HOST;
}

it("C9, C10, E14: of random bytes in a tunnel a host gets the requests that a strict reader finds, or nothing", async () => {
  const runs = { passed: 0, refused: 0 };
  const check = async (said: string, cutAt: number) => {
    const bytes = said + LAST;
    const written = readStrictly(bytes);
    const { answers, readings, lines } = await write(bytes, cutAt, written);

    const unclaimed = [...written.requests, ...(written.partial ? [written.partial] : [])].filter(mayPass);
    const claim = (seen: ReadRequest, isWhole: boolean) => {
      const index = unclaimed.findIndex((request) => isSame(seen, request, isWhole));
      expect(index, `nobody wrote ${JSON.stringify(seen)}`).toBeGreaterThanOrEqual(0);
      unclaimed.splice(index, 1);
      const line = lines.findIndex(
        ({ method: verb, path }) => verb === seen.method && path === seen.target.replace(/[?#].*/s, ""),
      );
      expect(line, `no audit line of ${JSON.stringify(seen)}`).toBeGreaterThanOrEqual(0);
      lines.splice(line, 1);
      expect(valuesIn(seen, "host")).toEqual([HOST]);
    };
    for (const { end } of readings) expect(end, "what the host got").not.toBe("malformed");
    for (const { requests } of readings) for (const request of requests) claim(request, true);
    for (const { partial } of readings) if (partial) claim(partial, false);

    // The answers stand in the order of what they answer.
    for (const [index, answer] of finalAnswersIn(answers).entries()) {
      const [, connection, number] = /^x-seen: (\d+)\/(\d+)\r$/im.exec(answer) ?? [];
      if (connection === undefined) continue;
      const seen = readings[Number(connection)]?.requests[Number(number)];
      const asked = written.requests[index];
      expect(seen && asked && isSame(seen, asked, true), `answer ${index} is of ${JSON.stringify(seen)}`).toBe(true);
    }
    if (readings.some(({ requests }) => requests.length > 0)) runs.passed += 1;
    if (statusesIn(answers).some((status) => status.startsWith("4"))) runs.refused += 1;
  };
  await fc.assert(fc.asyncProperty(stream, fc.nat(400), check), {
    numRuns: 150,
    examples: CLASSIC.map((said): [string, number] => [said, 0]),
    interruptAfterTimeLimit: 240_000,
    markInterruptAsFailure: true,
  });
  // Neither side of the boundary is tried in vain.
  expect(runs.passed).toBeGreaterThan(20);
  expect(runs.refused).toBeGreaterThan(20);
}, 270_000);
