// Data is claimed once, by the database that it belongs to, and every other database is told so in words.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { checkDataOwner, openOwnerFile } from "./data-owner.ts";

const root = mkdtempSync(join(tmpdir(), "berth owner's-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function memoryFile(owner: string | null) {
  const file = {
    path: "/data/berth/installation",
    read: () => owner,
    write: (id: string) => {
      owner = id;
    },
  };
  return file;
}

test.each<[string, string | null, { all: number; known: number }, boolean]>([
  ["an empty data directory is claimed", null, { all: 0, known: 0 }, true],
  ["so is one of an earlier release whose sandboxes are known", null, { all: 9, known: 1 }, true],
  ["but not one whose sandboxes nobody knows", null, { all: 9, known: 0 }, false],
  ["its own is recognised, also when a backup has forgotten all of it", "inst_a", { all: 9, known: 0 }, true],
  ["another database's is refused, also when it is empty", "inst_b", { all: 0, known: 0 }, false],
  ["and when some names are known", "inst_b", { all: 2, known: 1 }, false],
])("%s", (_what, owner, sandboxes, ours) => {
  const file = memoryFile(owner);
  const verdict = checkDataOwner(file, "inst_a", sandboxes);
  expect(verdict.ours).toBe(ours);
  expect(file.read()).toBe(ours ? "inst_a" : owner);
  if (verdict.ours) return;
  expect(verdict.detail).toContain("DATABASE_URL");
  expect(verdict.detail).toContain("echo inst_a > /data/berth/installation");
});

test("the file is written whole, and what it says can be typed", () => {
  const file = openOwnerFile(root);
  expect(file.read()).toBeNull();
  file.write("inst_b");
  expect(file.read()).toBe("inst_b");
  expect(readdirSync(root)).toEqual(["installation"]);
  const verdict = checkDataOwner(file, "inst_a", { all: 1, known: 0 });
  expect(verdict).toMatchObject({ ours: false, detail: expect.stringMatching(/> '\/.*berth owner'\\''s-.*'$/) });
});
