// Random text, fingerprints and the comparison of secrets.
import { expect, test } from "vitest";
import { fingerprint, randomHex, sameSecret } from "./random.ts";

test("random text has the asked length and does not repeat", () => {
  const texts = new Set(Array.from({ length: 1000 }, () => randomHex(16)));
  expect(texts.size).toBe(1000);
  for (const text of texts) expect(text).toMatch(/^[0-9a-f]{32}$/);
});

test("fingerprints of ten thousand near texts differ, and are the same for the same text", () => {
  const texts = Array.from({ length: 10_000 }, (_, index) => `{"kind":"bash","command":"echo ${index}"}`);
  expect(new Set(texts.map(fingerprint)).size).toBe(texts.length);
  expect(fingerprint("a")).toBe(fingerprint("a"));
});

test.each([
  ["Bearer abc", "Bearer abc", true],
  ["Bearer abc", "Bearer abd", false],
  ["Bearer abc", "Bearer ab", false],
  ["Bearer abc", "Bearer abcd", false],
  ["Bearer abc", "", false],
])("%j and %j are the same: %j", (expected, given, same) => {
  expect(sameSecret(expected, given)).toBe(same);
});
