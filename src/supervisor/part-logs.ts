// What the parts write: whole lines into `<data>/logs/<part>.log`, warnings and errors to the terminal.
import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

export type PartLogs = {
  /** A line that a part wrote: JSON of its logger, or anything. */
  write(part: string, line: string): void;
  /** A line of the supervisor itself. */
  say(level: "info" | "warn" | "error", message: string): void;
};

/** Two files a part: the current one and the one before it. */
const MAX_FILE_BYTES = 10 * 1024 * 1024;

const levels = { info: 30, warn: 40, error: 50 } as const;
const WARNING = levels.warn;

export function createPartLogs(options: {
  directory: string;
  show: (line: string) => void;
  format: LineFormat;
}): PartLogs {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const sizes = new Map<string, number>();

  function write(part: string, line: string): void {
    const file = join(options.directory, `${part}.log`);
    const bytes = Buffer.byteLength(line) + 1;
    let size = sizes.get(part) ?? statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size + bytes > MAX_FILE_BYTES && size > 0) {
      renameSync(file, `${file}.1`);
      size = 0;
    }
    // A disk that is full must not end the supervisor: the line is still shown.
    try {
      appendFileSync(file, `${line}\n`, { mode: 0o600 });
      sizes.set(part, size + bytes);
    } catch (error) {
      options.show(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
    }
    const shown = terminalLine(part, line, options.format);
    if (shown !== null) options.show(shown);
  }

  return {
    write,
    say: (level, message) =>
      write("supervisor", JSON.stringify({ level: levels[level], time: Date.now(), name: "supervisor", msg: message })),
  };
}

export type LineFormat = { verbose: boolean; json: boolean; colour: boolean };

/** Fields that say nothing to a person who reads the line. */
const QUIET_FIELDS = new Set(["level", "time", "pid", "hostname", "name", "msg", "err"]);

/** Pure: the line as the terminal shows it, or null when it stays in the file. */
export function terminalLine(part: string, line: string, format: LineFormat): string | null {
  const entry = parseEntry(line);
  if (!entry) return unstructuredLine(part, line, format);
  if (entry.level < WARNING && !format.verbose) return null;
  if (format.json) return line;
  const time = new Date(entry.time).toTimeString().slice(0, 8);
  const word = entry.level >= 50 ? "error" : entry.level >= WARNING ? "warn " : "info ";
  const colour = entry.level >= 50 ? 31 : entry.level >= WARNING ? 33 : 2;
  const fields = Object.entries(entry.fields).map(
    ([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const why = entry.error ? `: ${entry.error}` : "";
  return (
    paint(`${time} ${word} ${part.padEnd(10)} `, colour, format.colour) +
    entry.message +
    why +
    paint(fields.join(""), 2, format.colour)
  );
}

/** Plain text: Postgres's lines, and what Node prints of a crash, whose last words the supervisor tells in one line. */
function unstructuredLine(part: string, line: string, format: LineFormat): string | null {
  const alarm =
    part === "postgres" && /\b(FATAL|PANIC):/.test(line) && !/terminating connection|the database system is/.test(line);
  if (!alarm && !format.verbose) return null;
  if (format.json) return JSON.stringify({ level: alarm ? WARNING : levels.info, name: part, msg: line });
  return paint(`${part}: `, 2, format.colour) + line;
}

type Entry = { level: number; time: number; message: string; error: string | null; fields: Record<string, unknown> };

function parseEntry(line: string): Entry | null {
  if (!line.startsWith("{")) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return null; // Looks like JSON and is not: shown as it is.
  }
  if (typeof parsed !== "object" || parsed === null || !("level" in parsed) || typeof parsed.level !== "number")
    return null;
  const record = parsed as Record<string, unknown>; // Every object is one; values are looked at before use.
  const error = record.err;
  const errorText = typeof error === "object" && error !== null && "message" in error ? String(error.message) : null;
  const fields = Object.fromEntries(Object.entries(record).filter(([name]) => !QUIET_FIELDS.has(name)));
  return {
    level: parsed.level,
    time: Number(record.time ?? 0),
    message: String(record.msg ?? ""),
    error: errorText,
    fields,
  };
}

function paint(text: string, code: number, colour: boolean): string {
  return colour && text ? `\u001b[${code}m${text}\u001b[0m` : text;
}
