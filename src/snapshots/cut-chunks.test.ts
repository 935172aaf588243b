// Chunks are the same wherever their bytes stand, and of sizes that can be handled.
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { seeded } from "../../test/support/seeded.ts";
import { ChunkCutter, MAX_CHUNK_BYTES, MEAN_CHUNK_BYTES, MIN_CHUNK_BYTES } from "./cut-chunks.ts";

function noise(bytes: number, seed: number): Buffer {
  const random = seeded(seed);
  const buffer = Buffer.allocUnsafe(bytes);
  for (let at = 0; at < bytes; at++) buffer[at] = random() * 256;
  return buffer;
}

function cut(bytes: Buffer, pieceBytes: () => number = () => bytes.length): Buffer[] {
  const cutter = new ChunkCutter();
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const to = at + Math.max(1, pieceBytes());
    chunks.push(...cutter.push(bytes.subarray(at, to)));
    at = to;
  }
  const last = cutter.end();
  return last ? [...chunks, last] : chunks;
}

// Much to compute on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const large = noise(24 * 1024 * 1024, 1);

test("chunks put together are the bytes, none too small or too large, about the mean", () => {
  const chunks = cut(large);
  expect(Buffer.concat(chunks).equals(large)).toBe(true);
  for (const chunk of chunks.slice(0, -1)) {
    expect(chunk.length).toBeGreaterThan(MIN_CHUNK_BYTES);
    expect(chunk.length).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
  }
  const mean = large.length / chunks.length;
  expect(mean).toBeGreaterThan(0.6 * MEAN_CHUNK_BYTES);
  expect(mean).toBeLessThan(2 * MEAN_CHUNK_BYTES);
});

test("however the bytes come, they are cut at the same places", () => {
  const whole = cut(large).map((chunk) => chunk.length);
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = seeded(seed);
      expect(cut(large, () => Math.floor(random() * 700_000)).map((chunk) => chunk.length)).toEqual(whole);
    }),
    { numRuns: 3 },
  );
});

test("a change leaves most chunks as they were, also one that makes the file longer", () => {
  const before = new Set(cut(large).map((chunk) => chunk.toString("latin1")));
  const inserted = Buffer.concat([large.subarray(0, 9_000_000), Buffer.from("inserted"), large.subarray(9_000_000)]);
  const after = cut(inserted).map((chunk) => chunk.toString("latin1"));
  expect(after.filter((chunk) => !before.has(chunk)).length).toBeLessThanOrEqual(2);
});

test("bytes without any variation are cut at the largest size; nothing gives no chunk", () => {
  expect(cut(Buffer.alloc(9 * 1024 * 1024)).map((chunk) => chunk.length)).toEqual([
    MAX_CHUNK_BYTES,
    MAX_CHUNK_BYTES,
    1024 * 1024,
  ]);
  expect(cut(Buffer.alloc(0))).toEqual([]);
});

test("the places are part of the format: another release has to cut alike", () => {
  expect(
    cut(large)
      .map((chunk) => chunk.length)
      .slice(0, 4),
  ).toMatchInlineSnapshot(`
    [
      1401748,
      1208466,
      1213829,
      644201,
    ]
  `);
});
