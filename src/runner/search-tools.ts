// The search tools of the toolset: glob by pattern, grep by ripgrep, or by a worker of our own where there is no ripgrep.

import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { glob, realpath, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { childEnv } from "../lib/child-env.ts";
import { isWithin, ToolError } from "./paths.ts";

const MAX_MATCHES = 200;
const MAX_ENTRIES = 50_000;
const MAX_GREP_BYTES = 100 * 1024;
const GREP_TIMEOUT_MS = 60_000;
/** A matcher tries every way to spread a name over its wildcards: with each one more it takes a hundred times as long. */
const MAX_WILDCARDS = 3;
/** Each list of alternatives multiplies the patterns that are looked for. */
const MAX_LISTS = 3;
const MAX_ALTERNATIVES = 64;
const TRUNCATED = `\n[output truncated at ${MAX_GREP_BYTES} bytes]`;
/** Only where the system image has it: a program that an agent put into its own directories is never run for the platform. */
const RIPGREP_PATHS = ["/usr/bin/rg", "/usr/local/bin/rg"];

export async function globTool(input: { pattern: string; root: string }): Promise<string> {
  const { pattern, root } = input;
  if (!pattern) throw new ToolError("glob: pattern is required");
  if (isAbsolute(pattern)) {
    throw new ToolError("glob: absolute pattern not permitted; pass a relative pattern (and optionally path)");
  }
  if (pattern.split(/[\\/{},]/).includes("..")) throw new ToolError('glob: ".." is not permitted in the pattern');
  refuseEndless(pattern);
  const matches: { path: string; modifiedAt: number }[] = [];
  let seen = 0;
  try {
    const entries = glob(pattern, {
      cwd: root,
      withFileTypes: true,
      exclude: (entry) => entry.name === ".git" || entry.name === "node_modules",
    });
    for await (const entry of entries) {
      seen += 1;
      if (seen > MAX_ENTRIES) break;
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const modifiedAt = await modifiedInside(root, path);
      if (modifiedAt !== null) matches.push({ path, modifiedAt });
    }
  } catch (error) {
    throw new ToolError(`glob: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (matches.length === 0) return "no matches";
  matches.sort((a, b) => b.modifiedAt - a.modifiedAt);
  return matches
    .slice(0, MAX_MATCHES)
    .map((match) => match.path)
    .join("\n");
}

/** While a pattern is matched nothing else of the runner goes on, so one that would take for ever is refused. */
function refuseEndless(pattern: string): void {
  if (/[+*]\(/.test(pattern)) throw new ToolError("glob: +(…) and *(…) are not permitted in the pattern");
  // `**` is one wildcard, and `!(…)` holds one.
  if (pattern.split("/").some((name) => (name.match(/\*+|!\(/g)?.length ?? 0) > MAX_WILDCARDS))
    throw new ToolError(`glob: more than ${MAX_WILDCARDS} wildcards in one name are not permitted in the pattern`);
  const lists = pattern.split("{").length - 1;
  if (lists > MAX_LISTS || (lists > 0 && pattern.split(",").length > MAX_ALTERNATIVES))
    throw new ToolError(
      `glob: more than ${MAX_LISTS} lists of alternatives, or ${MAX_ALTERNATIVES} alternatives, are not permitted in the pattern`,
    );
  if (/\{[^}]*\.\./.test(pattern)) throw new ToolError("glob: ranges such as {1..9} are not permitted in the pattern");
}

/** When the file changed; null when it is gone or, through a link in the pattern, lies outside the root. */
async function modifiedInside(root: string, path: string): Promise<number | null> {
  try {
    const real = await realpath(path);
    return isWithin(root, real) ? (await stat(real)).mtimeMs : null;
  } catch {
    // Gone or unreadable by now: not a match.
    return null;
  }
}

export function findRipgrep(): string | null {
  const found = RIPGREP_PATHS.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return found ?? null;
}

type GrepInput = { pattern: string; root: string; env: Record<string, string>; signal: AbortSignal };

export function grepTool(input: GrepInput & { ripgrep: string | null; workerFile: string }): Promise<string> {
  if (!input.pattern) throw new ToolError("grep: pattern is required");
  return input.ripgrep === null ? grepInWorker(input) : grepWithRipgrep(input, input.ripgrep);
}

/** Collects bytes up to the limit; `take` tells when it is full. */
class Collected {
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  readonly #limit: number;
  constructor(limit: number) {
    this.#limit = limit;
  }
  take(chunk: Buffer): boolean {
    this.#pieces.push(Buffer.from(chunk.subarray(0, this.#limit - this.#bytes)));
    this.#bytes += chunk.length;
    return this.#bytes > this.#limit;
  }
  text(): string {
    return Buffer.concat(this.#pieces).toString("utf8").replaceAll("\0", "\uFFFD");
  }
}

function grepWithRipgrep(input: GrepInput, ripgrep: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(ripgrep, ["--no-config", "-n", "--no-heading", "-e", input.pattern, "--", input.root], {
      env: childEnv(input.env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const found = new Collected(MAX_GREP_BYTES);
    const problem = new Collected(4096);
    let stopped: "full" | "timeout" | "cancelled" | null = null;
    const stop = (reason: "full" | "timeout" | "cancelled") => {
      stopped ??= reason;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(() => stop("timeout"), GREP_TIMEOUT_MS);
    const onAbort = () => stop("cancelled");
    input.signal.addEventListener("abort", onAbort, { once: true });
    if (input.signal.aborted) onAbort();
    child.stdout.on("data", (chunk: Buffer) => {
      if (stopped === null && found.take(chunk)) stop("full");
    });
    child.stderr.on("data", (chunk: Buffer) => void problem.take(chunk));
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(new ToolError(`grep: rg failed: ${error.message}`));
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      input.signal.removeEventListener("abort", onAbort);
      if (stopped === "cancelled") return reject(new ToolError("grep: aborted"));
      if (stopped === "full") return resolve(found.text() + TRUNCATED);
      if (stopped === "timeout") return settleTimeout(found.text(), resolve, reject);
      if (code === 0) return resolve(found.text());
      if (code === 1) return resolve("no matches");
      // 2 with matches: some files could not be read, the rest is an answer.
      const text = found.text();
      if (text !== "") return resolve(text);
      reject(new ToolError(`grep: rg failed: ${problem.text() || `exit ${code}`}`));
    });
  });
}

function settleTimeout(found: string, resolve: (text: string) => void, reject: (error: ToolError) => void): void {
  if (found === "") reject(new ToolError(`grep: timed out after ${GREP_TIMEOUT_MS / 1000}s`));
  else resolve(`${found}\n[the search was cut short after ${GREP_TIMEOUT_MS} ms]`);
}

/** The argument by which the program knows that it runs as the search thread. */
export const SEARCH_THREAD = "search-thread";

/** What the worker is given and what it sends; the last message is `done`. */
export type GrepWorkerData = { pattern: string; root: string; maxEntries: number };
export type GrepWorkerMessage = { line: string } | { done: true } | { problem: string };

/** A pattern can make a regular expression run for ever, so it runs on a thread that can be ended. */
function grepInWorker(input: GrepInput & { workerFile: string }): Promise<string> {
  try {
    new RegExp(input.pattern);
  } catch (error) {
    throw new ToolError(`grep: invalid regex: ${error instanceof Error ? error.message : String(error)}`);
  }
  return new Promise((resolve, reject) => {
    const workerData: GrepWorkerData = { pattern: input.pattern, root: input.root, maxEntries: MAX_ENTRIES };
    // Loaded when it is wanted, as few sandboxes want it.
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    const options = { argv: [SEARCH_THREAD], workerData, env: {}, resourceLimits: { stackSizeMb: 8 } };
    const worker = new Worker(input.workerFile, options);
    const lines: string[] = [];
    let bytes = 0;
    const end = (settle: () => void) => {
      clearTimeout(timer);
      input.signal.removeEventListener("abort", onAbort);
      worker.removeAllListeners();
      worker.terminate().then(settle, settle);
    };
    const onAbort = () => end(() => reject(new ToolError("grep: aborted")));
    const timer = setTimeout(() => end(() => settleTimeout(lines.join("\n"), resolve, reject)), GREP_TIMEOUT_MS);
    input.signal.addEventListener("abort", onAbort, { once: true });
    worker.on("message", (message: GrepWorkerMessage) => {
      if ("done" in message) return end(() => resolve(lines.length === 0 ? "no matches" : lines.join("\n")));
      if ("problem" in message) return end(() => reject(new ToolError(`grep: search failed: ${message.problem}`)));
      bytes += Buffer.byteLength(message.line) + 1;
      if (bytes > MAX_GREP_BYTES) return end(() => resolve(lines.join("\n") + TRUNCATED));
      lines.push(message.line);
    });
    worker.on("error", (error) => end(() => reject(new ToolError(`grep: search failed: ${error.message}`))));
    if (input.signal.aborted) onAbort();
  });
}
