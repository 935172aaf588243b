// The search thread behind grep where the system has no ripgrep: walks regular files and sends matching lines.
import { createReadStream, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { GrepWorkerData, GrepWorkerMessage } from "./search-tools.ts";

const MAX_DEPTH = 40;
/** Regular expressions backtrack: longer lines are skipped. */
const MAX_LINE_LENGTH = 2000;

/** Regular files below a directory; links, `.git` and `node_modules` are left out. */
function* filesBelow(directory: string, budget: { entries: number }, depth = 0): Generator<string> {
  if (depth > MAX_DEPTH) return;
  let entries: import("node:fs").Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    // Unreadable directories are left out, as ripgrep does.
    return;
  }
  for (const entry of entries) {
    if (entry.name === ".git" || entry.name === "node_modules") continue;
    budget.entries -= 1;
    if (budget.entries < 0) return;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path, budget, depth + 1);
    else if (entry.isFile()) yield path;
  }
}

async function searchFile(file: string, expression: RegExp, send: (message: GrepWorkerMessage) => void): Promise<void> {
  const stream = createReadStream(file, { encoding: "utf8" });
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  stream.on("error", () => lines.close());
  stream.on("data", (chunk) => {
    // A NUL means binary: the rest is not text.
    if (chunk.includes("\0")) lines.close();
  });
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.length <= MAX_LINE_LENGTH && expression.test(line)) send({ line: `${file}:${number}:${line}` });
  }
  stream.destroy();
}

export async function searchInWorker(data: GrepWorkerData, send: (message: GrepWorkerMessage) => void): Promise<void> {
  try {
    const expression = new RegExp(data.pattern);
    const single = statSync(data.root).isFile();
    for (const file of single ? [data.root] : filesBelow(data.root, { entries: data.maxEntries })) {
      await searchFile(file, expression, send);
    }
    send({ done: true });
  } catch (error) {
    send({ problem: error instanceof Error ? error.message : String(error) });
  }
}
