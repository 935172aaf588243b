import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, it, test } from "vitest";
import { type Binding, KEY_BYTES, SealBroken, seal, unseal } from "./seal.ts";

const key = randomBytes(KEY_BYTES);
const place: Binding = ["credential", "team_a", "vlt_a", "vcrd_a", "token", 1];

it("opens where it belongs, and is never the same twice", () => {
  const plain = Buffer.from("value");
  const sealed = seal(key, plain, place);
  expect(unseal(key, sealed, place)).toEqual(plain);
  expect(seal(key, plain, place)).not.toEqual(sealed);
  expect(sealed.includes(plain)).toBe(false);
});

test.each<[string, Binding]>([
  ["another team", ["credential", "team_b", "vlt_a", "vcrd_a", "token", 1]],
  ["another vault", ["credential", "team_a", "vlt_b", "vcrd_a", "token", 1]],
  ["another credential", ["credential", "team_a", "vlt_a", "vcrd_b", "token", 1]],
  ["another field", ["credential", "team_a", "vlt_a", "vcrd_a", "password", 1]],
  ["another version", ["credential", "team_a", "vlt_a", "vcrd_a", "token", 2]],
  ["another kind of thing", ["data key", "team_a", "vlt_a", "vcrd_a", "token", 1]],
  ["ids that read the same when joined", ["credential", "team_a|vlt_a", "vcrd_a", "token", 1]],
  ["a number as a text", ["credential", "team_a", "vlt_a", "vcrd_a", "token", "1"]],
])("does not open for %s", (_what, other) => {
  expect(() => unseal(key, seal(key, Buffer.from("value"), place), other)).toThrow(SealBroken);
});

it("does not open with another key, planted as plain text, or cut short", () => {
  const sealed = seal(key, Buffer.from("value"), place);
  expect(() => unseal(randomBytes(KEY_BYTES), sealed, place)).toThrow(SealBroken);
  for (const planted of [Buffer.from("value"), Buffer.alloc(0), Buffer.from(`\x01${"v".repeat(40)}`)])
    expect(() => unseal(key, planted, place)).toThrow(SealBroken);
  for (let length = 0; length < sealed.length; length++)
    expect(() => unseal(key, sealed.subarray(0, length), place)).toThrow(SealBroken);
});

it("notices any changed byte", () => {
  const sealed = seal(key, Buffer.from("a value of some length"), place);
  fc.assert(
    fc.property(fc.nat({ max: sealed.length - 1 }), fc.integer({ min: 1, max: 255 }), (index, change) => {
      const changed = Buffer.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ change;
      expect(() => unseal(key, changed, place)).toThrow(SealBroken);
    }),
  );
});
