// Starts a worker process that holds one session and nothing else, and tells how it ended.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Claim } from "../db/leases.ts";
import type { LoneEnd, StartAlone } from "../worker/lone-holds.ts";

/** What the process says, in this order. Between the two its death may be the session's doing. */
export type LoneMessage = { type: "holding" } | { type: "let-go" };

/** Until it begins to hold the session. */
const START_LIMIT_MS = 30_000;
const SCRIPT = join(import.meta.dirname, "worker.ts");

export const startAlone: StartAlone = ({ sessionId, fence }) => {
  const args = ["--alone", sessionId, "--id", fence.owner, "--epoch", String(fence.epoch)];
  const child = spawn(process.execPath, [...process.execArgv, SCRIPT, ...args], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: process.env,
  });
  let state: LoneEnd["state"] = "starting";
  child.on("message", (message: LoneMessage) => {
    state = message.type;
  });
  const late = setTimeout(() => state === "starting" && child.kill("SIGKILL"), START_LIMIT_MS);
  const ended = new Promise<LoneEnd>((resolve) => {
    child.once("error", (error) => resolve({ state, well: false, how: error.message }));
    child.once("exit", (code, signal) => {
      resolve({ state, well: code === 0, how: signal ? `it was ended by ${signal}` : `it ended with code ${code}` });
    });
  });
  void ended.then(() => clearTimeout(late));
  return { ended, stop: () => void child.kill("SIGTERM") };
};

/** What a process that was started so is to hold; null for any other worker. */
export function loneClaim(args: readonly string[]): Claim | null {
  const { values } = parseArgs({
    args: [...args],
    options: { alone: { type: "string" }, id: { type: "string" }, epoch: { type: "string" } },
  });
  const { alone: sessionId, id: owner, epoch } = values;
  if (sessionId === undefined && owner === undefined && epoch === undefined) return null;
  if (!sessionId || !owner || !epoch) throw new Error("--alone, --id and --epoch come together");
  return { sessionId, fence: { owner, epoch: Number(epoch) } };
}
