// A runner that freezes in the middle of a file or an archive ends its reader; a reader that is slow does not end anything.
// One that an agent took over says of a file what it likes: nothing but the bytes that it announced is handed on.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { IDENTITY_HEADER } from "../runner/protocol.ts";
import { openRunner, type RunnerClient } from "./runner-client.ts";

const HALF = 64 * 1024;
let directory: string;
let frozen: boolean;
let open: ServerResponse | null;
let probes: number;
let runner: RunnerClient;

const server = () =>
  createServer((request, response) => {
    response.setHeader(IDENTITY_HEADER, "disk-1");
    if (request.url === "/health") {
      probes += 1;
      if (!frozen) response.end(JSON.stringify({ identity: "disk-1", lastUsedAt: 0, runningOperations: 0 }));
      return;
    }
    if (request.url === "/files?path=unmeasured") {
      // In chunks, as Node sends what has no length.
      response.write("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nplanted");
      response.end();
      return;
    }
    response.setHeader("content-length", 2 * HALF);
    response.write(Buffer.alloc(HALF, "a"));
    open = response;
  });

let listening: ReturnType<typeof server>;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "berth-runner-"));
  frozen = false;
  open = null;
  probes = 0;
  listening = server();
  const socketPath = join(directory, "r.sock");
  listening.listen(socketPath);
  await once(listening, "listening");
  const patience = { everyMs: 5, timeoutMs: 50, misses: 3 };
  runner = openRunner({ name: "s", identity: "disk-1", token: "t", socketPath }, { patience });
});
afterEach(() => {
  runner.close();
  listening.closeAllConnections();
  listening.close();
  rmSync(directory, { recursive: true, force: true });
});

const ways: [string, () => Promise<ReadableStream<Uint8Array>>][] = [
  ["a file", async () => (await runner.openFile("big"))?.content ?? Promise.reject(new Error("no file"))],
  ["an archive", () => runner.archive()],
];

test.each(ways)("%s whose runner froze in the middle ends with what is the matter", async (_what, start) => {
  const reader = (await start()).getReader();
  let read = 0;
  frozen = true;
  const all = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      read += value.length;
    }
  };
  await expect(all()).rejects.toMatchObject({ code: "sandbox_gone" });
  expect(read).toBe(HALF);
});

test.each(ways)("%s that is read slowly comes whole, and nobody is asked after its end", async (_what, start) => {
  const reader = (await start()).getReader();
  let read = 0;
  while (probes < 20) await sleep(1);
  open?.end(Buffer.alloc(HALF, "b"));
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    read += value.length;
  }
  expect(read).toBe(2 * HALF);
  await sleep(20);
  const after = probes;
  await sleep(60);
  expect(probes).toBe(after);
});

test("a file whose length was not said is refused: whoever asks for it is told a length first, and would take the rest for the next answer", async () => {
  await expect(runner.openFile("unmeasured")).rejects.toMatchObject({ code: "sandbox_unavailable" });
});
