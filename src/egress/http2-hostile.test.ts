// A program that speaks HTTP/2 as no library would, frame by frame: nothing is carried on that an HTTP/1.1 host could read otherwise, and no flood stays.
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type EgressWorld,
  LIMITED,
  startEgressWorld,
  startUpstream,
  type Upstream,
} from "../../test/support/egress-world.ts";
import { until } from "../../test/support/until.ts";

const HOST = "api.example.com";
const SMUGGLED = `GET /smuggled HTTP/1.1\r\nhost: ${HOST}\r\n\r\n`;
const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, continuation: 9 } as const;
const END_STREAM = 1;
const END_HEADERS = 4;

type Seen = { method: string; url: string; headers: readonly string[]; body: string };
let world: EgressWorld;
let upstream: Upstream;
let seen: Seen[];

beforeEach(async () => {
  seen = [];
  world = await startEgressWorld({
    networking: LIMITED(HOST),
    namedHosts: async (authority) => {
      upstream = await startUpstream(authority, (request, response) => {
        const one = { method: request.method ?? "", url: request.url ?? "", headers: request.rawHeaders, body: "" };
        seen.push(one);
        request.on("data", (piece) => {
          one.body += piece;
        });
        // A body that is cut off.
        request.on("error", () => undefined);
        request.on("end", () => response.end("well"));
      });
      return [HOST, "other.example.com"].map((host) => ({ host, address: "127.0.0.1", port: upstream.port }));
    },
  });
});
afterEach(async () => {
  await world.close();
  await upstream.close();
});

function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** HPACK without its table and without Huffman's code: the bytes as they are. */
function headerBlock(headers: readonly (readonly [string, string])[], first = 0x00): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value, "latin1");
    return Buffer.concat([lengthOf(bytes.length), bytes]);
  };
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([first]), text(name), text(value)]));
}

function lengthOf(length: number): Buffer {
  if (length < 127) return Buffer.from([length]);
  const bytes = [127];
  let rest = length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

type Raw = { socket: TLSSocket; frames: { type: number; stream: number }[]; isClosed: () => boolean };

async function open(): Promise<Raw> {
  const socket = await world.transparent(HOST, { ALPNProtocols: ["h2"] });
  const frames: Raw["frames"] = [];
  let held = Buffer.alloc(0);
  let closed = false;
  socket.on("data", (piece: Buffer) => {
    held = Buffer.concat([held, piece]);
    while (held.length >= 9 && held.length >= 9 + held.readUIntBE(0, 3)) {
      frames.push({ type: held.readUInt8(3), stream: held.readUInt32BE(5) & 0x7fffffff });
      held = held.subarray(9 + held.readUIntBE(0, 3));
    }
  });
  socket.on("error", () => undefined);
  socket.once("close", () => {
    closed = true;
  });
  socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(FRAME.settings, 0, 0)]));
  return { socket, frames, isClosed: () => closed };
}

/** Others are served as before. */
async function expectAlive(): Promise<void> {
  expect(await world.request(HOST, { path: "/after" })).toMatchObject({ status: 200, body: "well" });
}

const base = (changes: Record<string, string> = {}): [string, string][] =>
  Object.entries({ ":method": "POST", ":scheme": "https", ":authority": HOST, ":path": "/x", ...changes });

describe("C9, C19: a request that HTTP/1.1 would have as two, or as another", () => {
  const cases: [what: string, headers: [string, string][], body?: string][] = [
    ["a value with a line break", [...base(), ["x-a", "b\r\nx-injected: 1"]]],
    ["a value with a line feed", [...base(), ["x-a", "b\nx-injected: 1"]]],
    ["a value with a NUL", [...base(), ["x-a", "b\0x-injected: 1"]]],
    ["a name with a line break", [...base(), ["x-a: b\r\nx-injected", "1"]]],
    ["a name with a colon", [...base(), ["x-injected:x", "1"]]],
    ["a name in capitals", [...base(), ["X-Injected", "1"]]],
    ["a name that is empty", [...base(), ["", "x-injected"]]],
    ["chunks", [...base(), ["transfer-encoding", "chunked"]], `0\r\n\r\n${SMUGGLED}`],
    [
      "chunks and a length",
      [...base(), ["transfer-encoding", "chunked"], ["content-length", "4"]],
      `0\r\n\r\n${SMUGGLED}`,
    ],
    ["a length that is too short", [...base(), ["content-length", "3"]], `abc${SMUGGLED}`],
    ["a length that is too long", [...base(), ["content-length", "400"]], SMUGGLED],
    [
      "two lengths",
      [...base(), ["content-length", "3"], ["content-length", String(3 + SMUGGLED.length)]],
      `abc${SMUGGLED}`,
    ],
    ["a length that is a list", [...base(), ["content-length", "3, 3"]], `abc${SMUGGLED}`],
    ["a length with a sign", [...base(), ["content-length", "+3"]], "abc"],
    ["a length with a space", [...base(), ["content-length", " 3"]], `abc${SMUGGLED}`],
    ["no length", base(), SMUGGLED],
    ["a path with a line", base({ ":path": `/x HTTP/1.1\r\nhost: ${HOST}\r\n\r\n${SMUGGLED}` })],
    ["a path with a space", base({ ":path": "/x HTTP/1.1" })],
    ["a path without a slash", base({ ":path": "smuggled" })],
    ["no path", base().filter(([name]) => name !== ":path")],
    ["a method with a line", base({ ":method": `GET /smuggled HTTP/1.1\r\nhost: ${HOST}\r\n\r\nGET` })],
    ["a method with a space", base({ ":method": "GET /smuggled" })],
    ["another host as its authority", base({ ":authority": "other.example.com" })],
    ["another Host header", [...base(), ["host", "other.example.com"]]],
    ["two authorities", [[":authority", "other.example.com"], ...base()]],
    ["an authority with a user", base({ ":authority": `${HOST}@other.example.com` })],
    ["an authority with a line", base({ ":authority": `${HOST}\r\nx-injected: 1` })],
    ["an authority on another port", base({ ":authority": `${HOST}:22` })],
    ["headers of one hop", [...base(), ["connection", "x-a"], ["x-a", "1"]]],
    ["an upgrade", [...base(), ["upgrade", "h2c"], ["http2-settings", "AAMAAABkAAQAAP__"]]],
    ["a pseudo-header at the end", [...base().slice(0, 3), ["x-a", "1"], [":path", "/x"]]],
    ["another protocol", base({ ":method": "CONNECT", ":protocol": "websocket" })],
    [
      "a tunnel",
      [
        [":method", "CONNECT"],
        [":authority", "other.example.com:443"],
      ],
    ],
  ];
  it.each(cases)("%s", async (_what, headers, body) => {
    const { socket, frames, isClosed } = await open();
    const flags = END_HEADERS | (body === undefined ? END_STREAM : 0);
    socket.write(frame(FRAME.headers, flags, 1, headerBlock(headers)));
    if (body !== undefined) socket.write(frame(FRAME.data, END_STREAM, 1, Buffer.from(body)));
    const settling: readonly number[] = [FRAME.headers, FRAME.reset, FRAME.goAway];
    await until(() => isClosed() || frames.some(({ type }) => settling.includes(type)));
    socket.destroy();
    await expectAlive();
    for (const one of seen) {
      expect(one.url).toMatch(/^\/(x|after)$/);
      expect(one.method).toMatch(/^(GET|POST)$/);
      const values = (name: string) =>
        one.headers.flatMap((text, index) =>
          index % 2 === 0 && text.toLowerCase() === name ? [one.headers[index + 1]] : [],
        );
      expect(values("host")).toEqual([HOST]);
      expect(values("content-length").length + values("transfer-encoding").length).toBeLessThanOrEqual(1);
      expect(one.headers.join("\n")).not.toMatch(/injected/i);
      // What came was all of one body, or none.
      expect(["", "abc", body ?? ""]).toContain(one.body);
    }
  });
});

describe("R9, C19: a flood ends its own connection, and nothing else", () => {
  /** Writes until the other end has enough, or all of it was taken. */
  async function flood(raw: Raw, pieces: Iterable<Buffer>): Promise<boolean> {
    for (const piece of pieces) {
      if (raw.isClosed() || raw.frames.some(({ type }) => type === FRAME.goAway)) return true;
      if (raw.socket.write(piece)) continue;
      let drained = false;
      raw.socket.once("drain", () => {
        drained = true;
      });
      // One that takes nothing more holds up its own program only.
      if (!(await until(() => drained || raw.isClosed(), { timeoutMs: 5_000 }).catch(() => false))) return false;
    }
    return until(() => raw.isClosed() || raw.frames.some(({ type }) => type === FRAME.goAway), {
      timeoutMs: 5_000,
    }).catch(() => false);
  }
  function* times(count: number, make: (index: number) => Buffer, perWrite = 500): Generator<Buffer> {
    for (let at = 0; at < count; at += perWrite)
      yield Buffer.concat(Array.from({ length: perWrite }, (_, index) => make(at + index)));
  }

  it("of headers that never end", async () => {
    const raw = await open();
    raw.socket.write(frame(FRAME.headers, END_STREAM, 1, headerBlock(base())));
    const more = frame(FRAME.continuation, 0, 1, headerBlock([["x-a", "1"]]));
    expect(
      await flood(
        raw,
        times(100_000, () => more),
      ),
    ).toBe(true);
    await expectAlive();
    expect(seen.map(({ url }) => url)).toEqual(["/after"]);
  });

  it("of headers that a small table makes large", async () => {
    const raw = await open();
    // One entry of the table, said four thousand times.
    const block = Buffer.concat([
      headerBlock(base()),
      headerBlock([["x-a", "a".repeat(3_900)]], 0x40),
      Buffer.alloc(4_000, 0xbe),
    ]);
    raw.socket.write(frame(FRAME.headers, END_STREAM | END_HEADERS, 1, block));
    await until(
      () =>
        raw.isClosed() ||
        raw.frames.some(({ type }) => type === FRAME.reset || type === FRAME.goAway || type === FRAME.headers),
    );
    raw.socket.destroy();
    await expectAlive();
    expect(seen.map(({ url }) => url)).toEqual(["/after"]);
  });

  it("of requests that are taken back at once", async () => {
    const raw = await open();
    const cancel = Buffer.from([0, 0, 0, 8]);
    const block = headerBlock(base({ ":method": "GET" }));
    const pair = (index: number) =>
      Buffer.concat([
        frame(FRAME.headers, END_STREAM | END_HEADERS, 2 * index + 1, block),
        frame(FRAME.reset, 0, 2 * index + 1, cancel),
      ]);
    expect(await flood(raw, times(20_000, pair, 100))).toBe(true);
    await expectAlive();
    // Node lets a thousand go before it has enough.
    expect(seen.length).toBeLessThan(2_000);
  });

  it.each([
    ["settings", frame(FRAME.settings, 0, 0, Buffer.from([0, 4, 0, 1, 0, 0]))],
    ["pings", frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
  ])("of %s whose answers nobody reads", async (_what, one) => {
    const raw = await open();
    raw.socket.pause();
    await flood(
      raw,
      times(50_000, () => one, 5_000),
    );
    raw.socket.destroy();
    await expectAlive();
  });
});
