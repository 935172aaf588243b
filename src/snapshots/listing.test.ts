// A listing that can't be, or is more than we keep, is no listing.
import { expect, test } from "vitest";
import type { TreeEntry, TreeStat } from "../sandboxes/sandbox.ts";
import { listingLimits, takeListing } from "./listing.ts";

const stat = (changes: Partial<TreeStat> = {}): TreeStat => ({
  ...{ mode: 0o644, sizeBytes: 10, allocatedBytes: 4096, mtimeNs: "1", ctimeNs: "1", inode: "1", links: 1 },
  ...changes,
});
const directory = (path: string): TreeEntry => ({ kind: "directory", path, ...stat() });
const file = (path: string, changes: Partial<TreeStat> = {}): TreeEntry => ({ kind: "file", path, ...stat(changes) });
const roots = [directory("workspace"), directory("home")];

async function take(entries: TreeEntry[], limits = listingLimits({ diskMb: 1 })) {
  async function* all() {
    yield* entries;
  }
  return takeListing(all(), limits);
}

test.each([
  ["a path that is there twice", [...roots, file("workspace/a"), file("workspace/a")]],
  ["a path in no directory", [...roots, file("workspace/a/b")]],
  ["a path in a file", [...roots, file("workspace/a"), file("workspace/a/b")]],
  [
    "a path in a link",
    [...roots, { kind: "symlink", path: "workspace/a", target: "/etc", ...stat() } as const, file("workspace/a/b")],
  ],
  ["a root that is no directory", [file("workspace")]],
])("%s is nonsense", async (_what, entries) => {
  await expect(take(entries)).rejects.toMatchObject({ code: "sandbox_unavailable" });
});

test.each([
  ["more files than are kept", [...roots, file("home/a")], { maxEntries: 2 }],
  ["longer names than are kept", [...roots, file(`home/${"a".repeat(200)}`)], { maxTextBytes: 100 }],
  ["more bytes than fit on two disks", [...roots, file("home/a", { sizeBytes: 3e6, allocatedBytes: 3e6 })], {}],
  ["larger holes than anybody reads", [...roots, file("home/a", { sizeBytes: 9e6, allocatedBytes: 0 })], {}],
])("%s are refused", async (_what, entries, limits) => {
  await expect(take(entries, { ...listingLimits({ diskMb: 1 }), ...limits })).rejects.toMatchObject({
    code: "request_too_large",
  });
});

test("of a file with several names the first in order is the file; its bytes count once", async () => {
  const twin = { links: 3, inode: "7", sizeBytes: 1_500_000, allocatedBytes: 1_500_000 };
  const { entries, totalBytes } = await take([
    ...[directory("workspace"), file("workspace/z", twin), file("workspace/b", twin), directory("workspace/c")],
    ...[file("workspace/c/d", twin), file("workspace/single", { inode: "8" })],
  ]);
  expect(entries.get("workspace/b")).toMatchObject({ kind: "file" });
  expect(entries.get("workspace/c/d")).toMatchObject({ kind: "link", to: "workspace/b" });
  expect(entries.get("workspace/z")).toMatchObject({ kind: "link", to: "workspace/b" });
  expect(totalBytes).toBe(1_500_010);
});

test("what was left out is counted, and the first hundred are named", async () => {
  const many = Array.from(
    { length: 150 },
    (_, index): TreeEntry => ({ kind: "left_out", path: `x${index}`, why: "a socket" }),
  );
  const { leftOut, leftOutCount } = await take([...roots, ...many]);
  expect(leftOut.length).toBe(100);
  expect(leftOutCount).toBe(150);
});
