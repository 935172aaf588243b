// Snapshots know best; of what they do not name the file's own time has to do.
import { expect, test } from "vitest";
import { marksOf } from "./tree-marks.ts";
import type { TreeRow } from "./tree-rows.ts";
import type { TurnChanges } from "./turn-changes.ts";

const row = (path: string, modifiedAt: string, kind: TreeRow["kind"] = "file"): TreeRow => ({
  ...{ path, name: path, kind, depth: 1, sizeBytes: 1, modifiedAt, open: null, parent: null },
});
const started = "2026-01-01T00:00:10.000Z";
const late = "2026-01-01T00:00:11.000Z";
const early = "2026-01-01T00:00:09.000Z";
const known = (added: number): TurnChanges => ({
  ...{ state: "known", turns: 1, since: null },
  net: {
    counts: { added, changed: 0, removed: 1 },
    files: [
      { path: "a", kind: "added" },
      { path: "b", kind: "removed" },
    ],
  },
});

test("while snapshots say nothing, files that are newer than the turn are marked", () => {
  for (const changes of [null, { state: "waiting" as const }]) {
    const mark = marksOf(changes, started);
    expect([mark(row("a", late)), mark(row("a", early)), mark(row("a", late, "directory"))]).toEqual([
      "changed",
      null,
      null,
    ]);
  }
  expect(marksOf(null, null)(row("a", late))).toBeNull();
});

test("what snapshots name is marked as they say, and nothing else when they name all", () => {
  const mark = marksOf(known(1), started);
  expect([mark(row("a", early)), mark(row("b", late)), mark(row("c", late))]).toEqual(["added", null, null]);
});

test("what is not named because there is too much of it is marked by its time", () => {
  const mark = marksOf(known(500), started);
  expect([mark(row("a", late)), mark(row("c", late)), mark(row("c", early))]).toEqual(["added", "changed", null]);
});
