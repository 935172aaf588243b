// Patterns of the glob tool: what would take for ever is refused at once, what people write is found.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { matchingFiles } from "./glob-worker.ts";
import { globTool } from "./search-tools.ts";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "berth-glob-"));
  mkdirSync(join(root, "src"));
  writeFileSync(join(root, "src", "my.long-name.test.ts"), "");
  writeFileSync(join(root, "a".repeat(250)), "");
});
afterAll(() => rmSync(root, { recursive: true }));

test.each([
  ["a name of nothing but wildcards", `${"*a".repeat(30)}b`, /more than 3 wildcards in one name/],
  ["one below another directory", `**/${"*a".repeat(30)}b`, /more than 3 wildcards in one name/],
  ["repeated groups", "+(a|aa)b", /\+\(…\) and \*\(…\)/],
  ["nested groups", "*(a|*(a))b", /\+\(…\) and \*\(…\)/],
  ["lists that multiply", "{a,b}".repeat(22), /more than 3 lists of alternatives/],
  ["long lists", `{${"a,".repeat(200)}b}`, /or 64 alternatives/],
  ["a range", "{1..99999999}", /ranges such as/],
])("R14: %s is refused in words", async (_what, pattern, words) => {
  const { signal } = new AbortController();
  await expect(globTool({ pattern, root, signal, workerFile: "" })).rejects.toThrow(words);
});

test.each([
  "**/*.{ts,tsx,js}",
  "src/*.long-*.test.*",
  "**/*my*long*.ts",
  "src/!(other).ts",
  "{src,test}/**/*.{test,spec}.{ts,tsx}",
  "src/@(my|your).*",
])("%s finds what it means", async (pattern) => {
  const found: string[] = [];
  for await (const path of matchingFiles({ pattern, root })) found.push(path);
  expect(found).toEqual([join(root, "src", "my.long-name.test.ts")]);
});
