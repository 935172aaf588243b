// A start whose npm is gone does not stay behind.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { until } from "../../test/support/until.ts";
import { isAlive } from "../lib/processes.ts";

it.each(["SIGTERM", "SIGKILL"] as const)(
  "notices that the shell between npm and us was ended by %s",
  async (signal) => {
    const directory = mkdtempSync(join(tmpdir(), "berth-parent-"));
    try {
      const pidFile = join(directory, "pid");
      const watcher = new URL("./parent-watch.ts", import.meta.url).href;
      const script = join(directory, "started.mjs");
      writeFileSync(
        script,
        `import { writeFileSync } from "node:fs"; import { watchParents } from ${JSON.stringify(watcher)};
       setInterval(() => {}, 1000);
       watchParents({ startedByNpm: true, onGone: () => process.exit(0) });
       writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));`,
      );
      // The second command keeps the shell from replacing itself with node.
      const shell = spawn("sh", ["-c", `"${process.execPath}" "${script}"; true`], { stdio: "ignore" });
      const pid = await until(() => Number(readIfThere(pidFile)));
      expect(isAlive(pid)).toBe(true);
      shell.kill(signal);
      await until(() => !isAlive(pid));
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
);

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // Not written yet.
  }
}
