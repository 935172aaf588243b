// Operations by id: each runs at most once for the life of the disk; asked again, the caller gets the running one or its stored result.
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { createSemaphore } from "../lib/turns.ts";
import { editTool, readTool, writeTool } from "./file-tools.ts";
import type { Journal } from "./journal.ts";
import { Output } from "./output.ts";
import { confine, errnoOf, fileErrorText, type Roots, ToolError } from "./paths.ts";
import { BadRequest, type RunnerConfig, type WireOperation, type WireResult } from "./protocol.ts";
import { fingerprint } from "./random.ts";
import { findRipgrep } from "./ripgrep.ts";
import { globTool, grepTool } from "./search-tools.ts";
import { Shell, shownResult } from "./shell.ts";

type Done = Omit<WireResult, "durationMs">;
type Running = { hash: string; result: Promise<WireResult>; output: Output; abort: AbortController };
const MAX_ID_LENGTH = 200;
/** Each search is a thread or a process that may keep a processor busy until its time-out. */
const MAX_SEARCHES = 4;

/** `output` is null when it has ended. */
export type Attached = { result: Promise<WireResult>; output: Output | null };

/** Effects that must not happen twice. Reading again is harmless, so reads are not written down before they begin. */
function hasEffect(operation: WireOperation): boolean {
  return operation.kind === "bash" || operation.kind === "write" || operation.kind === "edit";
}

export class Operations {
  readonly #config: RunnerConfig;
  readonly #journal: Journal;
  readonly #workerFile: string;
  readonly #shell: Shell;
  readonly #env: () => Record<string, string>;
  readonly #running = new Map<string, Running>();
  /** Every id of this life of the sandbox. */
  readonly #begunHere = new Set<string>();
  readonly #ripgrep = findRipgrep();
  readonly #searchInTurn = createSemaphore(MAX_SEARCHES);
  /** Settles when the command before has ended: the shell takes one at a time. */
  #shellFree: Promise<unknown> = Promise.resolve();
  #lastUsedAt = Date.now();

  constructor(options: {
    config: RunnerConfig;
    journal: Journal;
    env: () => Record<string, string>;
    workerFile: string;
  }) {
    this.#config = options.config;
    this.#journal = options.journal;
    this.#env = options.env;
    this.#workerFile = options.workerFile;
    this.#shell = new Shell({
      directory: options.config.workspaceDir,
      stateDir: options.config.stateDir,
      env: options.env,
      hadShell: !options.journal.isEmpty,
    });
    // No command of this life refers to outputs yet; results of earlier ones do, so only the oldest go.
    this.#pruneOutputFiles();
  }

  /** Starts the shell of commands ahead of the first one. */
  prepareShell(): void {
    this.#shell.prepare();
  }

  get runningCount(): number {
    return this.#running.size;
  }

  get lastUsedAt(): number {
    return this.#running.size > 0 ? Date.now() : this.#lastUsedAt;
  }

  touch(): void {
    this.#lastUsedAt = Date.now();
  }

  /** Starts an operation or attaches to it. */
  run(id: string, operation: WireOperation): Attached {
    if (id === "" || id.length > MAX_ID_LENGTH) throw new BadRequest(`id: 1 to ${MAX_ID_LENGTH} characters`);
    const hash = fingerprint(JSON.stringify(operation));
    const running = this.#running.get(id);
    if (running) {
      if (running.hash !== hash) throw new BadRequest("id: already used for another operation");
      return running;
    }
    const known = this.#journal.find(id);
    if (known) {
      // What an earlier life wrote may come from another release, whose operations read otherwise: there the id alone counts.
      if (known.hash !== hash && this.#begunHere.has(id)) {
        throw new BadRequest("id: already used for another operation");
      }
      const result = "result" in known ? known.result : this.#interrupted(id, hash);
      return { result: Promise.resolve(result), output: null };
    }
    const output = new Output({
      path: this.#outputPath(id),
      maxFileBytes: this.#config.maxOutputFileBytes,
    });
    const abort = new AbortController();
    const result = this.#runOnce(id, hash, operation, output, abort.signal);
    const entry: Running = { hash, result, output, abort };
    this.#running.set(id, entry);
    this.#begunHere.add(id);
    return entry;
  }

  /** Of the shell in which commands run; null when there is none. */
  get shellPid(): number | null {
    return this.#shell.pid;
  }

  /** Processes that start from now on have these variables, and so have the shell's next commands. */
  setEnv(env: Record<string, string>): void {
    this.#shell.changeEnv(this.#config.env, env);
    this.#config.env = env;
  }

  cancel(id: string): void {
    this.#running.get(id)?.abort.abort();
  }

  /** Ends running operations and the shell, unasked; resolves when every result is written down. */
  async quiesce(endProcesses: () => Promise<void>): Promise<void> {
    const results = [...this.#running.values()].map(({ result, abort }) => {
      abort.abort();
      return result;
    });
    this.#shell.endUnasked();
    await endProcesses();
    await Promise.all(results);
  }

  /** Ends the shell and with it whatever runs in it. */
  end(): void {
    for (const running of this.#running.values()) running.abort.abort();
    this.#shell.end();
  }

  #outputPath(id: string): string {
    const name = /^[A-Za-z0-9_.-]{1,80}$/.test(id) ? id : fingerprint(id);
    return join(this.#config.stateDir, "outputs", `${name}.txt`);
  }

  /** It began before this runner did, and its end was never written down. From now on that is its result. */
  #interrupted(id: string, hash: string): WireResult {
    const result: WireResult = {
      outcome: "unknown",
      content:
        "The sandbox ended before this operation did. It may have run, in part or whole; check its effect before doing it again.",
      durationMs: 0,
    };
    this.#journal.end(id, hash, result);
    return result;
  }

  async #runOnce(
    id: string,
    hash: string,
    operation: WireOperation,
    output: Output,
    signal: AbortSignal,
  ): Promise<WireResult> {
    // Yields first, so that the entry is registered before anything can end.
    await null;
    let startedAt = Date.now();
    let done: Done;
    const begin = () => {
      startedAt = Date.now();
      if (hasEffect(operation)) this.#journal.start(id, hash);
    };
    try {
      done = await this.#perform(operation, output, signal, begin);
    } catch (error) {
      done = { outcome: signal.aborted ? "cancelled" : "failed", content: this.#problemText(operation, error) };
    }
    const result: WireResult = { ...done, durationMs: Date.now() - startedAt };
    try {
      this.#journal.end(id, hash, result);
    } catch (error) {
      // The disk is full to the last block: this caller has the result; one that asks after a restart will get `unknown`.
      process.stderr.write(`journal: ${error instanceof Error ? error.message : error}\n`);
    }
    output.end({ keepFile: result.fullOutputPath !== undefined });
    if (result.fullOutputPath !== undefined) this.#pruneOutputFiles();
    this.#running.delete(id);
    this.touch();
    return result;
  }

  #problemText(operation: WireOperation, error: unknown): string {
    if (error instanceof ToolError) return error.message;
    if (errnoOf(error) !== undefined) return `${operation.kind}: ${fileErrorText(error, "sandbox disk")}`;
    return `${operation.kind}: ${error instanceof Error ? error.message : String(error)}`;
  }

  async #perform(operation: WireOperation, output: Output, signal: AbortSignal, begin: () => void): Promise<Done> {
    const { workspaceDir, homeDir, stateDir } = this.#config;
    const forWriting: Roots = [workspaceDir, homeDir, "/tmp"];
    const forReading: Roots = [...forWriting, join(stateDir, "outputs")];
    switch (operation.kind) {
      case "bash":
        return this.#bash(operation, output, signal, begin);
      case "read":
        begin();
        return { outcome: "ok", ...(await readTool(operation, forReading)) };
      case "write":
        begin();
        return { outcome: "ok", content: await writeTool(operation, forWriting) };
      case "edit":
        begin();
        return { outcome: "ok", content: await editTool(operation, forWriting) };
      case "glob": {
        const root = await confine(operation.path || workspaceDir, forReading);
        const { pattern } = operation;
        const glob = () => globTool({ pattern, root, workerFile: this.#workerFile, signal });
        return { outcome: "ok", content: await this.#search(glob, signal, begin) };
      }
      case "grep": {
        const { pattern, path = "" } = operation;
        const [ripgrep, workerFile, env] = [this.#ripgrep, this.#workerFile, this.#env()];
        const grep = () =>
          grepTool({ pattern, path: path || workspaceDir, roots: forReading, signal, env, ripgrep, workerFile });
        return { outcome: "ok", content: await this.#search(grep, signal, begin) };
      }
    }
  }

  /** A search that waits for its turn is cancelled at once; one that has begun says so itself. */
  #search(work: () => Promise<string>, signal: AbortSignal, begin: () => void): Promise<string> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(new ToolError("the search was cancelled before it began"));
      signal.addEventListener("abort", giveUp, { once: true });
      if (signal.aborted) giveUp();
      const inTurn = async () => {
        signal.removeEventListener("abort", giveUp);
        if (signal.aborted) return;
        begin();
        resolve(await work());
      };
      this.#searchInTurn(inTurn).catch(reject);
    });
  }

  async #bash(
    operation: Extract<WireOperation, { kind: "bash" }>,
    output: Output,
    signal: AbortSignal,
    begin: () => void,
  ): Promise<Done> {
    const before = this.#shellFree;
    let free: () => void = () => undefined;
    this.#shellFree = new Promise<void>((resolve) => {
      free = resolve;
    });
    try {
      await before;
      if (signal.aborted) return { outcome: "cancelled", content: "bash: the command was cancelled before it began" };
      const { command, restart, timeoutMs } = operation;
      if (!command && !restart) throw new ToolError("bash: command is required");
      begin();
      if (restart) this.#shell.restart();
      if (!command) return { outcome: "ok", content: "bash session restarted", exitCode: 0 };
      const options = timeoutMs === undefined ? { signal } : { signal, timeoutMs };
      const result = await this.#shell.run(command, output, options);
      const { content, ...rest } = output.shown();
      const { outcome, exitCode, freshShell } = result;
      const fresh = freshShell ? { freshShell } : {};
      return { outcome, content: shownResult(result, content), exitCode, ...fresh, ...rest };
    } finally {
      free();
    }
  }

  /** Keeps the newest whole outputs within four times one output's cap. */
  #pruneOutputFiles(): void {
    const directory = join(this.#config.stateDir, "outputs");
    let names: string[];
    try {
      names = readdirSync(directory);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return;
      throw error;
    }
    const files = names.flatMap((name) => {
      const stat = statSync(join(directory, name), { throwIfNoEntry: false });
      return stat ? [{ path: join(directory, name), sizeBytes: stat.size, modifiedAt: stat.mtimeMs }] : [];
    });
    files.sort((a, b) => b.modifiedAt - a.modifiedAt);
    let total = 0;
    for (const file of files) {
      total += file.sizeBytes;
      if (total > 4 * this.#config.maxOutputFileBytes) rmSync(file.path, { force: true, recursive: true });
    }
  }
}
