// Files that are written in one step, or not at all.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { writeFileAt } from "./replace-file.ts";

const root = mkdtempSync(join(tmpdir(), "berth-replace-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it("makes directories, keeps an existing file's bits, and leaves nothing behind", async () => {
  const path = join(root, "replaced", "dir", "file");
  await writeFileAt(path, [root], "one");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(root, "replaced")).mode & 0o777).toBe(0o700);
  chmodSync(path, 0o755);
  await writeFileAt(path, [root], "two");
  expect(readFileSync(path, "utf8")).toBe("two");
  expect(statSync(path).mode & 0o777).toBe(0o755);
  expect(readdirSync(join(root, "replaced", "dir"))).toEqual(["file"]);
});

it("leaves the old content when the new one breaks off", async () => {
  const path = join(root, "broken-off");
  await writeFileAt(path, [root], "old");
  const breaking = (async function* () {
    yield Buffer.from("ne");
    throw new Error("connection lost");
  })();
  await expect(writeFileAt(path, [root], breaking)).rejects.toThrow("connection lost");
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(readdirSync(root).filter((name) => name.startsWith(".tmp"))).toEqual([]);
});

it("does not replace a directory", async () => {
  mkdirSync(join(root, "directory"));
  await expect(writeFileAt("directory", [root], "x")).rejects.toMatchObject({ code: "EISDIR" });
});

it("writes where a directory was found, though it has another name by the end", async () => {
  mkdirSync(join(root, "before"));
  const slowly = (async function* () {
    yield Buffer.from("first");
    // Its directory is open by now.
    renameSync(join(root, "before"), join(root, "after"));
    symlinkSync("/nowhere", join(root, "before"));
    yield Buffer.from(" second");
  })();
  await writeFileAt("before/file", [root], slowly);
  expect(readFileSync(join(root, "after", "file"), "utf8")).toBe("first second");
});
