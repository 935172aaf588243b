// The platform's side of a sandbox's tree: streams of entries, contents and parts. What comes is checked, each entry for itself.
import { request as httpRequest, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { PlatformError } from "../lib/errors.ts";
import { FrameParser } from "../runner/frames.ts";
import { BadRequest, IDENTITY_HEADER } from "../runner/protocol.ts";
import {
  encodeTreePart,
  parseTreeEntry,
  parseTreeHash,
  parseTreeRead,
  parseTreeWritten,
} from "../runner/tree-protocol.ts";
import { lines } from "./lines.ts";
import type { RunnerAddress } from "./runner-client.ts";
import type { TreeEntry, TreeHash, TreePart, TreeRead, TreeWritten } from "./sandbox.ts";

/** How these streams reach a runner; `whileWatched` ends work with `sandbox_gone` when it is silent. */
export type TreeLink = {
  address: RunnerAddress;
  gone: (cause: unknown) => PlatformError;
  whileWatched: (work: (signal: AbortSignal) => Promise<void>) => Promise<void>;
  /** For tests: instead of `QUIET_MS`. */
  quietMs?: number | undefined;
};
type Options = { signal?: AbortSignal } | undefined;

const MAX_LINE_BYTES = 64 * 1024;
/** So long nothing may come, however lively the runner is otherwise: it lists, reads and writes without such pauses. */
const QUIET_MS = 5 * 60_000;
/** Of a file that is hashed nothing comes until its end. */
const QUIET_HASH_MS = 30 * 60_000;
const BATCH_BYTES = 64 * 1024;
const LARGE_BYTES = 16 * 1024;

export function listTree(link: TreeLink, options: Options): AsyncIterable<TreeEntry> {
  return exchange(link, { method: "GET", path: "/tree", body: null, options }, async function* (response) {
    for await (const line of lines(response, MAX_LINE_BYTES)) yield parseTreeEntry(line);
  });
}

export function readTree(link: TreeLink, paths: readonly string[], options: Options): AsyncIterable<TreeRead> {
  const how = { method: "POST", path: "/tree/read", body: inBatches(pathLines(paths)), options };
  return exchange(link, how, async function* (response) {
    const parser = new FrameParser();
    for await (const bytes of response)
      for (const { type, payload } of parser.push(bytes)) yield parseTreeRead(type, payload);
  });
}

export function hashTree(link: TreeLink, paths: readonly string[], options: Options): AsyncIterable<TreeHash> {
  const body = inBatches(pathLines(paths));
  const how = { method: "POST", path: "/tree/hash", body, options, quietMs: QUIET_HASH_MS };
  return exchange(link, how, async function* (response) {
    for await (const line of lines(response, MAX_LINE_BYTES)) yield parseTreeHash(line);
  });
}

function* pathLines(paths: readonly string[]): Generator<Buffer> {
  for (const path of paths) yield Buffer.from(`${JSON.stringify(path)}\n`);
}

export function writeTree(
  link: TreeLink,
  parts: AsyncIterable<TreePart>,
  options: Options,
): AsyncIterable<TreeWritten> {
  async function* body(): AsyncGenerator<Uint8Array> {
    for await (const part of parts) yield* encodeTreePart(part);
  }
  const how = { method: "POST", path: "/tree/write", body: inBatches(body()), options };
  return exchange(link, how, async function* (response) {
    for await (const line of lines(response, MAX_LINE_BYTES)) yield parseTreeWritten(line);
  });
}

/** Small pieces are sent together, large ones as they are. */
async function* inBatches(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    const large = piece.length >= LARGE_BYTES;
    if (!large) {
      batch.push(piece);
      bytes += piece.length;
    }
    if (bytes > 0 && (large || bytes >= BATCH_BYTES)) {
      yield Buffer.concat(batch);
      batch = [];
      bytes = 0;
    }
    if (large) yield piece;
  }
  if (bytes > 0) yield Buffer.concat(batch);
}

type Exchange = {
  method: string;
  path: string;
  body: AsyncGenerator<Uint8Array> | null;
  options: Options;
  quietMs?: number;
};

/** A request whose body goes while its answer comes. Ends both however it ends. */
async function* exchange<T>(
  link: TreeLink,
  { method, path, body, options, quietMs = QUIET_MS }: Exchange,
  parse: (response: AsyncIterable<Buffer>) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const over = new AbortController();
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const watching = link.whileWatched((silent) => {
    silent.addEventListener("abort", () => over.abort(silent.reason), { once: true });
    return finished;
  });
  // Its reason is what the stream ends with.
  watching.catch(() => undefined);
  const signal = options?.signal ? AbortSignal.any([options.signal, over.signal]) : over.signal;
  /** What the caller's own parts threw. */
  const failures: unknown[] = [];
  const quiet = createQuiet(link.quietMs ?? quietMs, () => {
    over.abort(new PlatformError("sandbox_gone", `the sandbox ${link.address.name} says nothing more of its files`));
  });
  async function* noted(pieces: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of pieces) {
        quiet.goesOn();
        yield piece;
      }
    } catch (error) {
      failures.push(error);
      throw error;
    }
  }
  try {
    signal.throwIfAborted();
    const { response, sent } = await send(link, { method, path, body: body && noted(body), signal });
    sent.catch(() => response.destroy());
    await refuseUnlessOk(response);
    yield* parse(quiet.watch(response));
    await sent;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (failures.length > 0) throw failures[0];
    if (error instanceof PlatformError) throw error;
    if (error instanceof BadRequest || error instanceof SyntaxError)
      throw new PlatformError("sandbox_unavailable", `the sandbox told nonsense of its files: ${error.message}`, {
        cause: error,
      });
    throw isBroken(error) ? link.gone(error) : error;
  } finally {
    quiet.end();
    over.abort(new Error("nobody listens any more"));
    finish();
  }
}

/** Tells when nothing has come for too long, while something is waited for: whoever takes what came may do so at leisure. */
function createQuiet(quietMs: number, onQuiet: () => void) {
  let timer = setTimeout(onQuiet, quietMs);
  let waits = true;
  function wait(): void {
    clearTimeout(timer);
    waits = true;
    timer = setTimeout(onQuiet, quietMs);
  }
  function end(): void {
    clearTimeout(timer);
    waits = false;
  }
  return {
    end,
    /** Something was sent, which takes its time, too. */
    goesOn: () => void (waits && wait()),
    async *watch(response: IncomingMessage): AsyncGenerator<Buffer> {
      for await (const piece of response as AsyncIterable<Buffer>) {
        end();
        yield piece;
        wait();
      }
    },
  };
}

/** The connection ended; anything else is our own caller's error. */
function isBroken(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}

function send(
  { address, gone }: TreeLink,
  { method, path, body, signal }: Omit<Exchange, "options" | "quietMs"> & { signal: AbortSignal },
): Promise<{ response: IncomingMessage; sent: Promise<void> }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${address.token}`, host: "runner" };
    const request = httpRequest({ socketPath: address.socketPath, method, path, agent: false, headers, signal });
    const sent = body
      ? pipeline(Readable.from(body, { objectMode: false, highWaterMark: 4 * BATCH_BYTES }), request)
      : Promise.resolve();
    request.once("response", (response) => {
      if (response.headers[IDENTITY_HEADER] === address.identity) return resolve({ response, sent });
      response.destroy();
      reject(gone(new Error("another sandbox answers under its name")));
    });
    request.once("error", reject);
    // It can end without either, as when it becomes another protocol.
    request.once("close", () => reject(gone(new Error("it ended without an answer"))));
    sent.catch(reject);
    if (!body) request.end();
  });
}

async function refuseUnlessOk(response: IncomingMessage): Promise<void> {
  if (response.statusCode === 200) return;
  let text = "";
  for await (const piece of response) if (text.length < MAX_LINE_BYTES) text += piece;
  throw new PlatformError("sandbox_unavailable", `the runner answered ${response.statusCode}: ${text.slice(0, 500)}`);
}
