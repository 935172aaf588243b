// The search thread behind glob, and behind grep where a system has no ripgrep: the runner's own program, begun once more as a thread.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildRunner } from "../../scripts/build-runner.ts";
import { until } from "../../test/support/until.ts";
import { matchingLines } from "./grep-worker.ts";
import { Journal } from "./journal.ts";
import { Operations } from "./operations.ts";
import { ToolError } from "./paths.ts";
import { openBeginning } from "./place.ts";
import type { WireOperation } from "./protocol.ts";
import { grepTool } from "./search-tools.ts";

/** A system call for which perl has no name: two names change places in one step. */
const RENAMEAT2 = { x64: 316, arm64: 276 }[process.arch as string];
const EXCHANGE = 2;
/** Matched against this pattern each of the names takes some fifty milliseconds: all of them more than a minute. */
const SLOW_PATTERN = "*a*a*b";
const SLOW_NAMES = 3000;

let root: string;
let tree: string;
let slow: string;
let workerFile: string;
beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "berth-search-")));
  workerFile = await buildRunner(join(root, "runner.cjs"));
  tree = join(root, "tree");
  mkdirSync(join(tree, ".git"), { recursive: true });
  mkdirSync(join(tree, "deep", "er"), { recursive: true });
  writeFileSync(join(tree, "a.txt"), "one\ntwo\n");
  writeFileSync(join(tree, "deep", "er", "b.txt"), "two\none\n");
  writeFileSync(join(tree, "binary"), "one\0");
  writeFileSync(join(tree, ".git", "b.txt"), "one\n");
  symlinkSync("a.txt", join(tree, "link"));
  slow = join(root, "workspace", "slow");
  mkdirSync(slow, { recursive: true });
  for (let index = 0; index < SLOW_NAMES; index++) writeFileSync(join(slow, `${index}`.padStart(250, "a")), "");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const search = (pattern: string, path = tree) =>
  grepTool({ pattern, path, roots: [root], env: {}, signal: new AbortController().signal, ripgrep: null, workerFile });

test("finds lines of text files, and says when there are none", async () => {
  const lines = (await search("^o")).split("\n").sort();
  expect(lines).toEqual([`${tree}/a.txt:1:one`, `${tree}/deep/er/b.txt:2:one`]);
  expect(await search("^o", join(tree, "a.txt"))).toBe(`${tree}/a.txt:1:one`);
  expect(await search("absent")).toBe("no matches");
});

test("a pattern that is none is refused with words, and so is a path at which nothing is", async () => {
  await expect(search("(")).rejects.toThrow(ToolError);
  await expect(search("one", join(tree, "nothing"))).rejects.toThrow(/nothing: no such file or directory/);
});

test("F2: a directory that is swapped for a link leads no search outside", async () => {
  const above = join(root, "swap");
  const [inside, outside] = [join(above, "inside"), join(root, "outside")];
  for (const directory of [inside, outside]) mkdirSync(directory, { recursive: true });
  for (let index = 0; index < 3; index++) {
    writeFileSync(join(inside, `${index}.txt`), "fine\n");
    writeFileSync(join(outside, `${index}.txt`), "secret\n");
  }
  const other = join(above, "other");
  symlinkSync(outside, other);
  const exchange = `my ($n, $o) = @ARGV; $| = 1; print "begun"; while (1) { syscall(${RENAMEAT2}, -100, $n, -100, $o, ${EXCHANGE}) and die $! }`;
  const swapping = spawn("perl", ["-e", exchange, inside, other], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await once(swapping.stdout, "data");
    const found = new Set<string>();
    for (let attempt = 0; attempt < 100; attempt++) {
      const at = await openBeginning(above, [above]);
      try {
        for await (const line of matchingLines({ pattern: "^(fine|secret)$", at })) found.add(line.replace(/.*:/, ""));
      } finally {
        closeSync(at.fd);
      }
    }
    expect([...found]).toEqual(["fine"]);
  } finally {
    swapping.kill();
    await once(swapping, "close");
  }
});

test("while names are matched, other tools are answered; searches wait for one another, and each can be cancelled", async () => {
  const [stateDir, workspaceDir, homeDir] = ["state", "workspace", "home"].map((name) => join(root, name));
  if (!stateDir || !workspaceDir || !homeDir) throw new Error("unreachable");
  for (const directory of [stateDir, workspaceDir, homeDir]) mkdirSync(directory, { recursive: true });
  writeFileSync(join(workspaceDir, "file.txt"), "content");
  const limits = { maxArchiveBytes: 1 << 20, maxOutputFileBytes: 1 << 20, ownsProcesses: false, relaysEgress: false };
  const journal = new Journal(stateDir);
  const operations = new Operations({
    config: { identity: "i", token: "t", env: {}, stateDir, workspaceDir, homeDir, ...limits },
    journal,
    env: () => ({ PATH: "/usr/bin:/bin" }),
    workerFile,
  });
  const threads = () => readdirSync("/proc/self/task").length;
  const run = (id: string, operation: WireOperation) => operations.run(id, operation).result;
  try {
    const before = threads();
    const ids = Array.from({ length: 6 }, (_, index) => `slow-${index}`);
    const searches = ids.map((id) => run(id, { kind: "glob", pattern: SLOW_PATTERN, path: slow }));
    await until(() => threads() - before === 4);
    const quick = run("quick", { kind: "glob", pattern: "*.txt" });
    for (let index = 0; index < 50; index++)
      expect(await run(`read-${index}`, { kind: "read", filePath: "file.txt" })).toMatchObject({ content: "content" });
    expect(operations.runningCount).toBe(searches.length + 1);
    expect(threads() - before).toBe(4);
    // From the last one on: those that wait end without having begun.
    for (const id of [...ids].reverse()) operations.cancel(id);
    for (const result of await Promise.all(searches)) expect(result.outcome).toBe("cancelled");
    expect(await quick).toMatchObject({ outcome: "ok", content: join(workspaceDir, "file.txt") });
  } finally {
    operations.end();
    journal.close();
  }
});
