// One question, answered by a process of its own: what it loads to find the answer would stay in the supervisor's memory.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { childEnv } from "../lib/child-env.ts";

/** Runs a script that answers with one IPC message. Rejects with what it wrote to stderr when it answers nothing. */
export async function ask(options: {
  script: string;
  env: Readonly<Record<string, string | undefined>>;
  withinMs: number;
}): Promise<Readonly<Record<string, unknown>>> {
  const child = spawn(process.execPath, [options.script], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: childEnv(options.env),
    timeout: options.withinMs,
    killSignal: "SIGKILL",
  });
  let said = "";
  let answer: unknown;
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.on("message", (message) => {
    answer = message;
  });
  await once(child, "close");
  if (typeof answer === "object" && answer !== null) return Object.fromEntries(Object.entries(answer));
  throw new Error(said.trim() || `no answer within ${options.withinMs / 1000} s`);
}
