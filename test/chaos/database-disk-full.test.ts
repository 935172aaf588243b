// The database's disk fills up: writes are refused with word when to come back, reads go on for as long as Postgres does, and with room all goes on by itself.
import { randomBytes, randomUUID } from "node:crypto";
import { closeSync, mkdirSync, mkdtempSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { findEmbeddedPostgresUrl, startEmbeddedPostgres } from "../../src/db/embedded/embedded-postgres.ts";
import { runCommand } from "../../src/sandboxes/local/run-command.ts";
import { startScriptedProvider } from "../support/scripted-provider.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";
import { request, type Server } from "./patient-client.ts";

const DISK_MB = 256;
const noMount = process.platform === "linux" && process.getuid?.() === 0 ? null : "it mounts a disk, as root on Linux";
if (noMount) {
  if (process.env.REQUIRE_SANDBOX === "1") throw new Error(`REQUIRE_SANDBOX=1, but ${noMount}`);
  console.warn(`SKIPPED: a full database disk is not tested, ${noMount}`);
}

const dataDir = mkdtempSync(join(tmpdir(), "berth-full-"));
const disk = join(dataDir, "postgres");
const ballast = join(disk, "ballast");
let provider: Awaited<ReturnType<typeof startScriptedProvider>>;
let system: System;
let server: Server;
let agent: string;

beforeAll(async () => {
  if (noMount) return;
  await moveDatabaseToSmallDisk();
  provider = await startScriptedProvider();
  const env = { LITELLM_GATEWAY_URL: provider.url, LITELLM_API_KEY: "sk-test", BERTH_SANDBOX_WARM: "0" };
  system = await startSystem({ env, dataDir });
  server = { url: system.url, apiKey: system.apiKey };
  ({ id: agent } = await request<{ id: string }>(server, "POST", "/v1/agents", { name: "Ada", model: "scripted" }));
});
afterAll(async () => {
  if (noMount) return;
  provider.release();
  await system.stop();
  await runCommand("umount", [disk]);
  await system.dispose();
  await provider.stop();
});
beforeEach(() => {
  if (noMount) return;
  provider.reset();
});

/** A database that was made elsewhere, on a disk of memory that is its own. */
async function moveDatabaseToSmallDisk(): Promise<void> {
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false });
  await postgres.stop();
  const { uid, gid } = statSync(disk);
  const made = `${disk}-made`;
  renameSync(disk, made);
  mkdirSync(disk);
  const options = `size=${DISK_MB}m,mode=0700,uid=${uid},gid=${gid}`;
  await runCommand("mount", ["-t", "tmpfs", "-o", options, "small-disk", disk]);
  await runCommand("cp", ["-a", `${made}/.`, disk]);
  rmSync(made, { recursive: true });
}

/** To the last block. */
function fillDisk(): void {
  const file = openSync(ballast, "w");
  const block = Buffer.alloc(4_096);
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  } finally {
    closeSync(file);
  }
}

/** What Postgres cannot make smaller. */
const noise = (bytes: number) => randomBytes(bytes / 2).toString("hex");

async function ask(method: string, path: string, body?: object, key: string = randomUUID()): Promise<Response> {
  return fetch(server.url + path, {
    method,
    headers: { "x-api-key": server.apiKey, ...(method === "POST" ? { "idempotency-key": key } : {}) },
    // Longer than anybody should be kept waiting.
    signal: AbortSignal.timeout(20_000),
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

async function expectComeBack(response: Response): Promise<void> {
  const text = await response.text();
  expect(response.status, text).toBe(503);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(JSON.parse(text)).toMatchObject({ type: "error", error: { message: expect.stringMatching(/away or busy/) } });
}

const message = (text: string) => ({ events: [{ type: "user.message", content: [{ type: "text", text }] }] });

async function newSession(): Promise<string> {
  return (await request<{ id: string }>(server, "POST", "/v1/sessions", { agent })).id;
}

/** One whose model is in the middle of an answer that is too large for what is left of the disk. */
async function startRunningSession(): Promise<{ id: string; answer: string }> {
  const id = await newSession();
  const answer = noise(400_000);
  // Also if it is asked again after the fault.
  const again = [1, 2].map(() => ({ text: answer, hold: true }));
  provider.script(again, ({ messages }) => JSON.stringify(messages).includes("Answer at length"));
  await request(server, "POST", `/v1/sessions/${id}/events`, message("Answer at length"));
  await provider.held();
  return { id, answer };
}

type Listed = { data: { type: string; content?: { text: string }[] }[] };
const listed = (id: string) => request<Listed>(server, "GET", `/v1/sessions/${id}/events?limit=200`);
const status = async (id: string) => (await request<{ status: string }>(server, "GET", `/v1/sessions/${id}`)).status;

async function expectAllOfIt({ id, answer }: { id: string; answer: string }): Promise<void> {
  await until(async () => (await status(id)) === "idle", { timeoutMs: 60_000, intervalMs: 100 });
  const { data } = await listed(id);
  const answers = data.filter(({ type }) => type === "agent.message").map(({ content }) => content?.[0]?.text);
  expect(answers.map((text) => text === answer)).toEqual([true]);
  expect(data.filter(({ type }) => type === "session.error")).toEqual([]);
}

test.skipIf(noMount)(
  "full: changes are answered 503, reads are served, and with room again all is made up for",
  async () => {
    const running = await startRunningSession();
    const session = await newSession();
    const sent: { text: string; key: string; ok: boolean }[] = [];
    fillDisk();
    // What was reserved is used up first.
    await until(
      async () => {
        const one = { text: noise(200_000), key: randomUUID(), ok: false };
        const response = await ask("POST", `/v1/sessions/${session}/events`, message(one.text), one.key);
        one.ok = response.status === 200;
        if (!one.ok) await expectComeBack(response);
        sent.push(one);
        return !one.ok;
      },
      { timeoutMs: 60_000 },
    );
    provider.release();
    expect((await ask("GET", `/v1/sessions/${session}`)).status).toBe(200);
    expect((await ask("GET", `/v1/sessions/${running.id}/events`)).status).toBe(200);
    await until(() => provider.chats[0]?.answered);
    expect(await status(running.id)).toBe("running");

    rmSync(ballast);
    for (const one of sent.filter(({ ok }) => !ok)) {
      const again = await ask("POST", `/v1/sessions/${session}/events`, message(one.text), one.key);
      expect(again.status, await again.text()).toBe(200);
    }
    await expectAllOfIt(running);
    await until(async () => (await status(session)) === "idle", { timeoutMs: 60_000, intervalMs: 100 });
    const said = (await listed(session)).data.filter(({ type }) => type === "user.message");
    expect(said.map(({ content }) => content?.[0]?.text)).toEqual(sent.map(({ text }) => text));
  },
  120_000,
);

test.skipIf(noMount)(
  "so full that Postgres itself ends: nobody hangs, and with room again it comes back and all goes on",
  async () => {
    const running = await startRunningSession();
    const session = await newSession();
    const kept = await ask("POST", `/v1/sessions/${session}/events`, message("before"));
    expect(kept.status).toBe(200);
    const owner = await connectAsOwner();
    fillDisk();
    await expect(useUpTheLog(owner)).rejects.toMatchObject({ severity: "PANIC" });
    await until(async () => (await ask("GET", `/v1/sessions/${session}`)).status === 503, { timeoutMs: 60_000 });
    await expectComeBack(await ask("POST", `/v1/sessions/${session}/events`, message("meanwhile"), "meanwhile"));
    expect((await ask("GET", "/healthz")).status).toBe(200);
    provider.release();

    rmSync(ballast);
    await until(
      async () => (await ask("POST", `/v1/sessions/${session}/events`, message("meanwhile"), "meanwhile")).ok,
      {
        timeoutMs: 60_000,
        intervalMs: 200,
      },
    );
    await until(
      async () => {
        provider.release();
        return (await status(running.id)) === "idle" && (await status(session)) === "idle";
      },
      { timeoutMs: 60_000, intervalMs: 100 },
    );
    await expectAllOfIt(running);
    const said = (await listed(session)).data.filter(({ type }) => type === "user.message");
    expect(said.map(({ content }) => content?.[0]?.text)).toEqual(["before", "meanwhile"]);
  },
  120_000,
);

/** Goes on to new files of the write-ahead log until there is no place for one, which Postgres does not survive. */
async function useUpTheLog(client: pg.Client): Promise<never> {
  for (;;) await client.query("select pg_logical_emit_message(false, 'full', 'full'), pg_switch_wal()");
}

async function connectAsOwner(): Promise<pg.Client> {
  const url = new URL(findEmbeddedPostgresUrl(dataDir) ?? "");
  url.username = "postgres";
  url.pathname = "/postgres";
  const client = new pg.Client({ connectionString: url.href });
  // That its connection breaks, its queries tell.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}
