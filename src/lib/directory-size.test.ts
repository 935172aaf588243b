// Room on disk: everything below counts, links are not followed, what is missing is nothing.
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { directorySize } from "./directory-size.ts";

test("files at any depth count, a sparse file by what it takes, a link's target not", async () => {
  const directory = await mkdtemp(join(tmpdir(), "berth-size-"));
  try {
    await mkdir(join(directory, "a/b"), { recursive: true });
    await writeFile(join(directory, "a/b/file"), "x".repeat(1_000_000));
    await writeFile(join(directory, "sparse"), "");
    await truncate(join(directory, "sparse"), 5_000_000_000);
    await symlink("/usr", join(directory, "a/link"));
    const size = await directorySize(directory);
    expect(size).toBeGreaterThanOrEqual(1_000_000);
    expect(size).toBeLessThan(1_500_000);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a directory that is not there is empty", async () => {
  expect(await directorySize("/does/not/exist")).toBe(0);
});
