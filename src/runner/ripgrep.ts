// grep by ripgrep. It walks by name, so it only tells which files to look into; their lines come from a second run, over open files.
import { spawn } from "node:child_process";
import { accessSync, closeSync, constants } from "node:fs";
import { childEnv } from "../lib/child-env.ts";
import { ToolError } from "./paths.ts";
import { type Beginning, openFileExactly } from "./place.ts";
import { cutShort, MAX_ANSWER_BYTES, SEARCH_TIMEOUT_MS, TRUNCATED } from "./search-answer.ts";

/** Only where the system image has it: a program that an agent put into its own directories is never run for the platform. */
const RIPGREP_PATHS = ["/usr/bin/rg", "/usr/local/bin/rg"];
const MAX_PROBLEM_BYTES = 4096;
/** Files of one second run, all of them open. */
const MAX_FILES = 256;
const DESCRIPTORS = "/proc/self/fd";
/** A child's files follow its standard streams. */
const FIRST_FILE = 3;
const [NUL, NEWLINE, COLON] = [0x00, 0x0a, 0x3a];

export function findRipgrep(): string | null {
  const found = RIPGREP_PATHS.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return found ?? null;
}

/** Collects bytes up to the limit; `take` tells when it is full. */
class Collected {
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  readonly #limit: number;
  constructor(limit: number) {
    this.#limit = limit;
  }
  take(chunk: Buffer): boolean {
    if (this.#bytes < this.#limit) this.#pieces.push(Buffer.from(chunk.subarray(0, this.#limit - this.#bytes)));
    this.#bytes += chunk.length;
    return this.#bytes > this.#limit;
  }
  text(): string {
    return Buffer.concat(this.#pieces).toString("utf8").replaceAll("\0", "\uFFFD");
  }
}

type Ended = { code: number | null; problem: string };
type Options = { ripgrep: string; pattern: string; env: Record<string, string>; signal: AbortSignal };

/** `at` is a directory or a file; where there is none, its path alone: ripgrep has the words for it. */
export async function grepWithRipgrep(options: Options, at: Beginning | string): Promise<string> {
  const found = new Collected(MAX_ANSWER_BYTES);
  const full = new AbortController();
  const late = AbortSignal.timeout(SEARCH_TIMEOUT_MS);
  const until = AbortSignal.any([options.signal, full.signal, late]);
  const take = (bytes: Buffer) => {
    if (!until.aborted && found.take(bytes)) full.abort();
  };
  const { code, problem } = await searchAt(new Ripgrep({ ...options, signal: until }), at, take);
  if (options.signal.aborted) throw new ToolError("grep: aborted");
  if (full.signal.aborted) return found.text() + TRUNCATED;
  if (late.aborted) return cutShort("grep", found.text());
  const text = found.text();
  // 2 with matches: some files could not be read, the rest is an answer.
  if (text !== "") return text;
  if (code === 0 || code === 1) return "no matches";
  throw new ToolError(`grep: rg failed: ${problem || `exit ${code}`}`);
}

async function searchAt(ripgrep: Ripgrep, at: Beginning | string, take: (bytes: Buffer) => void): Promise<Ended> {
  if (typeof at === "string") return ripgrep.run(["--max-depth=0", "-l"], at, [], () => undefined);
  if (at.kind === "directory") return searchBelow(ripgrep, at.path, take);
  const itself = `${DESCRIPTORS}/${FIRST_FILE}`;
  const { code, problem } = await ripgrep.run(["-n", "--no-heading"], itself, [at.fd], take);
  return { code, problem: problem.replaceAll(itself, at.path) };
}

/** What ripgrep says of single files is not asked for: their names may be those of another directory. */
async function searchBelow(ripgrep: Ripgrep, root: string, take: (bytes: Buffer) => void): Promise<Ended> {
  const above = Buffer.from(root === "/" ? root : `${root}/`);
  let rest: Buffer = Buffer.alloc(0);
  const { code, problem } = await ripgrep.run(["--no-messages", "-l", "--null"], root, [], async (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const names: Buffer[] = [];
    for (let end = rest.indexOf(NUL); end >= 0; end = rest.indexOf(NUL)) {
      const name = rest.subarray(0, end);
      if (name.subarray(0, above.length).equals(above)) names.push(name);
      rest = rest.subarray(end + 1);
    }
    while (names.length > 0) await searchFiles(ripgrep, names.splice(0, MAX_FILES), take);
  });
  return { code, problem: problem || `not everything below ${root} could be read, and the rest has no match` };
}

async function searchFiles(ripgrep: Ripgrep, names: Buffer[], take: (bytes: Buffer) => void): Promise<void> {
  const files: { name: Buffer; fd: number }[] = [];
  try {
    for (const name of names) {
      const fd = openFileExactly(name);
      if (fd !== null) files.push({ name, fd });
    }
    // As names in a directory, and not each for itself, so that a binary file among them is read and told of as one that a walk comes to.
    const flags = ["--no-messages", "-n", "--no-heading", "-uu", "--follow", "--max-depth=1"];
    const fds = files.map(({ fd }) => fd);
    const lines = named((number) => files[number - FIRST_FILE]?.name, take);
    if (fds.length > 0) await ripgrep.run(flags, DESCRIPTORS, fds, lines);
  } finally {
    for (const { fd } of files) closeSync(fd);
  }
}

/** Hands on lines that begin with the path of a descriptor, with the file's own name instead; without those of ripgrep's own descriptors. */
function named(nameOf: (descriptor: number) => Buffer | undefined, take: (bytes: Buffer) => void) {
  let rest: Buffer = Buffer.alloc(0);
  /** Of the line that is on its way: whether it is handed on. */
  let within: "taken" | "dropped" | null = null;
  return (bytes: Buffer) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    while (rest.length > 0) {
      if (within === null) {
        const colon = rest.indexOf(COLON);
        if (colon < 0) return;
        const name = nameOf(Number(rest.toString("latin1", DESCRIPTORS.length + 1, colon)));
        if (name) take(name);
        within = name ? "taken" : "dropped";
        rest = rest.subarray(colon);
      }
      const newline = rest.indexOf(NEWLINE);
      const end = newline < 0 ? rest.length : newline + 1;
      if (within === "taken") take(rest.subarray(0, end));
      if (newline >= 0) within = null;
      rest = rest.subarray(end);
    }
  };
}

/** One pattern, in as many runs as it takes; all end with the signal. */
class Ripgrep {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Waits for `take` before it reads on. The files are the child's descriptors from `FIRST_FILE` on. */
  async run(
    flags: string[],
    path: string,
    files: number[],
    take: (bytes: Buffer) => void | Promise<void>,
  ): Promise<Ended> {
    const { ripgrep, pattern, env, signal } = this.#options;
    if (signal.aborted) return { code: null, problem: "" };
    const child = spawn(ripgrep, ["--no-config", ...flags, "-e", pattern, "--", path], {
      env: childEnv(env),
      stdio: ["ignore", "pipe", "pipe", ...files],
    });
    const kill = () => void child.kill("SIGKILL");
    signal.addEventListener("abort", kill, { once: true });
    const problem = new Collected(MAX_PROBLEM_BYTES);
    const { stdout, stderr } = child;
    if (!stdout || !stderr) throw new Error("it was started with both");
    stderr.on("data", (bytes: Buffer) => void problem.take(bytes));
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once("error", (error) => reject(new ToolError(`grep: rg failed: ${error.message}`)));
      child.once("close", resolve);
    });
    const read = async () => {
      for await (const bytes of stdout) await take(bytes);
    };
    try {
      const [code] = await Promise.all([ended, read()]);
      return { code, problem: problem.text() };
    } finally {
      signal.removeEventListener("abort", kill);
      kill();
    }
  }
}
