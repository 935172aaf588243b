// Terminals by id: a shell on a pty that outlives its viewers, and is the same for all of them. Loaded when the first one is opened.
import type { IPty } from "@lydell/node-pty";
import { isTerminalSize } from "./frames.ts";
import { BadRequest } from "./protocol.ts";
import { Scrollback } from "./scrollback.ts";

const MAX_TERMINALS = 8;
const SCROLLBACK_BYTES = 256 * 1024;
/** A shell whose viewers are this far behind is not read on until one of them has caught up. */
const MAX_LAG_BYTES = 128 * 1024;

export type TerminalSize = { columns: number; rows: number };

export type Viewer = {
  /** Something was added, or the shell has ended. */
  changed: () => void;
  /** Where this viewer is. */
  offset: number;
  /** What it has room for. */
  size: TerminalSize;
};

/** What every viewer has room for; null without any. Pure. */
export function smallestSize(sizes: readonly TerminalSize[]): TerminalSize | null {
  if (sizes.length === 0) return null;
  return {
    columns: Math.min(...sizes.map(({ columns }) => columns)),
    rows: Math.min(...sizes.map(({ rows }) => rows)),
  };
}

export class Terminal {
  readonly scrollback = new Scrollback(SCROLLBACK_BYTES);
  exitCode: number | null = null;
  readonly #pty: IPty;
  readonly #viewers = new Set<Viewer>();
  #paused = false;
  #size: TerminalSize;

  constructor(pty: IPty, size: TerminalSize) {
    this.#pty = pty;
    this.#size = size;
    pty.onData((data) => {
      // Bytes, since the terminal was opened without an encoding; its types know texts only.
      this.scrollback.add(Buffer.from(data));
      if (this.#viewers.size > 0 && this.#lag() > MAX_LAG_BYTES) this.#pause();
      this.#tell();
    });
    pty.onExit(({ exitCode, signal }) => {
      this.exitCode = signal ? 128 + signal : exitCode;
      this.#tell();
    });
  }

  attach(viewer: Viewer): () => void {
    this.#viewers.add(viewer);
    this.fit();
    return () => {
      this.#viewers.delete(viewer);
      this.advanced();
      this.fit();
    };
  }

  /** Of its shell. */
  get pid(): number {
    return this.#pty.pid;
  }

  /** As it is for all viewers. */
  get size(): TerminalSize {
    return this.#size;
  }

  get watched(): boolean {
    return this.#viewers.size > 0;
  }

  /** A viewer went on, or left. */
  advanced(): void {
    if (!this.#paused || (this.#viewers.size > 0 && this.#lag() > 0)) return;
    this.#paused = false;
    this.#pty.resume();
  }

  write(input: Buffer): void {
    // Bytes go through as they are; the library's types know texts only.
    if (this.exitCode === null) this.#pty.write(input as unknown as string);
  }

  /** The smallest of its viewers decides: each sees the same picture whole, and none takes the size from another again and again. */
  fit(): void {
    const size = smallestSize([...this.#viewers].map((viewer) => viewer.size));
    if (!size || this.exitCode !== null) return;
    if (size.columns === this.#size.columns && size.rows === this.#size.rows) return;
    this.#size = size;
    this.#pty.resize(size.columns, size.rows);
    this.#tell();
  }

  end(): void {
    if (this.exitCode === null) this.#pty.kill("SIGHUP");
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#pty.pause();
  }

  /** Of the viewer that is furthest: the others skip what they miss. */
  #lag(): number {
    return this.scrollback.end - Math.max(...[...this.#viewers].map(({ offset }) => offset));
  }

  #tell(): void {
    for (const viewer of this.#viewers) viewer.changed();
  }
}

export class Terminals {
  readonly #terminals = new Map<string, Terminal>();
  readonly #directory: string;
  readonly #env: () => Record<string, string>;

  constructor(options: { directory: string; env: () => Record<string, string> }) {
    this.#directory = options.directory;
    this.#env = options.env;
  }

  /** Somebody looks at one. */
  get watched(): boolean {
    return [...this.#terminals.values()].some((terminal) => terminal.watched);
  }

  /** Of the shells in them. */
  get pids(): number[] {
    return [...this.#terminals.values()].filter(({ exitCode }) => exitCode === null).map(({ pid }) => pid);
  }

  /** The terminal of this id; a new shell when there is none, or the last one has ended and nobody looks at it. */
  async open(id: string, size: TerminalSize): Promise<Terminal> {
    if (!/^[\w-]{1,64}$/.test(id)) throw new BadRequest("id: 1 to 64 letters, digits, - and _");
    if (!isTerminalSize(size)) throw new BadRequest("columns and rows: 2 to 1000 each");
    const known = this.#terminals.get(id);
    if (known && (known.exitCode === null || known.watched)) return known;
    this.#terminals.delete(id);
    this.#forgetEnded();
    if (this.#terminals.size >= MAX_TERMINALS)
      throw new BadRequest(`a sandbox has ${MAX_TERMINALS} terminals at most: end one of them with "exit"`);
    const { spawn } = await import("@lydell/node-pty");
    // Somebody else may have been faster.
    const other = this.#terminals.get(id);
    if (other) return other;
    const terminal = new Terminal(
      spawn("/bin/bash", ["-i"], {
        name: "xterm-256color",
        cols: size.columns,
        rows: size.rows,
        cwd: this.#directory,
        env: { ...this.#env(), TERM: "xterm-256color", COLORTERM: "truecolor" },
        encoding: null,
      }),
      size,
    );
    this.#terminals.set(id, terminal);
    return terminal;
  }

  end(): void {
    for (const terminal of this.#terminals.values()) terminal.end();
  }

  #forgetEnded(): void {
    for (const [id, terminal] of this.#terminals)
      if (terminal.exitCode !== null && !terminal.watched) this.#terminals.delete(id);
  }
}
