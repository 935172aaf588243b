// What stands at the end of a text is taken off in one pass, however much of it is elsewhere.
import { expect, test } from "vitest";
import { withoutTrailing } from "./without-trailing.ts";

test.each([
  ["a..", "a"],
  ["..a.b.", "..a.b"],
  ["a", "a"],
  ["...", ""],
  ["", ""],
])("%j without its dots is %j", (text, expected) => expect(withoutTrailing(text, ".")).toBe(expected));

test("R14: ten million of them before something else take no time", () => {
  const text = `${"\n".repeat(10_000_000)}x`;
  expect(withoutTrailing(text, "\n")).toBe(text);
});
