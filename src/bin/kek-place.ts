// Where this installation's KEKs are, as the configuration says: a variable, a command, or a file of the data directory.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { KekPlace } from "../secrets/check-keks.ts";
import { KekProblem } from "../secrets/key-ring.ts";
import type { Config } from "./config.ts";

const COMMAND_WITHIN_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
const run = promisify(execFile);

export function kekPlace({ kek, kekCommand, dataDir }: Pick<Config, "kek" | "kekCommand" | "dataDir">): KekPlace {
  if (kek !== null) return { kind: "given", source: { describe: "BERTH_KEK", read: async () => kek } };
  if (kekCommand === null) return { kind: "file", path: join(dataDir, "kek") };
  const read = async () => {
    try {
      const options = { timeout: COMMAND_WITHIN_MS, maxBuffer: MAX_OUTPUT_BYTES };
      return (await run("/bin/sh", ["-c", kekCommand], options)).stdout;
    } catch (error) {
      throw new KekProblem(`the command ${whatHappened(error)}`);
    }
  };
  return { kind: "given", source: { describe: "BERTH_KEK_COMMAND", read } };
}

/** What it printed may hold the key, so the error itself, which has all of it, goes no further. */
function whatHappened(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  const { killed, code, stderr } = error as Error & { killed?: boolean; code?: unknown; stderr?: string };
  if (killed) return `did not end within ${COMMAND_WITHIN_MS / 1000} s`;
  const lastLine = stderr?.trim().split("\n").at(-1)?.slice(0, 200);
  return `ended with ${String(code)}${lastLine ? ` and said: ${lastLine}` : ""}`;
}
