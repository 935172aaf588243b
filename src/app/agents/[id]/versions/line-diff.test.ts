// A diff tells the whole truth: both texts can be read from it, and only what differs is marked.
import { expect, test } from "vitest";
import { diffLines, withoutLongSameParts } from "./line-diff.ts";

const inShort = (before: string, after: string) =>
  diffLines(before, after).map(({ kind, text }) => ({ same: " ", added: "+", removed: "-" })[kind] + text);

test.each([
  ["nothing", "a\nb", "a\nb", [" a", " b"]],
  ["a line in the middle", "a\nb\nc", "a\nx\nc", [" a", "-b", "+x", " c"]],
  ["an inserted line", "a\nc", "a\nb\nc", [" a", "+b", " c"]],
  ["a moved line", "a\nb\nc", "b\nc\na", ["-a", " b", " c", "+a"]],
  ["everything", "a", "b", ["-a", "+b"]],
])("%s", (_what, before, after, expected) => expect(inShort(before, after)).toEqual(expected));

test("both texts can be read from any diff", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const text = () => Array.from({ length: random(30) }, () => "abc"[random(3)]).join("\n");
  for (let round = 0; round < 200; round++) {
    const [before, after] = [text(), text()];
    const lines = diffLines(before, after);
    const read = (without: string) => lines.flatMap((line) => (line.kind === without ? [] : [line.text])).join("\n");
    expect([read("added"), read("removed")]).toEqual([before, after]);
  }
});

test("huge texts without a common line are replaced whole, at once", () => {
  const [before, after] = ["a", "b"].map((letter) => Array.from({ length: 5_000 }, (_, at) => letter + at).join("\n"));
  expect(diffLines(before ?? "", after ?? "")).toHaveLength(10_000);
});

test("long parts that are the same are counted, not shown", () => {
  const lines = Array.from({ length: 20 }, (_, at) => `line ${at}`);
  const after = lines.with(10, "changed").join("\n");
  const shown = withoutLongSameParts(diffLines(lines.join("\n"), after));
  expect(shown[0]).toEqual({ kind: "gap", count: 7 });
  expect(shown.at(-1)).toEqual({ kind: "gap", count: 6 });
  expect(shown).toHaveLength(10);
});
