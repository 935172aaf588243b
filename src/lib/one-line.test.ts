import fc from "fast-check";
import { expect, test } from "vitest";
import { oneLine } from "./one-line.ts";

test.each([
  ["a", "a"],
  ["a \n\t b", "a b"],
  ["a\n\n\nb\n", "a b "],
  ["\n", " "],
  ["", ""],
  ["  a  ", "  a  "],
])("%j is %j", (text, expected) => expect(oneLine(text)).toBe(expected));

test("it is what the pattern makes of any text", () => {
  const text = fc.string({ unit: fc.constantFrom("a", " ", "\t", "\n", "\r", "b") });
  fc.assert(
    fc.property(text, (any) => {
      expect(oneLine(any)).toBe(any.replace(/\s*\n\s*/g, " "));
    }),
  );
});

test("R14: a million tabs take no time", () => {
  const text = `x${"\t".repeat(1_000_000)}x`;
  expect(oneLine(text)).toBe(text);
});
