// The event stream parser gives the same frames however the bytes are cut.
import { expect, test } from "vitest";
import { createSseParser, type SseFrame } from "./sse.ts";

const STREAM = [
  ": welcome\n\n",
  'id: 1\nevent: user.message\ndata: {"text":"żółw 🐢"}\n\n',
  "event: ping\ndata: {}\r\n\r\n",
  "id:2\revent:agent.message\rdata: first\rdata:  second\r\r",
  "id: 3\r\n\n",
  "data\n\n",
  "retry: 10\nunknown: x\ndata: last\n\n",
].join("");

const FRAMES: SseFrame[] = [
  { event: "user.message", data: '{"text":"żółw 🐢"}', id: "1" },
  { event: "ping", data: "{}", id: null },
  { event: "agent.message", data: "first\n second", id: "2" },
  { event: "message", data: "", id: null },
  { event: "message", data: "last", id: null },
];

function parse(chunks: Uint8Array[]): SseFrame[] {
  const parser = createSseParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
}

const bytes = new TextEncoder().encode(STREAM);

test("a whole stream gives its frames; comments and ids without data give none", () => {
  expect(parse([bytes])).toEqual(FRAMES);
});

test("a cut at any byte changes nothing", () => {
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(parse([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(FRAMES);
  }
});

test("one byte at a time changes nothing", () => {
  expect(parse(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(FRAMES);
});

test("a frame that is not finished is not given", () => {
  expect(parse([new TextEncoder().encode("data: half\n")])).toEqual([]);
});
