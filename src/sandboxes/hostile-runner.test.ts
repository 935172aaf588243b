// A runner that an agent took over answers whatever it likes, or nothing but that it lives: nobody waits for it without end, and
// nothing that it says takes more memory than what it could truly say.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { encodeFrame } from "../runner/frames.ts";
import { IDENTITY_HEADER } from "../runner/protocol.ts";
import { FROM_TREE } from "../runner/tree-protocol.ts";
import { openRunner, type RunnerClient } from "./runner-client.ts";

const LIVES = JSON.stringify({ identity: "i", lastUsedAt: 0, runningOperations: 0 });
const MB = 1024 * 1024;
const size = { columns: 80, rows: 24 };

let directory: string;
let server: Server;
let runner: RunnerClient;

/** It always says that it lives. */
async function against(
  answer: RequestListener,
  options: { momentMs?: number; quietMs?: number } = {},
): Promise<RunnerClient> {
  directory = mkdtempSync(join(tmpdir(), "berth-hostile-"));
  const socketPath = join(directory, "s");
  server = createServer((request, response) => {
    response.setHeader(IDENTITY_HEADER, "i");
    request.resume();
    if (request.url === "/health") response.end(LIVES);
    else answer(request, response);
  });
  server.on("upgrade", (_request, socket: Duplex) => socket.on("error", () => undefined));
  server.listen(socketPath);
  await once(server, "listening");
  const patience = { everyMs: 5, timeoutMs: 1_000, misses: 3 };
  runner = openRunner({ name: "s", identity: "i", token: "t", socketPath }, { patience, ...options });
  return runner;
}

afterEach(() => {
  runner.close();
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

const calls: [string, (client: RunnerClient) => Promise<unknown>][] = [
  ["its variables", (client) => client.setEnv({ A: "1" })],
  ["the end of its processes", (client) => client.quiesce()],
  ["the end of an operation", (client) => client.cancelOperation("o")],
  ["a directory", (client) => client.listDirectory(".")],
  ["its ports", (client) => client.listPorts()],
  ["a file", (client) => client.openFile("a")],
  ["an archive", (client) => client.archive()],
];
const channels: typeof calls = [
  ["a terminal", (client) => client.openTerminal("main", { ...size, offset: 0 })],
  ["a program", (client) => client.runProgram(["true"])],
  ["a port", (client) => client.connectPort(80)],
];

test.each([...calls, ...channels])("%s: what does not come in time is not waited for", async (_what, ask) => {
  const client = await against(() => undefined, { momentMs: 50 });
  await expect(ask(client)).rejects.toMatchObject({
    code: "sandbox_gone",
    message: expect.stringContaining("in time"),
  });
});

test.each(calls)("%s: a refusal without an end is not waited for", async (_what, ask) => {
  const refuse: RequestListener = (_request, response) => void response.writeHead(500).write("{");
  const client = await against(refuse, { momentMs: 50 });
  await expect(ask(client)).rejects.toMatchObject({
    code: "sandbox_gone",
    message: expect.stringContaining("in time"),
  });
});

test.each(calls)("%s: an answer in another protocol is none", async (_what, ask) => {
  const client = await against((_request, response) => {
    response.socket?.end(`HTTP/1.1 101 Other\r\nconnection: upgrade\r\nupgrade: x\r\n${IDENTITY_HEADER}: i\r\n\r\n`);
  });
  await expect(ask(client)).rejects.toMatchObject({ code: "sandbox_gone", message: "the sandbox s is not running" });
});

test.each(calls.slice(0, 3))("%s: an answer of a megabyte is not taken", async (_what, ask) => {
  const client = await against((_request, response) => response.end(`{"a":"${"x".repeat(MB)}"}`));
  await expect(ask(client)).rejects.toMatchObject({ code: "request_too_large" });
});

test("whether it lives is told in a few words", async () => {
  await against(() => undefined);
  server.removeAllListeners("request");
  server.on("request", (_request, response) => {
    response.setHeader(IDENTITY_HEADER, "i");
    response.end(`${LIVES.slice(0, -1)},"more":"${"x".repeat(MB)}"}`);
  });
  await expect(runner.health()).rejects.toMatchObject({ code: "request_too_large" });
});

test.each(calls.slice(3, 5))("%s: a list of more than there can be is not made into one", async (_what, ask) => {
  const list = `{"entries":[],"ports":[],"more":[${"{},".repeat(2 * MB)}{}]}`;
  const client = await against((_request, response) => response.end(list));
  await expect(ask(client)).rejects.toMatchObject({
    code: "sandbox_unavailable",
    message: expect.stringContaining("nonsense"),
  });
});

test.each(calls.slice(3, 5))("%s: a list of something else is said to be nonsense", async (_what, ask) => {
  const client = await against((_request, response) => response.end('{"entries":[{}],"ports":[{}]}'));
  await expect(ask(client)).rejects.toMatchObject({
    code: "sandbox_unavailable",
    message: expect.stringContaining("nonsense"),
  });
});

const RESULT = '"result":{"outcome":"ok","content":"","durationMs":1}';
test.each([
  ["with more in it than a result has", `{${RESULT},"more":[${"{},".repeat(MB)}{}]}\n`],
  ["longer than any", `{${RESULT},"more":"${"x".repeat(12 * MB)}"}\n`],
  ["with output from nowhere", `{"output":{"offset":1.5,"base64":""}}\n{${RESULT}}\n`],
  ["with output from before the first", `{"output":{"offset":-1,"base64":""}}\n{${RESULT}}\n`],
])("a line %s ends the call, and is no result", async (_what, line) => {
  const client = await against((_request, response) => response.end(line));
  await expect(client.runOperation("o", { kind: "bash", command: "true" })).rejects.toMatchObject({
    code: "sandbox_gone",
  });
});

async function* parts(): AsyncGenerator<{ do: "directory"; path: string }> {
  yield { do: "directory", path: "workspace/a" };
}
const trees: [string, (client: RunnerClient) => AsyncIterable<unknown>][] = [
  ["listed", (client) => client.listTree()],
  ["read", (client) => client.readTree(["workspace/a"])],
  ["hashed", (client) => client.hashTree(["workspace/a"])],
  ["written", (client) => client.writeTree(parts())],
];
const SAID = {
  "/tree": '{"kind":"left_out","path":"workspace/a","why":"x"}\n',
  "/tree/hash": '{"path":"workspace/a","sha256":null,"stat":null}\n',
  "/tree/write": '{"path":"workspace/a","problem":null,"stat":null}\n',
};

test.each(trees)("a tree that is %s, of which nothing more comes, is given up", async (_what, begin) => {
  const client = await against(
    (request, response) => response.write(SAID[request.url as keyof typeof SAID] ?? encodeFrame(FROM_TREE.again)),
    { quietMs: 50 },
  );
  const taken = async () => {
    for await (const _ of begin(client));
  };
  await expect(taken()).rejects.toMatchObject({
    code: "sandbox_gone",
    message: expect.stringContaining("nothing more"),
  });
});

test("whoever takes his time with what came of a tree is not taken for a runner without an answer", async () => {
  const client = await against(
    (_request, response) => {
      response.write(SAID["/tree"]);
      setTimeout(() => response.end(SAID["/tree"]), 5);
    },
    { quietMs: 40 },
  );
  let count = 0;
  for await (const _ of client.listTree()) {
    count += 1;
    if (count === 1) await sleep(120);
  }
  expect(count).toBe(2);
});
