import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { formatKek, parseKeks } from "./key-ring.ts";

const key = randomBytes(32);

test("a key is read in any of its forms, and has one name", () => {
  const forms = [key.toString("base64"), key.toString("base64url"), key.toString("hex"), `  ${key.toString("hex")}\n`];
  const ids = forms.map((form) => parseKeks(form)[0]?.id);
  expect(new Set(ids).size).toBe(1);
  expect(ids[0]).toMatch(/^kek_[0-9a-f]{32}$/);
  expect(parseKeks(formatKek(parseKeks(forms[0] ?? "")[0] ?? { id: "", key }))[0]?.id).toBe(ids[0]);
});

test("several are read in their order, with comments", () => {
  const other = randomBytes(32);
  const read = parseKeks(`# about\n${key.toString("base64")} # first\n${other.toString("base64")}`);
  expect(read.map((kek) => kek.key)).toEqual([key, other]);
  expect(parseKeks(`${key.toString("base64")},${other.toString("base64")}`)).toEqual(read);
});

test.each([
  ["nothing", "", /no key in it/],
  ["a comment", "# nothing", /no key in it/],
  ["a pass phrase", "correct-horse-battery-staple", /key 1 is not 32 bytes as base64.*openssl rand/],
  ["16 bytes", randomBytes(16).toString("base64"), /key 1 is not 32 bytes/],
  ["33 bytes", randomBytes(33).toString("base64"), /key 1 is not 32 bytes/],
  ["a second one that is none", `${key.toString("base64")} short`, /key 2 is not 32 bytes/],
  ["zeros", Buffer.alloc(32).toString("base64"), /not random/],
])("%s is refused in words without it", (_what, text, words) => {
  expect(() => parseKeks(text)).toThrow(words);
  try {
    parseKeks(text);
  } catch (error) {
    if (text.length > 10) expect(String(error)).not.toContain(text.slice(0, 10));
  }
});
