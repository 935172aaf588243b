// The platform's requests about the whole tree: streams in both directions, with as much memory as a few pieces take.
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { childEnv } from "../lib/child-env.ts";
import { FrameParser } from "./frames.ts";
import { TreeHasher } from "./hash-tree.ts";
import { listTree } from "./list-tree.ts";
import { BadRequest } from "./protocol.ts";
import { readTreeFile } from "./read-tree.ts";
import { TreePlace, type TreeRoots } from "./tree-place.ts";
import { MAX_PATH_BYTES, parseTreePart } from "./tree-protocol.ts";
import { TreeWriter } from "./write-tree.ts";

/** Small pieces are sent together. */
const BATCH_BYTES = 128 * 1024;
/** How long others wait for a turn at most. */
const SLICE_MS = 8;

/** Sends pieces as fast as the platform takes them, and lets others in between. */
class Outlet {
  readonly #response: ServerResponse;
  readonly #gone = new AbortController();
  #batch: Buffer[] = [];
  #bytes = 0;
  #since = performance.now();

  constructor(response: ServerResponse, contentType: string) {
    this.#response = response;
    response.once("close", () => this.#gone.abort());
    response.writeHead(200, { "content-type": contentType });
  }

  /** False when nobody listens any more. */
  async push(piece: Buffer): Promise<boolean> {
    if (piece.length > 0) this.#batch.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes >= BATCH_BYTES) await this.flush();
    if (performance.now() - this.#since > SLICE_MS) {
      await nextTurn();
      this.#since = performance.now();
    }
    return !this.#gone.signal.aborted;
  }

  async flush(): Promise<void> {
    const { signal } = this.#gone;
    if (this.#bytes === 0 || signal.aborted) return;
    const bytes = this.#batch.length === 1 && this.#batch[0] ? this.#batch[0] : Buffer.concat(this.#batch);
    this.#batch = [];
    this.#bytes = 0;
    if (!this.#response.write(bytes)) await once(this.#response, "drain", { signal }).catch(() => undefined);
  }

  async end(): Promise<void> {
    await this.flush();
    this.#response.end();
  }
}

const line = (value: object) => Buffer.from(`${JSON.stringify(value)}\n`);

export async function sendTree(roots: TreeRoots, response: ServerResponse): Promise<void> {
  const outlet = new Outlet(response, "application/x-ndjson");
  for (const entry of listTree(roots)) if (!(await outlet.push(line(entry)))) return;
  await outlet.end();
}

/** The body names one path a line, as JSON. */
export async function sendTreeFiles(
  roots: TreeRoots,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const outlet = new Outlet(response, "application/octet-stream");
  const place = new TreePlace(roots);
  try {
    for await (const texts of linesOf(request)) {
      for (const text of texts)
        for (const frame of readTreeFile(place, parsePath(text))) if (!(await outlet.push(frame))) return;
      // Whoever waits for one file before naming the next gets it.
      await outlet.flush();
    }
    await outlet.end();
  } finally {
    place.close();
  }
}

/** The body is that of `sendTreeFiles`. */
export async function sendTreeHashes(
  roots: TreeRoots,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const outlet = new Outlet(response, "application/x-ndjson");
  const hasher = new TreeHasher(roots);
  try {
    for await (const texts of linesOf(request)) {
      for (const text of texts)
        for (const hashed of hasher.hash(parsePath(text)))
          if (!(await outlet.push(hashed ? line(hashed) : Buffer.alloc(0)))) return;
      await outlet.flush();
    }
    await outlet.end();
  } finally {
    hasher.close();
  }
}

export async function takeTree(roots: TreeRoots, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const outlet = new Outlet(response, "application/x-ndjson");
  const writer = new TreeWriter(roots);
  try {
    const parser = new FrameParser();
    for await (const bytes of request as AsyncIterable<Buffer>) {
      for (const { type, payload } of parser.push(bytes)) {
        const written = writer.apply(parseTreePart(type, payload));
        if (written) await outlet.push(line(written));
      }
    }
    writer.close();
    // What was told to be written is on the disk, whatever becomes of the machine.
    await syncDisk(roots.workspaceDir);
    await outlet.end();
  } finally {
    writer.close();
  }
}

function syncDisk(directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("/bin/sync", ["--file-system", directory], { env: childEnv({}), stdio: "ignore" });
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`sync ended with ${code}`))));
  });
}

function parsePath(text: string): string {
  const path: unknown = JSON.parse(text);
  return typeof path === "string" ? path : "";
}

/** The lines that came together. */
async function* linesOf(request: IncomingMessage): AsyncGenerator<string[]> {
  let rest = "";
  for await (const bytes of request as AsyncIterable<Buffer>) {
    const texts = (rest + bytes.toString("latin1")).split("\n");
    rest = texts.pop() ?? "";
    if (rest.length > 8 * MAX_PATH_BYTES) throw new BadRequest("a line of the request is too long");
    // A line is JSON, and that is UTF-8.
    yield texts.map((text) => Buffer.from(text, "latin1").toString("utf8"));
  }
}
