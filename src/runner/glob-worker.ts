// The search thread behind glob: looks for files whose path fits a pattern, the newest first.
import { closeSync, fstatSync, openSync, readlinkSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, isWithin } from "./paths.ts";
import { AS_IT_IS } from "./place.ts";

const MAX_MATCHES = 200;
const MAX_ENTRIES = 50_000;

export async function* matchingFiles({ pattern, root }: { pattern: string; root: string }): AsyncGenerator<string> {
  const matches: { path: string; modifiedAt: number }[] = [];
  let seen = 0;
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
    const modifiedAt = modifiedInside(root, path);
    if (modifiedAt !== null) matches.push({ path, modifiedAt });
  }
  matches.sort((a, b) => b.modifiedAt - a.modifiedAt);
  for (const match of matches.slice(0, MAX_MATCHES)) yield match.path;
}

/** When the file changed; null when it is gone or, through a link on the way, by now or by the pattern, lies outside the root. */
function modifiedInside(root: string, path: string): number | null {
  try {
    const fd = openSync(path, AS_IT_IS);
    try {
      const stat = fstatSync(fd);
      // Byte by byte, as names need not be text.
      const real = readlinkSync(`/proc/self/fd/${fd}`, { encoding: "latin1" });
      return stat.isFile() && isWithin(Buffer.from(root).toString("latin1"), real) ? stat.mtimeMs : null;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    // Gone or unreadable by now: not a match.
    return null;
  }
}
