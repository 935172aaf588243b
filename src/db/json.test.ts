// What is stored as jsonb is what was given, except for characters that Postgres can't hold.
import { expect, test } from "vitest";
import { toJson } from "./json.ts";

test.each([
  ["plain text stays", { text: "żółw 🐢 \n" }, { text: "żółw 🐢 \n" }],
  ["NUL is replaced, in keys too", { "a\0": ["b\0c"] }, { "a\uFFFD": ["b\uFFFDc"] }],
  ["half a surrogate is replaced", { text: "\ud83d!" }, { text: "\uFFFD!" }],
  ["a written-out escape stays", { text: "\\u0000 \\ud800" }, { text: "\\u0000 \\ud800" }],
])("%s", (_name, given, stored) => expect(JSON.parse(toJson(given))).toEqual(stored));
