// Which lines of the parts reach the terminal, and how.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createPartLogs, terminalLine } from "./part-logs.ts";

const quiet = { verbose: false, json: false, colour: false };
const line = (level: number, more: object = {}) =>
  JSON.stringify({ level, time: 0, pid: 1, hostname: "h", name: "web", msg: "turn ended", ...more });

test.each([
  ["an info line stays in the file", "web", line(30), quiet, null],
  ["an info line is shown with --verbose", "web", line(30), { ...quiet, verbose: true }, /info {2}web +turn ended$/],
  [
    "a warning is shown with its fields",
    "web",
    line(40, { sessionId: "sesn_1" }),
    quiet,
    /warn {2}web +turn ended sessionId=sesn_1$/,
  ],
  [
    "an error is shown with its cause",
    "web",
    line(50, { err: { message: "boom", stack: "at x" } }),
    quiet,
    /error web +turn ended: boom$/,
  ],
  ["a warning is passed on as it is for machines", "web", line(40), { ...quiet, json: true }, /^\{.*\}$/],
  ["what a crash prints stays in the file", "web", "    at Module._compile (x.js:1)", quiet, null],
  ["Postgres's daily life stays in the file", "postgres", "2026 LOG:  database system is ready", quiet, null],
  [
    "a statement that failed stays in the file: whoever made it tells",
    "postgres",
    "2026 ERROR:  duplicate key",
    quiet,
    null,
  ],
  ["Postgres in need is shown", "postgres", "2026 PANIC:  could not write to file", quiet, /PANIC/],
  ["text that only looks like JSON is text", "web", "{oops", { ...quiet, verbose: true }, /web: \{oops/],
])("%s", (_name, part, text, format, expected) => {
  const shown = terminalLine(part, text, format);
  if (expected === null) expect(shown).toBeNull();
  else expect(shown).toMatch(expected);
});

test("a part that writes without end fills two files and no more", () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-logs-"));
  try {
    const logs = createPartLogs({ directory, show: () => undefined, format: quiet });
    const chunk = "x".repeat(1024 * 1024);
    for (let index = 0; index < 25; index++) logs.write("web", chunk + index);
    expect(readdirSync(directory).sort()).toEqual(["web.log", "web.log.1"]);
    expect(statSync(join(directory, "web.log")).size).toBeLessThanOrEqual(10 * 1024 * 1024);
    expect(readFileSync(join(directory, "web.log"), "utf8").trimEnd().endsWith("24")).toBe(true);
    expect(statSync(join(directory, "web.log")).mode & 0o777).toBe(0o600);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
