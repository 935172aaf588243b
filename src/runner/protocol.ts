// The wire between the platform and a runner: routes, messages and their hand-written parsers (a schema library would cost memory in every sandbox).

export type WireOperation =
  | { kind: "bash"; command?: string; restart?: boolean; timeoutMs?: number }
  | { kind: "read"; filePath: string; viewRange?: [number, number] }
  | { kind: "write"; filePath: string; content: string }
  | { kind: "edit"; filePath: string; oldString: string; newString: string; replaceAll?: boolean }
  | { kind: "glob"; pattern: string; path?: string }
  | { kind: "grep"; pattern: string; path?: string };

export type WireResult = {
  outcome: "ok" | "failed" | "cancelled" | "unknown";
  content: string;
  image?: { mediaType: string; data: string };
  exitCode?: number | null;
  freshShell?: boolean;
  fullOutputPath?: string;
  durationMs: number;
};

/** One line of the answer to `POST /operations/:id`; the last line is the result. */
export type WireLine = { output: { offset: number; base64: string } } | { result: WireResult };

export type WireDirectoryEntry = {
  name: string;
  kind: "file" | "directory" | "symlink" | "other";
  sizeBytes: number;
  modifiedAt: number;
};

/** `lastUsedAt` is now while an operation runs; milliseconds since the epoch. */
export type WireHealth = { identity: string; lastUsedAt: number; runningOperations: number };

export type WireError = {
  error: { code: "invalid_request" | "not_found" | "internal" | "too_large"; message: string };
};

/** What the starter writes to the runner's standard input, as one JSON document. */
export type RunnerConfig = {
  identity: string;
  token: string;
  env: Record<string, string>;
  /** Journal and whole outputs; on the sandbox's disk, outside what an agent works in. */
  stateDir: string;
  workspaceDir: string;
  homeDir: string;
  /** Archives above this many bytes are cut off with an error. */
  maxArchiveBytes: number;
  /** Whole outputs of commands are kept up to this size each; four times as much in all. */
  maxOutputFileBytes: number;
  /** Every process that the runner can see belongs to its sandbox: it may end them all. */
  ownsProcesses: boolean;
  /** It has the addresses and ports of the relay to itself, and the egress broker's socket may be there. */
  relaysEgress: boolean;
};

/** The header in which every answer says whose it is. */
export const IDENTITY_HEADER = "x-berth-sandbox";
/** Where the native half of the pty library lies in a sandbox. */
export const PTY_FILE = "/opt/berth/pty.node";
/** Where a sandbox has what the egress broker gives it: a socket, and the certificate that programs are to trust. */
export const EGRESS_DIR = "/run/berth";
/** The broker's own: of all that a sandbox mounts it writes here only. */
export const BROKER_DIR = "broker";
export const BROKER_SOCKET = `${BROKER_DIR}/socket`;
export const CERTIFICATES_FILE = "ca-certificates.crt";
/** The same, as Java reads it. */
export const JAVA_CERTIFICATES_FILE = "java-cacerts";
/** What every host's name leads to inside: an address of nobody's, where the relay listens. */
export const RELAY_ADDRESS = "198.18.0.1";
/** The descriptor of the listening socket that the starter opened for the runner. */
export const LISTEN_FD = 3;
/** How long a command may take when it does not say, and whatever it says. */
/** Where programs are looked for, without a setting of it. */
export const SANDBOX_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/berth/bin";

export const DEFAULT_TIMEOUT_MS = 120_000;
export const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000;
/** Request bodies of operations: the API's own body limit and some room for JSON. */
export const MAX_OPERATION_BYTES = 40 * 1024 * 1024;

/** The request is wrong and will stay so; the message names the field. */
export class BadRequest extends Error {}

function fieldsOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new BadRequest(`${what}: not an object`);
  // Any non-null, non-array object can be read by string keys; each field is checked where it is used.
  return value as Record<string, unknown>;
}

function text(fields: Record<string, unknown>, key: string): string {
  const value = fields[key];
  if (typeof value !== "string") throw new BadRequest(`${key}: not a string`);
  return value;
}

function optional<T>(fields: Record<string, unknown>, key: string, parse: (value: unknown) => T | null): T | undefined {
  const value = fields[key];
  if (value === undefined) return undefined;
  const parsed = parse(value);
  if (parsed === null) throw new BadRequest(`${key}: wrong type`);
  return parsed;
}

const asText = (value: unknown) => (typeof value === "string" ? value : null);
const asFlag = (value: unknown) => (typeof value === "boolean" ? value : null);
const asNumber = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : null);

function asRange(value: unknown): [number, number] | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [start, end] = value.map(asNumber);
  return typeof start === "number" && typeof end === "number" ? [start, end] : null;
}

/** Drops keys whose value is undefined, so that optional fields stay absent. */
function present<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  // Only keys that hold `undefined`, which are the optional ones, are left out.
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}

type OperationOf<K extends WireOperation["kind"]> = Extract<WireOperation, { kind: K }>;

export function parseOperation(value: unknown): WireOperation {
  const fields = fieldsOf(value, "operation");
  switch (fields.kind) {
    case "bash":
      return present<OperationOf<"bash">>({
        kind: "bash",
        command: optional(fields, "command", asText),
        restart: optional(fields, "restart", asFlag),
        timeoutMs: optional(fields, "timeoutMs", asNumber),
      });
    case "read":
      return present<OperationOf<"read">>({
        kind: "read",
        filePath: text(fields, "filePath"),
        viewRange: optional(fields, "viewRange", asRange),
      });
    case "write":
      return { kind: "write", filePath: text(fields, "filePath"), content: text(fields, "content") };
    case "edit":
      return present<OperationOf<"edit">>({
        kind: "edit",
        filePath: text(fields, "filePath"),
        oldString: text(fields, "oldString"),
        newString: text(fields, "newString"),
        replaceAll: optional(fields, "replaceAll", asFlag),
      });
    case "glob":
    case "grep":
      return present<OperationOf<"glob"> | OperationOf<"grep">>({
        kind: fields.kind,
        pattern: text(fields, "pattern"),
        path: optional(fields, "path", asText),
      });
    default:
      throw new BadRequest(`kind: unknown operation ${JSON.stringify(fields.kind)}`);
  }
}

const OUTCOMES = ["ok", "failed", "cancelled", "unknown"] as const;

/** Parses a result that a runner sent or wrote down; what is inside a sandbox is not trusted to have the right shape. */
export function parseResult(value: unknown): WireResult {
  const fields = fieldsOf(value, "result");
  const outcome = OUTCOMES.find((known) => known === fields.outcome);
  if (!outcome) throw new BadRequest("outcome: unknown");
  const durationMs = asNumber(fields.durationMs);
  if (durationMs === null) throw new BadRequest("durationMs: not a number");
  const image = optional(fields, "image", (raw) => {
    const parts = fieldsOf(raw, "image");
    return { mediaType: text(parts, "mediaType"), data: text(parts, "data") };
  });
  const exitCode = fields.exitCode === null ? null : optional(fields, "exitCode", asNumber);
  const freshShell = optional(fields, "freshShell", asFlag);
  const fullOutputPath = optional(fields, "fullOutputPath", asText);
  return present<WireResult>({
    outcome,
    content: text(fields, "content"),
    image,
    exitCode,
    freshShell,
    fullOutputPath,
    durationMs,
  });
}

export function parseLine(line: string): WireLine {
  const fields = fieldsOf(JSON.parse(line), "line");
  if (fields.result !== undefined) return { result: parseResult(fields.result) };
  const output = fieldsOf(fields.output, "output");
  const offset = asNumber(output.offset);
  if (offset === null || !Number.isSafeInteger(offset) || offset < 0)
    throw new BadRequest("offset: no place in an output");
  return { output: { offset, base64: text(output, "base64") } };
}

export function parseHealth(value: unknown): WireHealth {
  const fields = fieldsOf(value, "health");
  const lastUsedAt = asNumber(fields.lastUsedAt);
  const runningOperations = asNumber(fields.runningOperations);
  if (lastUsedAt === null || runningOperations === null) throw new BadRequest("health: wrong shape");
  return { identity: text(fields, "identity"), lastUsedAt, runningOperations };
}

export function parseDirectory(value: unknown): WireDirectoryEntry[] {
  const { entries } = fieldsOf(value, "directory");
  if (!Array.isArray(entries)) throw new BadRequest("entries: not a list");
  return entries.map((raw) => {
    const fields = fieldsOf(raw, "entry");
    const kind = (["file", "directory", "symlink", "other"] as const).find((known) => known === fields.kind);
    const sizeBytes = asNumber(fields.sizeBytes);
    const modifiedAt = asNumber(fields.modifiedAt);
    if (!kind || sizeBytes === null || modifiedAt === null) throw new BadRequest("entry: wrong shape");
    return { name: text(fields, "name"), kind, sizeBytes, modifiedAt };
  });
}

/** A port on which something listens; `program`: by its process's name, which it chooses itself. */
export type WirePort = { port: number; program: string | null };

export function parsePorts(value: unknown): WirePort[] {
  const { ports } = fieldsOf(value, "ports");
  if (!Array.isArray(ports)) throw new BadRequest("ports: not a list");
  return ports.map((raw) => {
    const fields = fieldsOf(raw, "port");
    const port = asNumber(fields.port);
    if (port === null || !Number.isInteger(port) || port < 1 || port > 65_535) throw new BadRequest("port: wrong");
    return { port, program: asText(fields.program) };
  });
}

/** Environment variables: names as POSIX has them, values without NUL. */
export function parseEnv(value: unknown): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, content] of Object.entries(fieldsOf(value, "env"))) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new BadRequest(`env: bad name ${JSON.stringify(name)}`);
    if (typeof content !== "string" || content.includes("\0")) throw new BadRequest(`env: bad value of ${name}`);
    env[name] = content;
  }
  return env;
}

export function parseRunnerConfig(value: unknown): RunnerConfig {
  const fields = fieldsOf(value, "config");
  const maxArchiveBytes = asNumber(fields.maxArchiveBytes);
  const maxOutputFileBytes = asNumber(fields.maxOutputFileBytes);
  if (maxArchiveBytes === null || maxOutputFileBytes === null) throw new BadRequest("config: a limit is not a number");
  return {
    identity: text(fields, "identity"),
    token: text(fields, "token"),
    env: parseEnv(fields.env),
    stateDir: text(fields, "stateDir"),
    workspaceDir: text(fields, "workspaceDir"),
    homeDir: text(fields, "homeDir"),
    maxArchiveBytes,
    maxOutputFileBytes,
    ownsProcesses: optional(fields, "ownsProcesses", asFlag) ?? false,
    relaysEgress: optional(fields, "relaysEgress", asFlag) ?? false,
  };
}

/** A program and its arguments, as JSON text. */
export function parseCommand(json: string | null): string[] {
  let value: unknown;
  try {
    value = JSON.parse(json ?? "");
  } catch {
    throw new BadRequest("command: not JSON");
  }
  if (!Array.isArray(value) || value.length === 0 || value.some((part) => typeof part !== "string"))
    throw new BadRequest("command: not a list of texts");
  return value;
}
