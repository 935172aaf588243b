// Building before a start, in a process of its own: what bundlers load would stay in the supervisor's memory.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { PartLogs } from "./part-logs.ts";
import { StartFailure } from "./start-failure.ts";

const LAST_LINES = 15;

/** Runs `npm run build` for one target. Rejects with the last lines of its output. */
export async function runBuild(options: {
  target: "runner" | "dashboard";
  repository: string;
  env: NodeJS.ProcessEnv;
  logs: PartLogs;
  signal: AbortSignal;
}): Promise<void> {
  const { target, logs, signal } = options;
  const script = join(options.repository, "scripts", "build.ts");
  const child = spawn(process.execPath, [script, target], { stdio: ["ignore", "pipe", "pipe"], env: options.env });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      for (const line of chunk
        .toString()
        .split("\n")
        .filter((text) => text.trim())) {
        lines.push(line);
        if (lines.length > LAST_LINES) lines.shift();
        logs.write("build", JSON.stringify({ level: 30, time: Date.now(), name: "build", msg: line }));
      }
    });
  }
  const onAbort = () => child.kill("SIGTERM");
  signal.addEventListener("abort", onAbort, { once: true });
  const [code] = await once(child, "close");
  signal.removeEventListener("abort", onAbort);
  if (code === 0) return;
  signal.throwIfAborted();
  throw new StartFailure(`The ${target} could not be built.`, {
    why: lines.join("\n  "),
    remedy: "Run npm ci and try again; the whole output is in logs/build.log in the data directory.",
  });
}
