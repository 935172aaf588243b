// What comes from inside a sandbox is believed only where it can be true.
import { expect, test } from "vitest";
import { FrameParser } from "./frames.ts";
import { BadRequest } from "./protocol.ts";
import {
  checkTreePath,
  encodeTreePart,
  FROM_TREE,
  parseTreeEntry,
  parseTreePart,
  parseTreeRead,
  parseTreeWritten,
  type WireTreePart,
} from "./tree-protocol.ts";

const stat = { mode: 0o644, sizeBytes: 1, allocatedBytes: 0, mtimeNs: "-5", ctimeNs: "7", inode: "9", links: 1 };

test.each(["workspace", "home/a", "workspace/ä\xff\n b", "workspace/..."])("%j is a path", (path) =>
  expect(checkTreePath(path)).toBe(path),
);

test.each([
  ["outside", "etc/passwd"],
  ["absolute", "/workspace/a"],
  ["the way up", "workspace/../etc"],
  ["the place itself", "workspace/./a"],
  ["a name that is empty", "workspace//a"],
  ["an end without a name", "workspace/"],
  ["a NUL", "workspace/a\0b"],
  ["no bytes", "workspace/Ā"],
  ["a name that is too long", `workspace/${"a".repeat(256)}`],
  ["too long", `workspace${"/abcdefghi".repeat(410)}`],
  ["too deep", `workspace${"/a".repeat(256)}`],
  ["nothing", ""],
])("a path with %s is none", (_what, path) => expect(() => checkTreePath(path)).toThrow(BadRequest));

test.each([
  ["another kind", { kind: "device", path: "workspace/a", ...stat }],
  ["a size below zero", { kind: "file", path: "workspace/a", ...stat, sizeBytes: -1 }],
  ["a size that is no number", { kind: "file", path: "workspace/a", ...stat, sizeBytes: "1" }],
  ["a time that is no number", { kind: "file", path: "workspace/a", ...stat, mtimeNs: "1e9" }],
  ["more than permissions", { kind: "file", path: "workspace/a", ...stat, mode: 0o10644 }],
  ["a link without a target", { kind: "symlink", path: "workspace/a", ...stat, target: "" }],
  ["a target with a NUL", { kind: "symlink", path: "workspace/a", ...stat, target: "a\0" }],
  ["a reason without end", { kind: "left_out", path: "x", why: "y".repeat(201) }],
])("an entry with %s is refused", (_what, entry) =>
  expect(() => parseTreeEntry(JSON.stringify(entry))).toThrow(BadRequest),
);

test("entries and results come as they were sent, without what does not belong to them", () => {
  const entry = { kind: "file", path: "workspace/a\xff", ...stat };
  expect(parseTreeEntry(JSON.stringify({ ...entry, owner: "root" }))).toEqual(entry);
  const written = { path: "home/a", problem: null, stat };
  expect(parseTreeWritten(JSON.stringify(written))).toEqual(written);
  expect(() => parseTreeWritten(JSON.stringify({ ...written, path: "../a" }))).toThrow(BadRequest);
  expect(() => parseTreeRead(99, Buffer.alloc(0))).toThrow(BadRequest);
  expect(() => parseTreeRead(FROM_TREE.hole, Buffer.alloc(3))).toThrow(BadRequest);
});

test("every part arrives as it was", () => {
  const parts: WireTreePart[] = [
    { do: "remove", path: "workspace/a" },
    { do: "directory", path: "workspace/b" },
    { do: "file", path: "workspace/b/\xe4", mode: 0o600, mtimeNs: "1" },
    { do: "data", bytes: Buffer.from([0, 255]) },
    { do: "hole", lengthBytes: 2 ** 40 },
    { do: "end" },
    { do: "abort" },
    { do: "symlink", path: "home/l", target: "/etc", mtimeNs: "2" },
    { do: "link", path: "home/t", to: "home/l" },
    { do: "attributes", path: "home", mode: 0o700, mtimeNs: "3" },
  ];
  const frames = [...new FrameParser().push(Buffer.concat(parts.flatMap(encodeTreePart)))];
  expect(frames.map(({ type, payload }) => parseTreePart(type, payload))).toEqual(parts);
});
