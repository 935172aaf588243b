// Blobs in a directory: the conformance suite, and what a crash or another program may leave in it.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { describeBlobs } from "./conformance.ts";
import { createDirectoryBlobs } from "./directory.ts";

const root = mkdtempSync(join(tmpdir(), "berth-blobs-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const shared = createDirectoryBlobs({ directory: join(root, "shared") });
describeBlobs("directory", () => shared);

test("only its owner can read what is in it", async () => {
  const directory = join(root, "private");
  await createDirectoryBlobs({ directory }).put("a/b", Buffer.from("x"));
  expect(statSync(join(directory, "a")).mode & 0o777).toBe(0o700);
  expect(statSync(join(directory, "a/b")).mode & 0o777).toBe(0o600);
});

test("what a dead process left on its way is neither given nor listed, and goes after a while", async () => {
  const directory = join(root, "crashed");
  const unfinished = join(directory, ".unfinished");
  mkdirSync(unfinished, { recursive: true });
  for (const name of ["old", "new"]) writeFileSync(join(unfinished, name), "half");
  utimesSync(join(unfinished, "old"), 1, 1);
  const store = createDirectoryBlobs({ directory });
  await store.put("whole", Buffer.from("x"));
  const keys: string[] = [];
  for await (const { key } of store.list("")) keys.push(key);
  expect(keys).toEqual(["whole"]);
  expect(readdirSync(unfinished)).toEqual(["new"]);
});

test("a link in it leads nowhere", async () => {
  const directory = join(root, "linked");
  mkdirSync(directory);
  writeFileSync(join(root, "outside"), "secret");
  symlinkSync(join(root, "outside"), join(directory, "link"));
  const store = createDirectoryBlobs({ directory });
  await expect(store.get("link")).rejects.toMatchObject({ code: "unavailable" });
  await store.put("link", Buffer.from("own"));
  expect((await store.get("link"))?.toString()).toBe("own");
});

test("a directory that can't be used says why", async () => {
  writeFileSync(join(root, "file"), "");
  const store = createDirectoryBlobs({ directory: join(root, "file/inside") });
  await expect(store.put("a", Buffer.from("x"))).rejects.toMatchObject({ code: "unavailable" });
  expect(await store.check()).toMatchObject({ ok: false, detail: expect.stringContaining("can't be used") });
  // It is tried anew each time: a person may have mended it.
  rmSync(join(root, "file"));
  expect(await store.check()).toMatchObject({ ok: true });
});

test.skipIf(process.getuid?.() === 0)("a directory that may not be written to says so", async () => {
  const directory = join(root, "locked");
  mkdirSync(directory);
  chmodSync(directory, 0o500);
  expect(await createDirectoryBlobs({ directory }).check()).toMatchObject({ ok: false });
  expect(existsSync(join(directory, "probes"))).toBe(false);
});
