// Frames come whole, however the bytes are cut; what cannot be a frame is refused.
import { expect, test } from "vitest";
import { seeded } from "../../test/support/seeded.ts";
import {
  decodeExit,
  decodeOffset,
  decodeSize,
  encodeExit,
  encodeFrame,
  encodeOffset,
  encodeSize,
  FrameParser,
  MAX_FRAME_BYTES,
} from "./frames.ts";

test("any cut of the bytes gives the same frames", () => {
  const random = seeded(7);
  const sent = Array.from({ length: 50 }, (_, index) => ({
    type: 1 + (index % 4),
    payload: Buffer.alloc(Math.floor(random() * 300), index),
  }));
  const bytes = Buffer.concat(sent.map(({ type, payload }) => encodeFrame(type, payload)));
  for (let round = 0; round < 50; round++) {
    const parser = new FrameParser();
    const got: { type: number; payload: Buffer }[] = [];
    for (let at = 0; at < bytes.length; ) {
      const to = at + 1 + Math.floor(random() * 40);
      for (const { type, payload } of parser.push(bytes.subarray(at, to)))
        got.push({ type, payload: Buffer.from(payload) });
      at = to;
    }
    expect(got).toEqual(sent);
  }
});

test("a frame that claims to be enormous is refused before it is awaited", () => {
  const head = Buffer.alloc(5);
  head.writeUInt8(1);
  head.writeUInt32BE(MAX_FRAME_BYTES + 1, 1);
  expect(() => [...new FrameParser().push(head)]).toThrow("a frame of");
});

test("sizes, offsets and exit codes come back as they went", () => {
  expect(decodeSize(encodeSize({ columns: 213, rows: 58 }))).toEqual({ columns: 213, rows: 58 });
  expect(decodeSize(encodeSize({ columns: 0, rows: 58 }))).toBeNull();
  expect(decodeSize(Buffer.alloc(3))).toBeNull();
  expect(decodeOffset(encodeOffset(2 ** 40 + 5))).toBe(2 ** 40 + 5);
  expect([0, 255, 137, -1].map((code) => decodeExit(encodeExit(code)))).toEqual([0, 255, 137, -1]);
});
