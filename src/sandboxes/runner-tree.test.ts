// A runner that an agent has replaced by its own program: the platform takes nothing from it that can't be.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { encodeFrame } from "../runner/frames.ts";
import { IDENTITY_HEADER } from "../runner/protocol.ts";
import { openRunner, type RunnerClient } from "./runner-client.ts";

let directory: string;
let server: Server;
let runner: RunnerClient;
afterEach(() => {
  runner.close();
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function against(answer: RequestListener): Promise<RunnerClient> {
  directory = mkdtempSync(join(tmpdir(), "berth-runner-"));
  const socketPath = join(directory, "s");
  server = createServer((request, response) => {
    response.setHeader(IDENTITY_HEADER, "i");
    request.on("error", () => undefined);
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const patience = { everyMs: 20, timeoutMs: 100, misses: 2 };
  runner = openRunner({ name: "s", identity: "i", token: "t", socketPath }, { patience });
  return runner;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const lines = (...texts: string[]) => texts.map((text) => `${text}\n`).join("");
const entry = (path: string) =>
  JSON.stringify({
    ...{ kind: "file", path, mode: 0o644, sizeBytes: 1, allocatedBytes: 0 },
    ...{ mtimeNs: "1", ctimeNs: "1", inode: "1", links: 1 },
  });

test.each([
  ["a way out", lines(entry("workspace/../../etc/passwd"))],
  ["no JSON", lines("{")],
  ["a line without end", "x".repeat(200_000)],
])("a listing with %s fails", async (_what, body) => {
  const client = await against((_request, response) => response.end(body));
  await expect(all(client.listTree())).rejects.toThrow();
});

test("a listing that is cut off fails: half a tree is none", async () => {
  const client = await against((_request, response) => {
    response.write(lines(entry("workspace/a")));
    setTimeout(() => response.destroy(), 20);
  });
  await expect(all(client.listTree())).rejects.toMatchObject({ code: "sandbox_gone" });
});

test("a frame of another kind, or of a size that is none of ours, fails", async () => {
  const client = await against((_request, response) => response.end(encodeFrame(77)));
  await expect(all(client.readTree(["workspace/a"]))).rejects.toMatchObject({ code: "sandbox_unavailable" });
});

test("one that falls silent in the middle is given up", async () => {
  const client = await against((request, response) => {
    if (request.url === "/tree") response.write(lines(entry("workspace/a")));
  });
  await expect(all(client.listTree())).rejects.toMatchObject({ code: "sandbox_gone" });
});

test("parts go on being sent only while somebody takes them", async () => {
  let asked = 0;
  async function* parts() {
    for (;;) {
      asked += 1;
      yield { do: "data" as const, bytes: Buffer.alloc(100_000) };
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const client = await against((request, response) => {
    request.pause();
    response.writeHead(200);
    response.write(lines(JSON.stringify({ path: "workspace/a", problem: null, stat: null })));
  });
  for await (const _ of client.writeTree(parts())) break;
  const sent = asked;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked - sent).toBeLessThan(30);
});
