// An edit is shown as what goes and what comes, with a little around it.
import { expect, test } from "vitest";
import { diffRows } from "./diff-rows.ts";

const flat = (before: string, after: string) =>
  diffRows(before, after).map((row) => (row.sign === "gap" ? `… ${row.lines}` : row.sign + row.text));

test.each([
  ["a change", "a\nb\nc\n", "a\nB\nc\n", [" a", "-b", "+B", " c"]],
  ["a new file", "", "one\ntwo", ["+one", "+two"]],
  ["everything removed", "one\n", "", ["-one"]],
])("%s", (_name, before, after, expected) => {
  expect(flat(before, after)).toEqual(expected);
});

test("far unchanged lines are left out and counted", () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  const after = [...lines, "new"].join("\n");
  expect(flat(`${lines.join("\n")}\n`, after)).toEqual(["… 17", " line 17", " line 18", " line 19", "+new"]);
});

test("texts without anything in common are replaced, however long", () => {
  const text = (word: string) => Array.from({ length: 5_000 }, (_, index) => `${word} ${index}`).join("\n");
  const rows = diffRows(text("old"), text("new"));
  expect(rows.length).toBe(10_000);
  expect(rows[0]).toEqual({ sign: "-", text: "old 0" });
});
