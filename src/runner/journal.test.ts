// The journal: what is known of an operation after any end of the runner.
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Journal } from "./journal.ts";
import type { WireResult } from "./protocol.ts";

const root = mkdtempSync(join(tmpdir(), "berth-journal-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let counter = 0;
const freshDirectory = () => join(root, String(counter++));
const result = (content: string): WireResult => ({ outcome: "ok", content, exitCode: 0, durationMs: 3 });

function reopen(directory: string, journal: Journal): Journal {
  journal.close();
  return new Journal(directory);
}

test("an operation is unknown, then begun, then has its result; also for a successor", () => {
  const directory = freshDirectory();
  let journal = new Journal(directory);
  expect(journal.find("a")).toBeNull();
  journal.start("a", "h");
  journal = reopen(directory, journal);
  expect(journal.find("a")).toEqual({ hash: "h", interrupted: true });
  journal.end("a", "h", result("line\none ä 😀 \uFFFD"));
  journal = reopen(directory, journal);
  expect(journal.find("a")).toEqual({ hash: "h", result: result("line\none ä 😀 \uFFFD") });
  journal.close();
});

test("the start is in the file before the call returns", () => {
  const directory = freshDirectory();
  const journal = new Journal(directory);
  journal.start("a", "h");
  expect(readFileSync(join(directory, "journal"), "utf8")).toBe('{"type":"started","id":"a","hash":"h"}\n');
  journal.close();
});

test("a line that a crash tore is cut off, and what follows is readable", () => {
  const directory = freshDirectory();
  let journal = new Journal(directory);
  journal.start("a", "h");
  journal.end("a", "h", result("kept"));
  journal.close();
  appendFileSync(join(directory, "journal"), '{"type":"ended","id":"b","ha');
  journal = new Journal(directory);
  expect(journal.find("b")).toBeNull();
  journal.start("c", "h");
  journal = reopen(directory, journal);
  expect(journal.find("a")).toMatchObject({ result: { content: "kept" } });
  expect(journal.find("c")).toMatchObject({ interrupted: true });
  journal.close();
});

test("lines that are not ours are passed over", () => {
  const directory = freshDirectory();
  let journal = new Journal(directory);
  journal.end("a", "h", result("kept"));
  journal.close();
  const file = join(directory, "journal");
  writeFileSync(
    file,
    `garbage\n{"type":"ended","id":"x","hash":"h","result":{"outcome":"great"}}\n\n[]\n${readFileSync(file, "utf8")}`,
  );
  journal = new Journal(directory);
  expect(journal.find("x")).toBeNull();
  expect(journal.find("a")).toMatchObject({ result: { content: "kept" } });
  journal.close();
});

test("a large journal is rewritten: new results stay whole, old ones keep their outcome, running ones stay begun", () => {
  const directory = freshDirectory();
  let journal = new Journal(directory);
  journal.start("running", "h");
  journal.end("old", "h", { ...result("old"), outcome: "failed" });
  const big = "x".repeat(1 << 20);
  for (let index = 0; index < 36; index++) journal.end(`big${index}`, "h", result(`${index}${big}`));
  expect(statSync(join(directory, "journal")).size).toBeLessThan(16 * (1 << 20));
  for (const check of [journal, reopen(directory, journal)]) {
    journal = check;
    expect(check.find("running")).toMatchObject({ interrupted: true });
    expect(check.find("old")).toMatchObject({ result: { outcome: "failed" } });
    expect(check.find("big35")).toMatchObject({ result: { content: expect.stringMatching(/^35x/) } });
    expect(check.find("big0")).toMatchObject({
      result: { outcome: "ok", content: expect.stringContaining("no longer kept") },
    });
  }
  journal.close();
});

const pipe = (path: string) => execFileSync("/bin/sh", ["-c", `mkfifo "$0"`, path]);
test.each<[string, (path: string) => void]>([
  ["a link to another file", (path) => symlinkSync(join(root, "elsewhere"), path)],
  ["a file of a terabyte", (path) => [writeFileSync(path, ""), truncateSync(path, 2 ** 40)]],
  ["a pipe", pipe],
  ["a directory", (path) => mkdirSync(path)],
])("%s in place of the journal is refused at once: what has run is not known", (_what, put) => {
  writeFileSync(join(root, "elsewhere"), "");
  const directory = freshDirectory();
  mkdirSync(directory);
  put(join(directory, "journal"));
  expect(() => new Journal(directory)).toThrow();
  expect(readFileSync(join(root, "elsewhere"), "utf8")).toBe("");
});

test.each<[string, (path: string) => void]>([
  ["a link to another file", (path) => symlinkSync(join(root, "elsewhere"), path)],
  ["a pipe", pipe],
  ["a directory", (path) => [mkdirSync(path), writeFileSync(join(path, "a"), "")]],
])("%s in place of what is held back is replaced, and neither followed nor waited for", (_what, put) => {
  writeFileSync(join(root, "elsewhere"), "");
  const directory = freshDirectory();
  mkdirSync(directory);
  put(join(directory, "reserve"));
  new Journal(directory).close();
  expect(lstatSync(join(directory, "reserve")).isFile()).toBe(true);
  expect(readFileSync(join(root, "elsewhere"), "utf8")).toBe("");
});
