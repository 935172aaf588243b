// Runs one of the host's programs with a bare environment and returns its output; throws with what it said on failure.
import { execFile } from "node:child_process";
import { childEnv } from "../../lib/child-env.ts";

export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export function runCommand(
  file: string,
  args: readonly string[],
  options: { timeoutMs?: number; env?: Record<string, string> } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const settings = {
      env: childEnv({ PATH: SYSTEM_PATH, LC_ALL: "C", ...options.env }),
      timeout: options.timeoutMs ?? 30_000,
      killSignal: "SIGKILL" as const,
      maxBuffer: 4 * 1024 * 1024,
    };
    execFile(file, args, settings, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = stderr.trim().split("\n").slice(-3).join(" ") || error.message;
      reject(new Error(`${file}: ${said}`, { cause: error }));
    });
  });
}
