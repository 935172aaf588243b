// What is told of two trees: by content, whatever the name, and never more than a person can read.
import { expect, test } from "vitest";
import { compareManifests } from "./compare-manifests.ts";
import type { Manifest, ManifestEntry } from "./manifest.ts";

const file = (path: string, sha256: string, mode = 0o644, mtimeNs = "1"): ManifestEntry => ({
  ...{ kind: "file", path, mode, mtimeNs, changed: false },
  content: { sha256, sizeBytes: 1, segments: [] },
});
const symlink = (path: string, target: string): ManifestEntry => ({ kind: "symlink", path, target, mtimeNs: "1" });
const link = (path: string, to: string): ManifestEntry => ({ kind: "link", path, to });
const directory = (path: string): ManifestEntry => ({ kind: "directory", path, mode: 0o755, mtimeNs: "1" });
const tree = (...entries: ManifestEntry[]): Manifest => new Map(entries.map((entry) => [entry.path, entry]));
const none = { count: 0, paths: [] };

test("files are added, changed and removed; what was only touched, and directories, are the same", () => {
  const before = tree(
    directory("workspace"),
    directory("workspace/old"),
    file("workspace/old/gone", "a"),
    file("workspace/same", "b"),
    file("workspace/touched", "c"),
    file("workspace/edited", "d"),
    file("workspace/mode", "e"),
    symlink("home/link", "one"),
  );
  const after = tree(
    directory("workspace"),
    directory("workspace/new"),
    file("workspace/new/here", "a"),
    file("workspace/same", "b"),
    file("workspace/touched", "c", 0o644, "2"),
    file("workspace/edited", "D"),
    file("workspace/mode", "e", 0o755),
    symlink("home/link", "two"),
  );
  expect(compareManifests(before, after)).toEqual({
    added: { count: 1, paths: ["/workspace/new/here"] },
    changed: { count: 3, paths: ["/home/agent/link", "/workspace/edited", "/workspace/mode"] },
    removed: { count: 1, paths: ["/workspace/old/gone"] },
  });
});

test("what became another kind of thing: a file for a directory, a link for a file", () => {
  const before = tree(directory("workspace/a"), file("workspace/a/b", "x"), file("workspace/c", "y"));
  const after = tree(file("workspace/a", "x"), symlink("workspace/c", "a"));
  expect(compareManifests(before, after)).toEqual({
    added: { count: 1, paths: ["/workspace/a"] },
    changed: { count: 1, paths: ["/workspace/c"] },
    removed: { count: 1, paths: ["/workspace/a/b"] },
  });
});

test("of a file with several names the one that is left is the same, and a change is one of all its names", () => {
  const both = tree(file("workspace/a", "x"), link("workspace/b", "workspace/a"));
  expect(compareManifests(both, tree(file("workspace/b", "x")))).toEqual({
    ...{ added: none, changed: none },
    removed: { count: 1, paths: ["/workspace/a"] },
  });
  const edited = tree(file("workspace/a", "y"), link("workspace/b", "workspace/a"));
  expect(compareManifests(both, edited).changed).toEqual({ count: 2, paths: ["/workspace/a", "/workspace/b"] });
});

test("all are counted; a hundred are named, fewer when they are long, and names are shown as they are", () => {
  const many = Array.from({ length: 250 }, (_, index) => file(`workspace/f${`${index}`.padStart(3, "0")}`, "x"));
  const { added } = compareManifests(tree(), tree(...many));
  expect([added.count, added.paths.length, added.paths[0], added.paths.at(-1)]).toEqual([
    ...[250, 100, "/workspace/f000", "/workspace/f099"],
  ]);
  const long = Array.from({ length: 50 }, (_, index) => file(`workspace/${index}${"ö".repeat(500)}`, "x"));
  const shown = compareManifests(
    tree(),
    tree(...long.map((entry) => ({ ...entry, path: Buffer.from(entry.path).toString("latin1") }))),
  ).added;
  expect(shown.count).toBe(50);
  expect(Buffer.byteLength(shown.paths.join(""))).toBeLessThanOrEqual(8_192);
  expect(shown.paths[0]).toBe(`/workspace/0${"ö".repeat(500)}`);
});
