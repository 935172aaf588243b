// Where bytes of UTF-8 can be cut: never inside a character.
import { expect, test } from "vitest";
import { wholeCharacters } from "./whole-characters.ts";

test.each([
  ["ascii", Buffer.from("abc"), 3],
  ["a whole two-byte character", Buffer.from("aä"), 3],
  ["half a two-byte character", Buffer.from("aä").subarray(0, 2), 1],
  ["three of four bytes", Buffer.from("x😀").subarray(0, 4), 1],
  ["a whole four-byte character", Buffer.from("x😀"), 5],
  ["nothing", Buffer.alloc(0), 0],
])("wholeCharacters of %s", (_name, bytes, expected) => {
  expect(wholeCharacters(bytes)).toBe(expected);
});
