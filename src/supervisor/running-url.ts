// `<data>/run/web.url`: where the dashboard of a running Berth is, for commands that are started beside it.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function writeRunningUrl(dataDir: string, url: string): void {
  writeFileSync(join(dataDir, "run", "web.url"), `${url}\n`);
}

/** null when none runs. */
export function runningUrl(dataDir: string): string | null {
  const path = join(dataDir, "run", "web.url");
  return existsSync(path) ? readFileSync(path, "utf8").trim() : null;
}
