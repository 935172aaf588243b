// The search thread behind grep, where a system has no ripgrep: the runner's own program, begun once more as a thread.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildRunner } from "../../scripts/build-runner.ts";
import { ToolError } from "./paths.ts";
import { grepTool } from "./search-tools.ts";

let root: string;
let workerFile: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "berth-search-"));
  workerFile = await buildRunner(join(root, "runner.cjs"));
  mkdirSync(join(root, "tree", ".git"), { recursive: true });
  writeFileSync(join(root, "tree", "a.txt"), "one\ntwo\n");
  writeFileSync(join(root, "tree", "binary"), "one\0");
  writeFileSync(join(root, "tree", ".git", "b.txt"), "one\n");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const search = (pattern: string) =>
  grepTool({
    pattern,
    root: join(root, "tree"),
    env: {},
    signal: new AbortController().signal,
    ripgrep: null,
    workerFile,
  });

test("finds lines of text files, and says when there are none", async () => {
  expect(await search("^o")).toBe(`${join(root, "tree", "a.txt")}:1:one`);
  expect(await search("absent")).toBe("no matches");
});

test("a pattern that is none is refused with words", async () => {
  await expect(async () => search("(")).rejects.toThrow(ToolError);
});
