// A diff tells the whole truth: both texts can be read from it, and only what differs is marked.
import fc from "fast-check";
import { expect, test } from "vitest";
import { diffRows } from "./diff-rows.ts";

const flat = (before: string, after: string) =>
  diffRows(before, after).map((row) => (row.sign === "gap" ? `… ${row.lines}` : row.sign + row.text));

test.each([
  ["nothing at all", "", "", []],
  ["a change", "a\nb\nc\n", "a\nB\nc\n", [" a", "-b", "+B", " c"]],
  ["a line that is put in", "a\nc", "a\nb\nc", [" a", "+b", " c"]],
  ["a line after the last one, which had no newline", "foo", "foo\nbar", [" foo", "+bar"]],
  ["a line that moved", "a\nb\nc", "b\nc\na", ["-a", " b", " c", "+a"]],
  ["a new file", "", "one\ntwo", ["+one", "+two"]],
  ["a new file that ends with a newline", "", "one\n", ["+one"]],
  ["a new file that ends with an empty line", "", "one\n\n", ["+one", "+"]],
  ["a new file of nothing but a newline", "", "\n", ["+"]],
  ["everything removed", "one", "", ["-one"]],
  ["the newline at the end", "one\n", "one", [" one", "-"]],
  ["a newline at the end that was missing", "one", "one\n", [" one", "+"]],
  ["the last line, with its newline", "one\ntwo", "one\nthree\n", [" one", "-two", "+three"]],
  ["everything", "a", "b", ["-a", "+b"]],
])("%s", (_name, before, after, expected) => {
  expect(flat(before, after)).toEqual(expected);
});

test("far unchanged lines are left out and counted", () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  const after = lines.with(10, "changed").join("\n");
  expect(flat(lines.join("\n"), after)).toEqual([
    "… 7",
    " line 7",
    " line 8",
    " line 9",
    "-line 10",
    "+changed",
    " line 11",
    " line 12",
    " line 13",
    "… 6",
  ]);
});

test("both texts can be read from any diff, line by line", () => {
  const lines = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 30 });
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      // Each line ended by a newline: so the texts say exactly which lines they have.
      const toText = (some: string[]) => some.map((line) => `${line}\n`).join("");
      const rows = diffRows(toText(before), toText(after));
      // Lines of a gap are the same in both, so they are taken from where they stand.
      const read = (whole: string[], without: "+" | "-") => {
        const found: string[] = [];
        for (const row of rows) {
          if (row.sign === "gap") found.push(...whole.slice(found.length, found.length + row.lines));
          else if (row.sign !== without) found.push(row.text);
        }
        return found;
      };
      expect(read(before, "+")).toEqual(before);
      expect(read(after, "-")).toEqual(after);
    }),
  );
});

test("texts without anything in common are replaced, however long", () => {
  const text = (word: string) => Array.from({ length: 5_000 }, (_, index) => `${word} ${index}`).join("\n");
  const rows = diffRows(text("old"), text("new"));
  expect(rows.length).toBe(10_000);
  expect(rows[0]).toEqual({ sign: "-", text: "old 0" });
});
