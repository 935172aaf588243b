// What a tree shows, and where its keys lead.
import { expect, test } from "vitest";
import type { FileEntry } from "../../../../contract/files.ts";
import { treeMove, treeRows } from "./tree-rows.ts";

function entry(path: string, kind: FileEntry["kind"] = "file"): FileEntry {
  const name = path.split("/").at(-1) ?? "";
  return { type: "file_entry", name, path, kind, size_bytes: 1, modified_at: "2026-01-01T00:00:00.000Z" };
}
const listings = new Map([
  ["/workspace", [entry("/workspace/b.txt"), entry("/workspace/src", "directory"), entry("/workspace/a.txt")]],
  ["/workspace/src", [entry("/workspace/src/main.ts")]],
]);
const rows = (...opened: string[]) => treeRows(["/workspace", "/home/agent"], new Set(opened), listings);
const paths = (...opened: string[]) => rows(...opened).map(({ path, depth }) => `${depth} ${path}`);

test("closed, only the roots show", () => {
  expect(paths()).toEqual(["0 /workspace", "0 /home/agent"]);
});

test("directories come first, and what is open shows what is in it", () => {
  expect(paths("/workspace", "/workspace/src")).toEqual([
    "0 /workspace",
    "1 /workspace/src",
    "2 /workspace/src/main.ts",
    "1 /workspace/a.txt",
    "1 /workspace/b.txt",
    "0 /home/agent",
  ]);
  expect(paths("/workspace/src")).toEqual(["0 /workspace", "0 /home/agent"]);
});

test("one that is open and not read yet shows nothing", () => {
  expect(paths("/home/agent")).toEqual(["0 /workspace", "0 /home/agent"]);
});

test.each<[string, string, ReturnType<typeof treeMove>]>([
  ["/workspace", "ArrowDown", { focus: "/workspace/src" }],
  ["/workspace", "ArrowUp", null],
  ["/workspace", "ArrowRight", { focus: "/workspace/src" }],
  ["/workspace", "ArrowLeft", { toggle: "/workspace" }],
  ["/workspace/src", "ArrowRight", { toggle: "/workspace/src" }],
  ["/workspace/src", "ArrowLeft", { focus: "/workspace" }],
  ["/workspace/a.txt", "ArrowRight", null],
  ["/workspace/a.txt", "End", { focus: "/home/agent" }],
  ["/home/agent", "Home", { focus: "/workspace" }],
  ["/workspace/a.txt", "x", null],
  ["/gone", "ArrowDown", null],
])("on %s, %s", (path, key, move) => expect(treeMove(rows("/workspace"), path, key)).toEqual(move));
