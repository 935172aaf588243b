// A part that is a Node process of ours: spawned in a process group of its own, ready when it says so, ended with its parent.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { childEnv } from "../lib/child-env.ts";
import { messageOf } from "../lib/errors.ts";
import { type Answer, isQuestion, type Question } from "./ask-starter.ts";
import { describeExit, type Exit, type PartProcess, type PartSpec } from "./part.ts";

export type NodePart = PartProcess & {
  /** What it said when it became ready: the IPC message or the JSON line. */
  readyMessage: Readonly<Record<string, unknown>>;
};

export type NodePartOptions = {
  name: string;
  script: string;
  args?: readonly string[];
  /** The whole environment of the process. Asked for at each start. */
  env: () => Readonly<Record<string, string | undefined>>;
  /** A command put in front that replaces itself by its arguments, such as `fewRights`. */
  wrapper?: readonly string[];
  /** What it may ask for (`askStarter`), by name. */
  answers?: Readonly<Record<string, () => Promise<string>>>;
  /** Flags of Node itself. */
  nodeFlags?: readonly string[];
  /** "ipc": `process.send({ type: "ready", … })`. "stdout": a line of JSON with `"type":"ready"` or `"ready":true`. */
  saysReadyBy: "ipc" | "stdout";
  /** Everything it writes, line by line. */
  onLine: (line: string) => void;
  readyWithinMs?: number;
  /** A line of JSON with this `"type"` on standard output, before the ready line: it does what takes longer, and is given the time. */
  busy?: { type: string; readyWithinMs: number; onSaid: (message: Readonly<Record<string, unknown>>) => void };
};

const READY_WITHIN_MS = 60_000;
const OUTPUT_AFTER_EXIT_MS = 250;

export function nodePart(options: NodePartOptions): PartSpec<NodePart> {
  return { name: options.name, launch: (hooks) => launch(options, hooks) };
}

async function launch(
  options: NodePartOptions,
  hooks: { onSpawn: (pid: number) => void; signal: AbortSignal },
): Promise<NodePart> {
  const flags = options.nodeFlags ?? [];
  const command = [...(options.wrapper ?? []), process.execPath, ...flags, options.script, ...(options.args ?? [])];
  const [file = "", ...args] = command;
  const child = spawn(file, args, {
    // The open stdin and the IPC channel close when this process is gone: the part ends itself then.
    stdio: ["pipe", "pipe", "pipe", "ipc"],
    env: childEnv(options.env()),
    // Ctrl-C in the terminal reaches the supervisor only, which stops all parts in order.
    detached: true,
  });
  const recent: string[] = [];
  const exited = exitOf(child, recent);
  if (child.pid === undefined) throw new Error(`${options.name} could not be started: ${describeExit(await exited)}`);
  hooks.onSpawn(child.pid);

  const ready = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  const onLine = (line: string) => {
    recent.push(line);
    if (recent.length > 20) recent.shift();
    options.onLine(line);
  };
  readLines(child.stderr, onLine);
  const expectWithin = (ms: number) => setTimeout(() => ready.reject(new Error(`not ready within ${ms / 1000} s`)), ms);
  let timer = expectWithin(options.readyWithinMs ?? READY_WITHIN_MS);
  readLines(child.stdout, (line) => {
    const message = options.saysReadyBy === "stdout" ? parseRecord(line) : null;
    if (message?.type === "ready" || message?.ready === true) return ready.resolve(message);
    onLine(line);
    if (options.busy === undefined || message?.type !== options.busy.type) return;
    clearTimeout(timer);
    timer = expectWithin(options.busy.readyWithinMs);
    options.busy.onSaid(message);
  });
  child.on("message", (message: unknown) => {
    if (isQuestion(message)) return void answer(child, message, options.answers ?? {});
    if (options.saysReadyBy === "ipc" && isRecord(message) && message.type === "ready") ready.resolve(message);
  });

  const onAbort = () => ready.reject(new Error("stopped"));
  hooks.signal.addEventListener("abort", onAbort, { once: true });
  void exited.then((exit) => ready.reject(new Error(`it ${describeExit(exit)}`)));
  try {
    const readyMessage = await ready.promise;
    return {
      pid: child.pid,
      exited,
      readyMessage,
      stop: (graceMs) => stop(child, exited, graceMs),
      kill: () => void child.kill("SIGKILL"),
    };
  } catch (error) {
    await stop(child, exited, 2_000);
    throw error;
  } finally {
    clearTimeout(timer);
    hooks.signal.removeEventListener("abort", onAbort);
  }
}

async function answer(
  child: ChildProcess,
  { id, what }: Question,
  answers: NonNullable<NodePartOptions["answers"]>,
): Promise<void> {
  const find = Object.hasOwn(answers, what) ? answers[what] : undefined;
  const said: Answer = await (find?.() ?? Promise.reject(new Error(`nobody here knows ${what}`))).then(
    (text) => ({ type: "answers", id, text }),
    (error: unknown) => ({ type: "answers", id, problem: messageOf(error) }),
  );
  // One that is gone by now waits for nothing.
  if (child.connected) child.send(said, () => undefined);
}

/** Resolves when the process is gone and its output is read. Output that its children hold open is not waited for. */
function exitOf(child: ChildProcess, lines: readonly string[]): Promise<Exit> {
  return new Promise((resolve) => {
    child.on("exit", (code, signal) => {
      const settle = () => {
        const words = signal || code === 0 ? null : lastWords(lines);
        resolve({ code, signal, ...(words !== null && { lastWords: words }) });
      };
      const timer = setTimeout(settle, OUTPUT_AFTER_EXIT_MS);
      child.once("close", () => {
        clearTimeout(timer);
        settle();
      });
    });
    child.on("error", (error) => resolve({ code: null, signal: null, lastWords: error.message }));
  });
}

async function stop(child: ChildProcess, exited: Promise<Exit>, graceMs: number): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await exited;
  clearTimeout(timer);
  endGroup(child.pid);
}

/** What it started and did not wait for: one that was killed told nobody, and nothing of ours goes on in the data directory. */
function endGroup(leader: number | undefined): void {
  if (leader === undefined || process.platform === "win32") return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    // Nobody is left, or (macOS) only what has ended already.
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}

function readLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on("line", onLine);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** The message of the last structured line, or the last line that names an error. */
function lastWords(lines: readonly string[]): string | null {
  for (const line of lines.toReversed()) {
    const parsed = parseRecord(line);
    const error = parsed?.err;
    const words =
      isRecord(error) && typeof error.message === "string"
        ? `${String(parsed?.msg ?? "")}: ${error.message}`
        : parsed?.msg;
    if (typeof words === "string") return words;
    if (/error/i.test(line) && !line.trim().startsWith("at ")) return line.trim();
  }
  return null;
}

function parseRecord(line: string): Record<string, unknown> | null {
  if (!line.startsWith("{")) return null;
  try {
    const parsed: unknown = JSON.parse(line);
    return isRecord(parsed) ? parsed : null;
  } catch {
    return null; // Output like any other, even when it looks like JSON.
  }
}
