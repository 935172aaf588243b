// The record of operations on the sandbox's disk: a start is written and synced before the effect, the result after it.
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { parseResult, type WireResult } from "./protocol.ts";

/** Above this the journal is rewritten. */
const MAX_JOURNAL_BYTES = 32 * 1024 * 1024;
/** No journal of ours is as large: one is rewritten with the line that takes it above the other limit. */
const MAX_LOADED_BYTES = 2 * MAX_JOURNAL_BYTES;
/** The newest results that a rewrite keeps in full; of older ones the outcome stays. */
const KEPT_RESULT_BYTES = 8 * 1024 * 1024;
const KEPT_OUTCOMES = 20_000;
/** Space held back for the journal, so that a full disk can still be cleaned up by a command. */
const RESERVE_BYTES = 512 * 1024;

type Line =
  | { type: "started"; id: string; hash: string }
  | { type: "ended"; id: string; hash: string; result: WireResult }
  | { type: "forgotten"; id: string; hash: string; outcome: WireResult["outcome"] };

type Entry = { hash: string } & (
  | { state: "started" }
  | { state: "ended"; position: number; length: number; outcome: WireResult["outcome"] }
  | { state: "forgotten"; outcome: WireResult["outcome"] }
);

/** What is known of an operation: nothing, its result, or only that it began in an earlier life of the sandbox. */
export type Known = { hash: string; result: WireResult } | { hash: string; interrupted: true } | null;

function parseJournalLine(text: string): Line | null {
  try {
    // Checked field by field below; a line that an agent or a crash made is skipped, not trusted.
    const fields = JSON.parse(text) as Record<string, unknown>;
    const { type, id, hash, outcome } = fields;
    if (typeof id !== "string" || typeof hash !== "string") return null;
    if (type === "started") return { type, id, hash };
    if (type === "ended") return { type, id, hash, result: parseResult(fields.result) };
    if (
      type === "forgotten" &&
      (outcome === "ok" || outcome === "failed" || outcome === "cancelled" || outcome === "unknown")
    ) {
      return { type, id, hash, outcome };
    }
    return null;
  } catch {
    // Torn by a crash, or not ours.
    return null;
  }
}

/**
 * An agent can put anything in its place. Without what was in it nobody knows which operations have run, so that the sandbox does not
 * start: at once, for a start that is waited for keeps others from theirs.
 */
function openOwn(path: string): number {
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  const stat = fstatSync(fd);
  if (stat.isFile() && stat.size <= MAX_LOADED_BYTES) return fd;
  closeSync(fd);
  throw new Error("the journal of this sandbox is not as the runner writes it: what has run is not known any more");
}

export class Journal {
  readonly #path: string;
  readonly #reservePath: string;
  readonly #entries = new Map<string, Entry>();
  #fd: number;
  #size = 0;
  #reserved = false;

  constructor(stateDir: string) {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    this.#path = join(stateDir, "journal");
    this.#reservePath = join(stateDir, "reserve");
    this.#fd = openOwn(this.#path);
    this.#load();
    this.#hold();
  }

  /** Reads the file line by line; what follows the last newline was torn by a crash and is cut off. */
  #load(): void {
    const chunk = Buffer.allocUnsafe(256 * 1024);
    let rest: Buffer = Buffer.alloc(0);
    let lineStart = 0;
    for (let position = 0; ; ) {
      const bytesRead = readSync(this.#fd, chunk, 0, chunk.length, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a, start)) {
        const line = parseJournalLine(rest.subarray(start, end).toString("utf8"));
        if (line) this.#remember(line, lineStart, end - start);
        lineStart += end - start + 1;
        start = end + 1;
      }
      rest = Buffer.from(rest.subarray(start));
    }
    if (rest.length > 0) ftruncateSync(this.#fd, lineStart);
    this.#size = lineStart;
  }

  #remember(line: Line, position: number, length: number): void {
    // Set again, so that the map's order is that of the last line.
    this.#entries.delete(line.id);
    const { id, hash } = line;
    if (line.type === "started") this.#entries.set(id, { hash, state: "started" });
    else if (line.type === "forgotten") this.#entries.set(id, { hash, state: "forgotten", outcome: line.outcome });
    else this.#entries.set(id, { hash, state: "ended", position, length, outcome: line.result.outcome });
  }

  /** No operation has ever begun on this disk. */
  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  find(id: string): Known {
    const entry = this.#entries.get(id);
    if (!entry) return null;
    const { hash } = entry;
    if (entry.state === "started") return { hash, interrupted: true };
    if (entry.state === "forgotten") {
      const content = "[this operation ended long ago; its result is no longer kept]";
      return { hash, result: { outcome: entry.outcome, content, durationMs: 0 } };
    }
    const bytes = Buffer.allocUnsafe(entry.length);
    readSync(this.#fd, bytes, 0, entry.length, entry.position);
    const line = parseJournalLine(bytes.toString("utf8"));
    return line?.type === "ended" ? { hash, result: line.result } : { hash, interrupted: true };
  }

  /** On disk when this returns: only then may the effect begin. */
  start(id: string, hash: string): void {
    this.#append({ type: "started", id, hash });
    fdatasyncSync(this.#fd);
  }

  /** The result outlives the process; after a loss of power the operation may count as interrupted. */
  end(id: string, hash: string, result: WireResult): void {
    this.#append({ type: "ended", id, hash, result });
    if (this.#size > MAX_JOURNAL_BYTES) this.#rewrite();
    this.#hold();
  }

  #append(line: Line): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    try {
      this.#write(bytes);
    } catch (error) {
      if (!this.#reserved) throw error;
      rmSync(this.#reservePath, { force: true });
      this.#reserved = false;
      this.#write(bytes);
    }
    this.#remember(line, this.#size, bytes.length - 1);
    this.#size += bytes.length;
  }

  /** All or nothing: a line that did not fit is cut off again. */
  #write(bytes: Buffer): void {
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written);
    } catch (error) {
      if (written > 0) ftruncateSync(this.#fd, this.#size);
      throw error;
    }
  }

  /** Takes the held-back space again once there is room. */
  #hold(): void {
    if (this.#reserved) return;
    try {
      // Whatever an agent put there: a pipe would be waited for, a link followed.
      rmSync(this.#reservePath, { force: true, recursive: true });
      writeFileSync(this.#reservePath, Buffer.alloc(RESERVE_BYTES), { mode: 0o600, flag: "wx" });
      this.#reserved = true;
    } catch {
      // The disk is full; the next end of an operation tries again.
      rmSync(this.#reservePath, { force: true, recursive: true });
    }
  }

  /** A new file with what is still worth keeping, put in place in one step. */
  #rewrite(): void {
    const lines: string[] = [];
    let resultBytes = 0;
    let outcomes = 0;
    for (const [id, entry] of [...this.#entries].reverse()) {
      if (entry.state === "ended" && resultBytes + entry.length <= KEPT_RESULT_BYTES) {
        const bytes = Buffer.allocUnsafe(entry.length);
        readSync(this.#fd, bytes, 0, entry.length, entry.position);
        lines.push(bytes.toString("utf8"));
        resultBytes += entry.length;
        continue;
      }
      outcomes += 1;
      if (entry.state !== "started" && outcomes > KEPT_OUTCOMES) continue;
      const { hash } = entry;
      const line: Line =
        entry.state === "started"
          ? { type: "started", id, hash }
          : { type: "forgotten", id, hash, outcome: entry.outcome };
      lines.push(JSON.stringify(line));
    }
    const fresh = `${this.#path}.new`;
    const fd = openSync(fresh, "w", 0o600);
    writeFileSync(fd, `${lines.reverse().join("\n")}\n`);
    fsyncSync(fd);
    closeSync(fd);
    renameSync(fresh, this.#path);
    const directory = openSync(dirname(this.#path), "r");
    fsyncSync(directory);
    closeSync(directory);
    closeSync(this.#fd);
    this.#fd = openOwn(this.#path);
    this.#entries.clear();
    this.#load();
  }

  close(): void {
    closeSync(this.#fd);
  }
}
