// The platform's side of a runner's wire: a sandbox of any backend, once its runner can be reached by a socket.
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { messageOf, PlatformError } from "../lib/errors.ts";
import { IDENTITY_HEADER, parseDirectory, parseHealth, parseLine, type WireHealth } from "../runner/protocol.ts";
import type { DirectoryEntry, Operation, OperationResult, OutputChunk, Sandbox } from "./sandbox.ts";

export type RunnerAddress = { name: string; identity: string; token: string; socketPath: string };

/** A sandbox's runner: the port, and what only the backend asks. */
export type RunnerClient = Sandbox & {
  health(signal?: AbortSignal): Promise<WireHealth>;
  /** Replaces the configured variables; processes that start from now on have them. */
  setEnv(env: Readonly<Record<string, string>>): Promise<void>;
  close(): void;
};

/** Lines of an operation's answer are pieces of 64 KB or a result with an image; more is no runner of ours. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_FILE_BYTES = 512 * 1024 * 1024;

type Ask = { method: string; path: string; body?: Uint8Array | string; signal?: AbortSignal | undefined };

export function openRunner(address: RunnerAddress): RunnerClient {
  const agent = new Agent({ keepAlive: true });
  const gone = (cause: unknown) =>
    new PlatformError("sandbox_gone", `the sandbox ${address.name} is not running: ${messageOf(cause)}`, { cause });

  function ask({ method, path, body, signal }: Ask): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${address.token}`,
        host: "runner",
        ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
      };
      const options = { socketPath: address.socketPath, method, path, agent, headers, ...(signal ? { signal } : {}) };
      const request = httpRequest(options, (response) => {
        const identity = response.headers[IDENTITY_HEADER];
        if (identity === address.identity) return resolve(response);
        response.destroy();
        reject(gone(new Error("another sandbox answers under its name")));
      });
      request.once("error", (error) => reject(signal?.aborted ? signal.reason : gone(error)));
      request.end(body);
    });
  }

  async function collect(response: IncomingMessage, limit: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let total = 0;
    try {
      for await (const piece of response) {
        total += piece.length;
        if (total > limit) throw new PlatformError("request_too_large", `the sandbox sent more than ${limit} bytes`);
        pieces.push(piece);
      }
    } catch (error) {
      throw error instanceof PlatformError ? error : gone(error);
    }
    return Buffer.concat(pieces);
  }

  /** The answer as parsed JSON; refusals become errors. */
  async function askJson(question: Ask): Promise<unknown> {
    const response = await ask(question);
    const bytes = await collect(response, MAX_ANSWER_BYTES);
    refuseUnlessOk(response, bytes);
    return JSON.parse(bytes.toString("utf8"));
  }

  function refuseUnlessOk(response: IncomingMessage, body: Buffer): void {
    if (response.statusCode === 200) return;
    const message = errorText(body) ?? `the runner answered ${response.statusCode}`;
    if (response.statusCode === 404) throw new PlatformError("not_found", message);
    throw new PlatformError(response.statusCode === 400 ? "invalid_request" : "sandbox_unavailable", message);
  }

  async function runOperation(
    id: string,
    operation: Operation,
    options: { signal?: AbortSignal; onOutput?: (chunk: OutputChunk) => void; outputFrom?: number } = {},
  ): Promise<OperationResult> {
    const { signal, onOutput, outputFrom = 0 } = options;
    const query = onOutput ? `?output_from=${outputFrom}` : "";
    const path = `/operations/${encodeURIComponent(id)}${query}`;
    const response = await ask({ method: "POST", path, body: JSON.stringify(operation), signal });
    if (response.statusCode !== 200) refuseUnlessOk(response, await collect(response, MAX_ANSWER_BYTES));
    try {
      for await (const text of lines(response)) {
        const line = parseLine(text);
        if ("result" in line) return line.result;
        onOutput?.(line.output);
      }
    } catch (error) {
      throw signal?.aborted ? signal.reason : gone(error);
    }
    throw gone(new Error("it ended before the operation did"));
  }

  const withPath = (room: string, path: string) => `/${room}?path=${encodeURIComponent(path)}`;

  return {
    name: address.name,
    identity: address.identity,
    runOperation,
    async cancelOperation(id) {
      await askJson({ method: "POST", path: `/operations/${encodeURIComponent(id)}/cancel` });
    },
    async readFile(path) {
      const response = await ask({ method: "GET", path: withPath("files", path) });
      const bytes = await collect(response, MAX_FILE_BYTES);
      if (response.statusCode === 404) return null;
      refuseUnlessOk(response, bytes);
      return bytes;
    },
    async writeFile(path, content) {
      await askJson({ method: "PUT", path: withPath("files", path), body: content });
    },
    async listDirectory(path): Promise<DirectoryEntry[]> {
      return parseDirectory(await askJson({ method: "GET", path: withPath("directories", path) }));
    },
    async archive() {
      const response = await ask({ method: "GET", path: "/archive" });
      if (response.statusCode !== 200) refuseUnlessOk(response, await collect(response, MAX_ANSWER_BYTES));
      // Node types its web streams apart from the global ones, which they are.
      return Readable.toWeb(response) as ReadableStream<Uint8Array>;
    },
    async health(signal) {
      return parseHealth(await askJson({ method: "GET", path: "/health", signal }));
    },
    async setEnv(env) {
      await askJson({ method: "PUT", path: "/env", body: JSON.stringify(env) });
    },
    close: () => agent.destroy(),
  };
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

async function* lines(response: IncomingMessage): AsyncGenerator<string> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = piece.indexOf(0x0a); end >= 0; end = piece.indexOf(0x0a, start)) {
      held.push(piece.subarray(start, end));
      yield Buffer.concat(held).toString("utf8");
      held = [];
      heldBytes = 0;
      start = end + 1;
    }
    held.push(piece.subarray(start));
    heldBytes += piece.length - start;
    if (heldBytes > MAX_LINE_BYTES) throw new Error("a line of the answer is too long");
  }
}
