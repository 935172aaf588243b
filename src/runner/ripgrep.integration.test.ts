// grep by ripgrep tells what ripgrep itself tells when it is run over a tree, though its lines come from files that were opened before.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findRipgrep } from "./ripgrep.ts";
import { grepTool } from "./search-tools.ts";

const ripgrep = findRipgrep();
if (ripgrep === null) console.warn("SKIPPED: tests of grep by ripgrep do not run, it is not installed");
/** More than are open at once. */
const MANY = 600;
const TRUNCATED = "\n[output truncated at 102400 bytes]";

describe.skipIf(ripgrep === null)("grep by ripgrep", () => {
  let root: string;
  beforeAll(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "berth-ripgrep-")));
    for (const directory of ["odd", "many", "long"]) mkdirSync(join(root, directory));
    const write = (name: string | Buffer, content: string | Buffer) =>
      writeFileSync(Buffer.concat([Buffer.from(`${root}/odd/`), Buffer.from(name)]), content);
    write("plain", "one\ntwo\none more");
    write("a: name:1:one", "one\n");
    write("new\nline", "one\n");
    write(Buffer.from("caf\xe9", "latin1"), "one\n");
    write("utf-16", Buffer.from("\ufeffone\n", "utf16le"));
    write("utf-8 with a mark", "\ufeffone\n");
    write("binary", "one\0");
    write("binary later", `one\n${"x".repeat(99).concat("\n").repeat(3000)}\0`);
    write(".hidden", "one\n");
    write(".ignore", "ignored\n");
    write("ignored", "one\n");
    symlinkSync("plain", join(root, "odd", "link"));
    for (let index = 0; index < MANY; index++) writeFileSync(join(root, "many", `${index}`), `${index} one\n`);
    writeFileSync(join(root, "long", "line"), `one${"x".repeat(300_000)}\n`);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const sorted = (text: string) => text.split("\n").sort();
  const grep = (pattern: string, path: string) =>
    grepTool({
      ...{ pattern, path, roots: [root], env: {}, ripgrep, workerFile: "" },
      signal: new AbortController().signal,
    });
  const itself = (pattern: string, path: string) =>
    execFileSync(ripgrep ?? "", ["--no-config", "-n", "--no-heading", "-e", pattern, "--", path], {
      encoding: "utf8",
    }).replaceAll("\0", "\uFFFD");

  test.each([
    ["names and contents of every kind", "one", "odd"],
    ["more files than are open at once", "one", "many"],
    ["a file", "one", "odd/plain"],
    ["a binary file", "one", "odd/binary"],
  ])("of %s it tells the same", async (_what, pattern, name) => {
    const path = join(root, name);
    expect(sorted(await grep(pattern, path))).toEqual(sorted(itself(pattern, path)));
  });

  test("a line without an end is cut at the limit", async () => {
    const path = join(root, "long");
    expect(await grep("one", path)).toBe(itself("one", path).slice(0, 100 * 1024) + TRUNCATED);
  });
});
