// Comparisons one after the other say what one comparison of the ends would; but a file that is again what it was counts as changed.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Snapshot } from "../../../../contract/snapshots.ts";
import { type ChangeKind, mergeChanges } from "./merge-changes.ts";

type Tree = Record<string, number>;
const tree = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 2 }));

function kindOf(path: string, before: Tree, after: Tree): ChangeKind | null {
  if (!Object.hasOwn(before, path)) return Object.hasOwn(after, path) ? "added" : null;
  if (!Object.hasOwn(after, path)) return "removed";
  return before[path] === after[path] ? null : "changed";
}

function compare(before: Tree, after: Tree): NonNullable<Snapshot["changes"]> {
  const paths = ["a", "b", "c", "d"];
  const of = (kind: ChangeKind) => {
    const found = paths.filter((path) => kindOf(path, before, after) === kind);
    return { count: found.length, paths: found };
  };
  return { since: null, added: of("added"), changed: of("changed"), removed: of("removed") };
}

test("for any course of a tree", () => {
  fc.assert(
    fc.property(fc.array(tree, { minLength: 2, maxLength: 6 }), (trees) => {
      const chain = trees.slice(1).map((after, index) => compare(trees[index] ?? {}, after));
      const [first, last] = [trees[0] ?? {}, trees.at(-1) ?? {}];
      const net = mergeChanges(chain);
      const kinds = new Map(net?.files.map(({ path, kind }) => [path, kind]));
      for (const path of ["a", "b", "c", "d"]) {
        const expected = kindOf(path, first, last);
        const wasDifferent = trees.some((one) => kindOf(path, first, one) !== null);
        const isBack = expected === null && wasDifferent && Object.hasOwn(first, path);
        expect([path, kinds.get(path) ?? null]).toEqual([path, isBack ? "changed" : expected]);
      }
      expect(net?.files.map(({ path }) => path)).toEqual([...kinds.keys()].sort());
      const counted = (kind: ChangeKind) => [...kinds.values()].filter((one) => one === kind).length;
      expect(net?.counts).toEqual({
        ...{ added: counted("added"), changed: counted("changed"), removed: counted("removed") },
      });
    }),
  );
});

test("one comparison is told as it is, names missing or not; several of which names are missing are not merged", () => {
  const many = { ...compare({}, { a: 1 }), added: { count: 5_000, paths: ["a"] } };
  expect(mergeChanges([many])).toEqual({
    counts: { added: 5_000, changed: 0, removed: 0 },
    files: [{ path: "a", kind: "added" }],
  });
  expect(mergeChanges([many, compare({}, {})])).toBeNull();
  expect(mergeChanges([])).toEqual({ counts: { added: 0, changed: 0, removed: 0 }, files: [] });
});
