// The search thread behind grep where the system has no ripgrep: goes down regular files and tells matching lines.
import { closeSync, constants, createReadStream, fstatSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { errnoOf } from "./paths.ts";
import { addressIn, type Beginning, FOR_READING } from "./place.ts";
import { openDirectory } from "./tree-place.ts";

const MAX_ENTRIES = 50_000;
const MAX_DEPTH = 40;
/** Regular expressions backtrack: longer lines are skipped. */
const MAX_LINE_LENGTH = 2000;

type OpenFile = { path: string; fd: number };

/** Null for what went away, became something else or can't be read: it is left out, as ripgrep does. */
function unlessRefused<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}

/** Regular files below an open directory, each opened for whoever takes it; links, `.git` and `node_modules` are left out. */
function* filesBelow({ path, fd }: OpenFile, budget: { entries: number }, depth = 0): Generator<OpenFile> {
  if (depth > MAX_DEPTH) return;
  for (const entry of unlessRefused(() => readdirSync(`/proc/self/fd/${fd}`, { withFileTypes: true })) ?? []) {
    if (entry.name === ".git" || entry.name === "node_modules") continue;
    budget.entries -= 1;
    if (budget.entries < 0) return;
    // From the open directory on, and no link: what was a directory when it was listed may be one by now.
    const address = addressIn(fd, entry.name);
    const open = entry.isDirectory() ? openDirectory : entry.isFile() ? openToRead : null;
    const below = open && unlessRefused(() => open(address));
    if (below === null) continue;
    const found = { path: join(path, entry.name), fd: below };
    if (!entry.isDirectory()) {
      yield found;
      continue;
    }
    try {
      yield* filesBelow(found, budget, depth + 1);
    } finally {
      closeSync(below);
    }
  }
}

function openToRead(address: string): number {
  return openSync(address, FOR_READING);
}

/** The lines of an open file, which it closes. */
async function* linesOf({ path, fd }: OpenFile, expression: RegExp): AsyncGenerator<string> {
  const stream = createReadStream(path, { fd, encoding: "utf8" });
  try {
    if (!fstatSync(fd).isFile()) return;
    const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    stream.on("error", () => lines.close());
    stream.on("data", (chunk) => {
      // A NUL means binary: the rest is not text.
      if (chunk.includes("\0")) lines.close();
    });
    let number = 0;
    for await (const line of lines) {
      number += 1;
      if (line.length <= MAX_LINE_LENGTH && expression.test(line)) yield `${path}:${number}:${line}`;
    }
  } finally {
    stream.destroy();
  }
}

/** `at` is a directory or a file. */
export async function* matchingLines({ pattern, at }: { pattern: string; at: Beginning }): AsyncGenerator<string> {
  const expression = new RegExp(pattern);
  const itself = () => openSync(`/proc/self/fd/${at.fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
  const files = at.kind === "file" ? [{ path: at.path, fd: itself() }] : filesBelow(at, { entries: MAX_ENTRIES });
  for (const file of files) yield* linesOf(file, expression);
}
