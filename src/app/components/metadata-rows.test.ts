// Metadata is shown whole, changed as the rows say, and never half.
import { expect, test } from "vitest";
import { patchMetadata } from "../../contract/fields.ts";
import { findMetadataProblem, toBag, toPatch, toRows } from "./metadata-rows.ts";

const row = (key: string, value = "v") => ({ key, value });

test("after a patch the bag is what the rows say, and what has a field of its own is untouched", () => {
  const before = { owner: "me", cost: "low", first_message: "Hello" };
  const rows = [row("owner", "you"), row(" team ", " core "), row("", "")];
  const after = patchMetadata(before, toPatch(rows, before, ["first_message"]));
  expect(after).toEqual({ owner: "you", team: " core ", first_message: "Hello" });
  expect(toRows(after, ["first_message"])).toEqual([row("owner", "you"), row("team", " core ")]);
});

test("rows that nobody touched change nothing", () => {
  const before = { b: "2", a: "1" };
  expect(patchMetadata(before, toPatch(toRows(before), before))).toEqual(before);
  expect(toBag(toRows(before))).toEqual(before);
});

test.each([
  ["a value without a name", [row("", "lost")], /needs a name/],
  ["a name that is there twice", [row("a"), row("b"), row(" a ")], /“a” is there twice/],
  ["a name with a field of its own", [row("first_message")], /field of its own/],
  ["too many", Array.from({ length: 16 }, (_, index) => row(`k${index}`)), /At most 15/],
])("%s is told", (_, rows, words) => expect(findMetadataProblem(rows, ["first_message"])).toMatch(words));

test("what fits is taken", () => {
  const rows = [...Array.from({ length: 15 }, (_, index) => row(`k${index}`)), row("", "")];
  expect(findMetadataProblem(rows, ["first_message"])).toBeNull();
});
