import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openToOwner } from "./open-to-owner.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "berth-open-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

it.each([
  [0o000, 0o700],
  [0o2055, 0o2755],
  [0o1577, 0o1777],
  [0o711, 0o711],
])("of mode %o it makes %o", (before, after) => {
  const directory = join(place, "directory");
  mkdirSync(directory);
  chmodSync(directory, before);
  openToOwner(directory);
  expect(statSync(directory).mode & 0o7777).toBe(after);
});

it("follows no link, and leaves alone what is no directory", () => {
  const closed = join(place, "closed");
  mkdirSync(closed);
  chmodSync(closed, 0);
  const link = join(place, "link");
  symlinkSync(closed, link);
  const file = join(place, "file");
  writeFileSync(file, "");
  chmodSync(file, 0);
  expect(() => openToOwner(link)).toThrow(/ENOTDIR|ELOOP/);
  expect(() => openToOwner(file)).toThrow("ENOTDIR");
  expect(statSync(closed).mode & 0o7777).toBe(0);
  expect(statSync(file).mode & 0o7777).toBe(0);
});
