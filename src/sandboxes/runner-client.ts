// The platform's side of a runner's wire: a sandbox of any backend, once its runner can be reached by a socket.
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { PlatformError } from "../lib/errors.ts";
import { holdsMoreValues } from "../lib/json-values.ts";
import {
  BadRequest,
  DEFAULT_TIMEOUT_MS,
  IDENTITY_HEADER,
  MAX_TIMEOUT_MS,
  parseDirectory,
  parseHealth,
  parseLine,
  parsePorts,
  type WireHealth,
} from "../runner/protocol.ts";
import { lines } from "./lines.ts";
import { openChannel, openConnection } from "./runner-channel.ts";
import { hashTree, listTree, readTree, type TreeLink, writeTree } from "./runner-tree.ts";
import { DEFAULT_PATIENCE, type Patience, watched } from "./runner-watch.ts";
import type { DirectoryEntry, Operation, OperationResult, OutputChunk, Sandbox } from "./sandbox.ts";

export type RunnerAddress = { name: string; identity: string; token: string; socketPath: string };

/** A sandbox's runner: what of the port it answers itself, and what only the backend asks. */
export type RunnerClient = Omit<Sandbox, "end"> & {
  health(signal?: AbortSignal): Promise<WireHealth>;
  /** Replaces the configured variables; processes that start from now on have them. */
  setEnv(env: Readonly<Record<string, string>>): Promise<void>;
  close(): void;
};

/** Lines of an operation's answer are pieces of output or a result with an image of 5 MB; more is no runner of ours. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;
/** A result has a dozen names and values, however long it is. */
const MAX_LINE_VALUES = 100;
/** Shorter ones take little, whatever they hold. */
const LONG_LINE = 64 * 1024;
/** What is answered besides results, files and lists: a few words. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** Ten thousand entries with the longest names there are; each has nine names and values. */
const MAX_LIST_BYTES = 20 * 1024 * 1024;
const MAX_LIST_VALUES = 100_000;
const MAX_FILE_BYTES = 512 * 1024 * 1024;
/** What takes a moment, whatever is in the sandbox. Whoever answers only whether it lives has not done what it was asked. */
const MOMENT_MS = 60_000;
/** Tools other than `bash` have shorter timeouts of their own. */
const FILE_TOOL_MS = 300_000;
/** What an operation may take beyond its own timeout before the runner is taken for stuck. */
const GRACE_MS = 60_000;

type Ask = {
  method: string;
  path: string;
  body?: Uint8Array | string;
  signal?: AbortSignal | undefined;
  ownConnection?: boolean;
  /** Of the answer. */
  maxBytes?: number;
};

/** `momentMs`, and `quietMs` of a tree: shorter in tests. */
export function openRunner(
  address: RunnerAddress,
  options: { patience?: Patience; momentMs?: number; quietMs?: number } = {},
): RunnerClient {
  const { patience = DEFAULT_PATIENCE, momentMs = MOMENT_MS } = options;
  const agent = new Agent({ keepAlive: true });
  /** When the shell will at the latest have done what it was given: it takes one command at a time. */
  let shellFreeBy = 0;
  let outstanding = 0;
  // The cause names places on the host: it is for the log, not for the text.
  const gone = (cause: unknown) =>
    new PlatformError("sandbox_gone", `the sandbox ${address.name} is not running`, { cause });

  /** Work that ends with `sandbox_gone` when the runner does not answer any more. */
  function guarded<T>(
    work: (signal: AbortSignal) => Promise<T>,
    limits: { signal?: AbortSignal | undefined; deadlineMs?: number } = {},
  ): Promise<T> {
    return watched({ name: address.name, patience, probe: (signal) => health(signal), ...limits }, work);
  }

  /** The same for what takes a moment only. */
  function soon<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return guarded(work, { deadlineMs: momentMs });
  }

  function ask({ method, path, body, signal, ownConnection }: Ask): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${address.token}`,
        host: "runner",
        ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
      };
      const how = { agent: ownConnection ? (false as const) : agent, headers, ...(signal ? { signal } : {}) };
      const request = httpRequest({ socketPath: address.socketPath, method, path, ...how }, (response) => {
        const identity = response.headers[IDENTITY_HEADER];
        if (identity === address.identity) return resolve(response);
        response.destroy();
        reject(gone(new Error("another sandbox answers under its name")));
      });
      request.once("error", (error) => reject(signal?.aborted ? signal.reason : gone(error)));
      // It can end without either, as when it becomes another protocol.
      request.once("close", () => reject(gone(new Error("it ended without an answer"))));
      request.end(body);
    });
  }

  async function health(signal?: AbortSignal): Promise<WireHealth> {
    return parseHealth(await askJson({ method: "GET", path: "/health", signal, ownConnection: true }));
  }

  async function collect(response: IncomingMessage, limit: number, signal?: AbortSignal): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let total = 0;
    try {
      for await (const piece of response) {
        total += piece.length;
        if (total > limit) throw new PlatformError("request_too_large", `the sandbox sent more than ${limit} bytes`);
        pieces.push(piece);
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw error instanceof PlatformError ? error : gone(error);
    }
    return Buffer.concat(pieces);
  }

  /** The answer as parsed JSON; refusals become errors. */
  async function askJson(question: Ask): Promise<unknown> {
    const { signal, maxBytes = MAX_ANSWER_BYTES } = question;
    const response = await ask(question);
    const bytes = await collect(response, maxBytes, signal);
    refuseUnlessOk(response, bytes);
    return understood(() => {
      if (holdsMoreValues(bytes, MAX_LIST_VALUES)) throw new BadRequest("more names and values than it has");
      return JSON.parse(bytes.toString("utf8"));
    });
  }

  async function refusedBy(response: IncomingMessage, signal: AbortSignal): Promise<PlatformError> {
    const body = await collect(response, MAX_ANSWER_BYTES, signal);
    refuseUnlessOk(response, body);
    return new PlatformError("sandbox_unavailable", `the runner answered ${response.statusCode}`);
  }

  /** Opens what is then read as it comes; null when there is no such file. */
  async function opened(path: string, signal: AbortSignal): Promise<IncomingMessage | null> {
    const response = await ask({ method: "GET", path, signal });
    if (response.statusCode === 200) return response;
    const refusal = await refusedBy(response, signal).catch((error: unknown) => error);
    if (response.statusCode === 404) return null;
    throw refusal;
  }

  function refuseUnlessOk(response: IncomingMessage, body: Buffer): void {
    if (response.statusCode === 200) return;
    const message = errorText(body) ?? `the runner answered ${response.statusCode}`;
    if (response.statusCode === 404) throw new PlatformError("not_found", message);
    throw new PlatformError(response.statusCode === 400 ? "invalid_request" : "sandbox_unavailable", message);
  }

  /** How long an operation may take from now on, with all that the shell has to do before it. */
  function deadlineOf(operation: Operation): number {
    if (operation.kind !== "bash") return FILE_TOOL_MS + GRACE_MS;
    const now = performance.now();
    if (outstanding === 0) shellFreeBy = now;
    shellFreeBy += Math.min(operation.timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS) + GRACE_MS;
    return shellFreeBy - now;
  }

  async function runOperation(
    id: string,
    operation: Operation,
    options: { signal?: AbortSignal; onOutput?: (chunk: OutputChunk) => void; outputFrom?: number } = {},
  ): Promise<OperationResult> {
    const deadlineMs = deadlineOf(operation);
    outstanding += 1;
    try {
      return await guarded((signal) => follow(id, operation, { ...options, signal }), {
        signal: options.signal,
        deadlineMs,
      });
    } finally {
      outstanding -= 1;
    }
  }

  async function follow(
    id: string,
    operation: Operation,
    options: { signal: AbortSignal; onOutput?: (chunk: OutputChunk) => void; outputFrom?: number },
  ): Promise<OperationResult> {
    const { signal, onOutput, outputFrom = 0 } = options;
    const query = onOutput ? `?output_from=${outputFrom}` : "";
    const path = `/operations/${encodeURIComponent(id)}${query}`;
    const response = await ask({ method: "POST", path, body: JSON.stringify(operation), signal });
    if (response.statusCode !== 200) throw await refusedBy(response, signal);
    try {
      for await (const text of lines(response, MAX_LINE_BYTES)) {
        if (text.length > LONG_LINE && holdsMoreValues(Buffer.from(text), MAX_LINE_VALUES))
          throw new BadRequest("a line of the answer holds more than a result");
        const line = parseLine(text);
        if ("result" in line) return line.result;
        const { offset, base64 } = line.output;
        onOutput?.({ offset, bytes: Buffer.from(base64, "base64") });
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : gone(error);
    }
    throw gone(new Error("it ended before the operation did"));
  }

  const treeLink: TreeLink = {
    address,
    gone,
    // As long as it goes on, the runner has to give signs of life.
    whileWatched: (work) => guarded(work),
    quietMs: options.quietMs,
  };

  /** As long as it is read the runner is watched too: one that froze in the middle would keep its reader for ever. */
  function bodyOf(response: IncomingMessage): ReadableStream<Uint8Array> {
    const read = (signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        response.once("close", resolve);
        signal.addEventListener("abort", () => response.destroy(signal.reason), { once: true });
      });
    // Its reader is told by the stream itself.
    guarded(read).catch(() => undefined);
    // Node types its web streams apart from the global ones, which they are.
    return Readable.toWeb(response) as ReadableStream<Uint8Array>;
  }

  const withPath = (room: string, path: string) => `/${room}?path=${encodeURIComponent(path)}`;

  return {
    name: address.name,
    identity: address.identity,
    runOperation,
    async cancelOperation(id) {
      const path = `/operations/${encodeURIComponent(id)}/cancel`;
      await soon((signal) => askJson({ method: "POST", path, signal }));
    },
    readFile(path) {
      return guarded(
        async (signal) => {
          const response = await opened(withPath("files", path), signal);
          return response && (await collect(response, MAX_FILE_BYTES, signal));
        },
        { deadlineMs: FILE_TOOL_MS },
      );
    },
    async openFile(path) {
      const response = await soon((signal) => opened(withPath("files", path), signal));
      if (!response) return null;
      const length = response.headers["content-length"];
      // Only what has a length is held to it: more would be taken for the next answer by whoever is told this one.
      if (length === undefined) {
        response.destroy();
        throw new PlatformError("sandbox_unavailable", "the runner did not say how long the file is");
      }
      return { sizeBytes: Number(length), content: bodyOf(response) };
    },
    async writeFile(path, content) {
      const how = { method: "PUT", path: withPath("files", path), body: content };
      await guarded((signal) => askJson({ ...how, signal }), { deadlineMs: FILE_TOOL_MS });
    },
    async listDirectory(path): Promise<DirectoryEntry[]> {
      const how = { method: "GET", path: withPath("directories", path), maxBytes: MAX_LIST_BYTES };
      const entries = await soon((signal) => askJson({ ...how, signal }));
      return understood(() => parseDirectory(entries));
    },
    openTerminal(id, { columns, rows, offset }) {
      const query = new URLSearchParams({ columns: `${columns}`, rows: `${rows}`, offset: `${offset}` });
      const path = `/terminals/${encodeURIComponent(id)}?${query}`;
      return soon((signal) => openChannel(address, path, signal));
    },
    runProgram(command) {
      const path = `/programs?${new URLSearchParams({ command: JSON.stringify(command) })}`;
      return soon((signal) => openChannel(address, path, signal));
    },
    connectPort(port) {
      return soon((signal) => openConnection(address, `/ports/${port}`, signal));
    },
    async listPorts() {
      const answer = await soon((signal) =>
        askJson({ method: "GET", path: "/ports", maxBytes: MAX_LIST_BYTES, signal }),
      );
      return understood(() => parsePorts(answer));
    },
    async archive() {
      const response = await soon((signal) => opened("/archive", signal));
      if (!response) throw new PlatformError("sandbox_unavailable", "the runner makes no archives");
      return bodyOf(response);
    },
    listTree: (options) => listTree(treeLink, options),
    readTree: (paths, options) => readTree(treeLink, paths, options),
    hashTree: (paths, options) => hashTree(treeLink, paths, options),
    writeTree: (parts, options) => writeTree(treeLink, parts, options),
    async quiesce() {
      await soon((signal) => askJson({ method: "POST", path: "/quiesce", signal }));
    },
    health,
    async setEnv(env) {
      await soon((signal) => askJson({ method: "PUT", path: "/env", body: JSON.stringify(env), signal }));
    },
    close: () => agent.destroy(),
  };
}

/** What a sandbox says need not have any form. */
function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BadRequest || error instanceof SyntaxError)) throw error;
    throw new PlatformError("sandbox_unavailable", `the sandbox answered nonsense: ${error.message}`, { cause: error });
  }
}

function errorText(body: Buffer): string | null {
  try {
    // Read field by field; anything else in it is ignored.
    const { error } = JSON.parse(body.toString("utf8")) as { error?: { message?: unknown } };
    return typeof error?.message === "string" ? error.message : null;
  } catch {
    // Not JSON: the status has to do.
    return null;
  }
}
