// One persistent /bin/bash: directory, variables and background jobs survive from command to command; commands run one after another.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, constants, openSync, readSync, unlinkSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { childEnv } from "../lib/child-env.ts";
import type { Output } from "./output.ts";
import { errnoOf, ToolError } from "./paths.ts";
import { DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS } from "./protocol.ts";
import { randomHex } from "./random.ts";

export type ShellOptions = {
  directory: string;
  stateDir: string;
  env: () => Record<string, string>;
  /** A shell of an earlier life of the sandbox had run commands. */
  hadShell: boolean;
};
type Bash = { child: ChildProcess; input: Writable; output: Socket };

/** How a command ended. `lost` means that the shell itself went away. */
type End =
  | { exitCode: number }
  | { lost: "terminated"; shellExitCode: number | null }
  | { lost: "timeout" | "cancelled" };

/**
 * A pipe made of a FIFO. Node's own pipes are sockets, and a command that opens /dev/stdout or /dev/stderr again,
 * as many scripts do, fails on a socket.
 */
function openPipe(directory: string): { readFd: number; writeFd: number } {
  const path = join(directory, `shell-${randomHex(4)}`);
  execFileSync("/usr/bin/mkfifo", ["-m", "600", path], { stdio: "ignore" });
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(path, constants.O_WRONLY);
  unlinkSync(path);
  return { readFd, writeFd };
}

/** When the sandbox is out of memory, what an agent runs is ended before the runner. */
function yieldMemoryFirst(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, "500");
  } catch (error) {
    // It ended already, or the system has no such file.
    if (errnoOf(error) === undefined) throw error;
  }
}

/** What can be read right now. */
function* drain(fd: number): Generator<Buffer> {
  for (;;) {
    const chunk = Buffer.allocUnsafe(64 * 1024);
    let bytesRead: number;
    try {
      bytesRead = readSync(fd, chunk);
    } catch {
      // EAGAIN: empty for now.
      return;
    }
    if (bytesRead === 0) return;
    yield chunk.subarray(0, bytesRead);
  }
}

/** A text as one bash word. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export type CommandResult = {
  outcome: "ok" | "failed" | "cancelled";
  exitCode: number | null;
  problem: string | null;
  /** It ran in a fresh shell that nobody asked for: directory, variables and background jobs of before are gone. */
  freshShell: boolean;
};

/**
 * Where the shell keeps its way out to us. Closed while a command runs, so that the command can't close it, nor its
 * jobs hold it. A number that scripts do not use themselves.
 */
const OUT_FD = 213;

export class Shell {
  readonly #options: ShellOptions;
  #bash: Bash | null = null;
  #onData: ((chunk: Buffer) => void) | null = null;
  #onLost: ((exitCode: number | null) => void) | null = null;
  #used = false;
  /** What the last command's shell knew is lost, and no command has been told yet. */
  #stateLost: boolean;

  constructor(options: ShellOptions) {
    this.#options = options;
    this.#stateLost = options.hadShell;
  }

  /** Starts the shell ahead of the first command, so that it does not wait. */
  prepare(): void {
    if (!this.#bash) this.#start();
  }

  /** Of the shell itself; null when there is none. */
  get pid(): number | null {
    return this.#bash?.child.pid ?? null;
  }

  /** Configured variables changed: from its next command on the shell has the new ones. What did not change stays as commands left it. */
  changeEnv(before: Record<string, string>, after: Record<string, string>): void {
    if (!this.#bash) return;
    const gone = Object.keys(before).filter((name) => !(name in after));
    const changed = Object.entries(after).filter(([name, value]) => before[name] !== value);
    // A command may have made one of them read-only; that is nobody's output.
    const lines = [
      ...gone.map((name) => `unset ${name} 2>/dev/null\n`),
      ...changed.map(([name, value]) => `export ${name}=${quoted(value)} 2>/dev/null\n`),
    ];
    if (lines.length > 0) this.#bash.input.write(lines.join(""));
  }

  #start(): Bash {
    const pipe = openPipe(this.#options.stateDir);
    const child = spawn("/bin/bash", ["--noprofile", "--norc"], {
      cwd: this.#options.directory,
      env: childEnv({ ...this.#options.env(), PS1: "", PS2: "", TERM: "dumb" }),
      // Both outputs are one pipe, so that they keep their order.
      stdio: ["pipe", pipe.writeFd, pipe.writeFd],
      // Its own group, so that ending the shell ends what hangs in its foreground and background.
      detached: true,
    });
    closeSync(pipe.writeFd);
    if (child.pid !== undefined) yieldMemoryFirst(child.pid);
    const output = new Socket({ fd: pipe.readFd, readable: true, writable: false });
    if (!child.stdin) throw new Error("bash: no standard input");
    const bash: Bash = { child, input: child.stdin, output };
    const lost = (exitCode: number | null) => {
      if (this.#bash !== bash) return;
      // What the shell wrote last may still be in the pipe; its background jobs may hold the pipe open for ever.
      for (const chunk of drain(pipe.readFd)) this.#onData?.(chunk);
      this.#stateLost ||= this.#used;
      this.end();
      this.#onLost?.(exitCode);
    };
    child.once("exit", lost);
    child.once("error", () => lost(null));
    // The shell may end while a command is being written to it; `exit` tells.
    bash.input.on("error", () => undefined);
    output.on("error", () => undefined);
    output.on("data", (chunk: Buffer) => {
      if (this.#bash === bash) this.#onData?.(chunk);
    });
    this.#bash = bash;
    bash.input.write(`exec ${OUT_FD}>&1\n`);
    return bash;
  }

  /** Ends the shell because the model wants a fresh one. */
  restart(): void {
    this.end();
    this.#stateLost = false;
  }

  /** Ends it though nobody asked for a fresh one: the next command is told, if one was in use. */
  endUnasked(): void {
    this.#stateLost ||= this.#used;
    this.end();
  }

  /** Ends the shell and all that runs in its process group. The next command starts a fresh one. */
  end(): void {
    const bash = this.#bash;
    this.#bash = null;
    if (!bash) return;
    bash.output.destroy();
    bash.input.destroy();
    const { pid } = bash.child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch (error) {
      // The group is gone already; nothing is left to end.
      if (errnoOf(error) !== "ESRCH") throw error;
    }
  }

  /** Runs one command; its output goes to `output`. The caller serialises calls. */
  async run(
    command: string,
    output: Output,
    options: { timeoutMs?: number; signal: AbortSignal },
  ): Promise<CommandResult> {
    if (command.includes("\0")) throw new ToolError("bash: the command contains a NUL byte");
    const timeoutMs = Math.min(Math.max(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, 1), MAX_TIMEOUT_MS);
    const freshShell = this.#stateLost;
    this.#stateLost = false;
    const end = await this.#runToEnd(command, output, timeoutMs, options.signal);
    if ("exitCode" in end) {
      return { outcome: end.exitCode === 0 ? "ok" : "failed", exitCode: end.exitCode, problem: null, freshShell };
    }
    this.#stateLost = true;
    this.end();
    const problem = {
      terminated: "bash: bash session terminated",
      timeout: `bash: bash command timed out after ${timeoutMs}ms`,
      cancelled: "bash: the command was cancelled",
    }[end.lost];
    const exitCode = end.lost === "terminated" ? end.shellExitCode : null;
    return { outcome: end.lost === "cancelled" ? "cancelled" : "failed", exitCode, problem, freshShell };
  }

  #runToEnd(command: string, output: Output, timeoutMs: number, signal: AbortSignal): Promise<End> {
    return new Promise((resolve) => {
      // A fresh mark for each command, so that no output can forge the end; split, so that echoing the input doesn't either.
      const mark = `__BERTH_${randomHex(16)}__`;
      const scanner = new MarkScanner(mark, output);
      const finish = (end: End) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        this.#onData = null;
        this.#onLost = null;
        if (!("exitCode" in end)) scanner.flush();
        resolve(end);
      };
      const timer = setTimeout(() => finish({ lost: "timeout" }), timeoutMs);
      const onAbort = () => finish({ lost: "cancelled" });
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      const bash = this.#bash ?? this.#start();
      this.#onData = (chunk) => {
        const exitCode = scanner.take(chunk);
        if (exitCode !== null) finish({ exitCode });
      };
      this.#onLost = (shellExitCode) => finish({ lost: "terminated", shellExitCode });
      // `eval` of one quoted word: a command with an open quote is a syntax error, not a shell that waits for more.
      // Its input is empty, so that `cat` ends instead of reading the next command.
      const split = `${mark.slice(0, 8)}''${mark.slice(8)}`;
      this.#used = true;
      // Its outputs are ours again at each command's start, whatever `exec` did to them before. A shell that can't say
      // its mark ends, which is noticed.
      bash.input.write(
        `builtin eval ${quoted(command)} </dev/null >&${OUT_FD} 2>&${OUT_FD} ${OUT_FD}>&-\n` +
          `builtin printf '\\n%s%d\\n' ${split} $? >&${OUT_FD} || builtin exit 125\n`,
      );
    });
  }
}

/** Passes output on until the mark with the exit code comes. Holds back only what may be the mark's beginning. */
export class MarkScanner {
  readonly #mark: Buffer;
  readonly #output: Output;
  #held: Buffer = Buffer.alloc(0);

  constructor(mark: string, output: Output) {
    this.#mark = Buffer.from(`\n${mark}`);
    this.#output = output;
  }

  /** The exit code once the whole mark line is there, else null. */
  take(chunk: Buffer): number | null {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const at = bytes.indexOf(this.#mark);
    if (at < 0) {
      const keep = this.#possibleStart(bytes);
      this.#pass(bytes.subarray(0, bytes.length - keep));
      this.#held = Buffer.from(bytes.subarray(bytes.length - keep));
      return null;
    }
    const code = /^(\d+)\n/.exec(bytes.subarray(at + this.#mark.length, at + this.#mark.length + 8).toString("latin1"));
    if (!code) {
      // The mark is there, its number not yet: hold from the mark on.
      this.#pass(bytes.subarray(0, at));
      this.#held = Buffer.from(bytes.subarray(at));
      return null;
    }
    this.#pass(bytes.subarray(0, at));
    this.#held = Buffer.alloc(0);
    return Number(code[1]);
  }

  /** Length of the longest end of `bytes` that the mark begins with. */
  #possibleStart(bytes: Buffer): number {
    for (let length = Math.min(this.#mark.length - 1, bytes.length); length > 0; length--) {
      if (bytes.subarray(bytes.length - length).equals(this.#mark.subarray(0, length))) return length;
    }
    return 0;
  }

  flush(): void {
    this.#pass(this.#held);
    this.#held = Buffer.alloc(0);
  }

  #pass(bytes: Buffer): void {
    if (bytes.length > 0) this.#output.append(bytes);
  }
}

/** What the model is shown for a command that ended: output, or the exit code where there is none. */
export function shownResult(result: CommandResult, content: string): string {
  if (result.problem !== null) return content === "" ? result.problem : `${result.problem}\n${content}`;
  if (result.outcome === "failed" && content === "") return `exit ${result.exitCode}`;
  return content;
}
