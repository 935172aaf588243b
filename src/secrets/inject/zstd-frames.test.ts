import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { pipeline, Readable } from "node:stream";
import { constants, zstdCompressSync } from "node:zlib";
import { expect, it } from "vitest";
import { createZstdFrames } from "./zstd-frames.ts";

const options = { finishFlush: constants.ZSTD_e_flush };
const texts = ["one", randomBytes(300_000).toString("hex"), "", "x".repeat(200_000), "last"];
const whole = Buffer.concat(texts.map((text) => zstdCompressSync(text)));

async function decode(pieces: Buffer[]): Promise<string> {
  const frames = createZstdFrames(options);
  const out: Buffer[] = [];
  frames.on("data", (piece: Buffer) => out.push(piece));
  await new Promise<void>((resolve, reject) => {
    pipeline(Readable.from(pieces), frames, (error) => (error ? reject(error) : resolve()));
  });
  return Buffer.concat(out).toString();
}

function cut(bytes: Buffer, length: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) =>
    bytes.subarray(index * length, (index + 1) * length),
  );
}

it.each([3, 7, 1_000, 65_536, whole.length])("all frames are decoded, in pieces of %i bytes", async (length) => {
  expect((await decode(cut(whole, length))) === texts.join("")).toBe(true);
});

it("nothing is an empty text, and half a frame as much as there is", async () => {
  expect(await decode([])).toBe("");
  expect(await decode([zstdCompressSync("x".repeat(1_000)).subarray(0, 6)])).toBe("");
});

it("what is no frame is an error, also behind one", async () => {
  await expect(decode([Buffer.from("not zstd, for sure")])).rejects.toThrow();
  await expect(decode([Buffer.concat([zstdCompressSync("one"), Buffer.from("not zstd")])])).rejects.toThrow();
});

it("a small piece that becomes a large text waits for its reader", async () => {
  const frames = createZstdFrames(options);
  frames.write(zstdCompressSync(Buffer.alloc(64 * 1024 * 1024)));
  await once(frames, "readable");
  expect(frames.readableLength).toBeLessThan(1024 * 1024);
  frames.destroy();
});
