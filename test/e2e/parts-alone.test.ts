// Each part started by itself, and everything on a Postgres of one's own: what does not fit together is refused with what to do.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/db/embedded/embedded-postgres.ts";
import { childEnv } from "../../src/lib/child-env.ts";
import { readStream, type StreamReader } from "../support/stream-reader.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const apiKey = "a-key-of-the-operator";
let root: string;
let own: string;
let postgres: EmbeddedPostgres;
const running: ChildProcess[] = [];

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "berth-alone-"));
  // As somebody's own: Berth knows nothing of it but its address.
  own = await mkdtemp(path.join(tmpdir(), "berth-own-"));
  postgres = await startEmbeddedPostgres({ dataDir: own, durable: false });
});
afterAll(async () => {
  for (const child of running) if (child.exitCode === null) child.kill("SIGKILL");
  await postgres?.stop();
  for (const directory of [root, own]) await rm(directory, { recursive: true, force: true });
});

async function newDatabase(name: string): Promise<string> {
  await query(postgres.superuserUrl, `create database ${name}`);
  const url = new URL(postgres.superuserUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text).finally(() => client.end());
}

/** `npm run web`, `worker` or `migrate`. */
function npmRun(part: "web" | "worker" | "migrate", databaseUrl: string) {
  const child = spawn(process.execPath, [path.join(repository, "src", "bin", `${part}.ts`)], {
    cwd: root,
    env: childEnv({
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      BERTH_DATA_DIR: path.join(root, "data"),
      BERTH_API_KEY: apiKey,
      BERTH_UI: "off",
      PORT: "0",
      DATABASE_URL: databaseUrl,
    }),
  });
  running.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  return { child, output: () => output, ended: once(child, "exit").then(([code]) => Number(code)) };
}

async function expectRefused(part: "web" | "worker", databaseUrl: string, words: RegExp): Promise<void> {
  const started = npmRun(part, databaseUrl);
  expect(await started.ended, started.output()).toBe(1);
  expect(started.output()).toMatch(words);
}

test("web and worker refuse a database without a schema, migrate makes it, and then they work together", async () => {
  const url = await newDatabase("alone");
  for (const part of ["web", "worker"] as const) await expectRefused(part, url, /no schema yet\. Run npm run migrate/);
  const first = npmRun("migrate", url);
  expect(await first.ended, first.output()).toBe(0);
  expect(first.output()).toMatch(/^Applied 0001-/);
  const second = npmRun("migrate", url);
  expect(await second.ended).toBe(0);
  expect(second.output()).toBe("The schema is up to date.\n");

  const web = npmRun("web", url);
  const worker = npmRun("worker", url);
  const port = await until(() => /"port":(\d+),"msg":"web is listening"/.exec(web.output())?.[1], {
    timeoutMs: 60_000,
    describe: web.output,
  });
  const call = async (method: string, pathname: string, body?: unknown) => {
    const response = await fetch(`http://127.0.0.1:${port}${pathname}`, {
      method,
      headers: { "x-api-key": apiKey },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  const agent = await call("POST", "/v1/agents", { name: "Talker", model: "demo" });
  const session = await call("POST", "/v1/sessions", { agent: agent.body.id });
  await call("POST", `/v1/sessions/${session.body.id}/events`, {
    events: [{ type: "user.message", content: [{ type: "text", text: "Hello" }] }],
  });
  const answered = async () => {
    const { body } = await call("GET", `/v1/sessions/${session.body.id}/events`);
    return body.data.some((event: { type: string }) => event.type === "agent.message");
  };
  await until(answered, { timeoutMs: 60_000, describe: () => worker.output() });
  expect((await call("GET", "/readyz")).body).toMatchObject({ status: "ready" });
  for (const { child, ended } of [web, worker]) {
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  }

  await query(url, "insert into schema_migrations (id, checksum) values ('9999-from-the-future', 'x')");
  for (const part of ["web", "worker"] as const) await expectRefused(part, url, /newer than this release.*9999/);
});

test("a web that is told to stop ends its open streams whole; at the next one they go on where they were", async () => {
  const url = await newDatabase("streams");
  expect(await npmRun("migrate", url).ended).toBe(0);
  const listening = async (web: ReturnType<typeof npmRun>) => {
    const port = () => /"port":(\d+),"msg":"web is listening"/.exec(web.output())?.[1];
    return `http://127.0.0.1:${await until(port, { timeoutMs: 60_000, describe: web.output })}`;
  };
  const web = npmRun("web", url);
  const worker = npmRun("worker", url);
  const address = await listening(web);
  const post = async (server: string, pathname: string, body: unknown): Promise<{ id: string }> => {
    const answer = await fetch(`${server}${pathname}`, {
      method: "POST",
      headers: { "x-api-key": apiKey },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as { id: string };
  };
  const say = (server: string, text: string) =>
    post(server, `/v1/sessions/${session.id}/events`, {
      events: [{ type: "user.message", content: [{ type: "text", text }] }],
    });
  const agent = await post(address, "/v1/agents", { name: "Talker", model: "demo" });
  const session = await post(address, "/v1/sessions", { agent: agent.id });
  const idles = (reader: StreamReader) => reader.frames.filter(({ type }) => type === "session.status_idle").length;

  const first = readStream({ url: address, sessionId: session.id, apiKey, after: 0 });
  const response = await first.opened;
  await say(address, "Hello");
  await until(() => idles(first) === 1, { timeoutMs: 60_000, describe: worker.output });
  web.child.kill("SIGTERM");
  await first.ended;
  // Not torn off in the middle of what it sent.
  expect(response.complete).toBe(true);
  expect(await web.ended, web.output()).toBe(0);

  const next = npmRun("web", url);
  const nextAddress = await listening(next);
  const after = first.frames.findLast(({ id }) => id !== null)?.id ?? 0;
  const second = readStream({ url: nextAddress, sessionId: session.id, apiKey, after });
  await second.opened;
  await say(nextAddress, "Are you still there?");
  await until(() => idles(second) === 1, { timeoutMs: 60_000, describe: worker.output });
  const ids = [...first.frames, ...second.frames].flatMap(({ id }) => (id === null ? [] : [id]));
  expect(ids).toEqual(ids.map((_, index) => index + 1));
  second.cut();
  for (const { child, ended } of [next, worker]) {
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  }
});

test("npm start on a Postgres of one's own; on another one it removes nothing and says what to do", async () => {
  const dataDir = await mkdtemp(path.join(root, "start-"));
  const mine = await newDatabase("mine");
  let system: System = await startSystem({ dataDir, env: { DATABASE_URL: mine } });
  expect(system.output()).toContain("your Postgres at 127.0.0.1");
  expect(await system.pid("postgres")).toBeNull();
  const client = system.client();
  const agent = (await client.beta.agents.list()).data[0]?.id ?? "";
  const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
  const { id } = await client.beta.sessions.create({ agent, environment_id });
  await client.beta.sessions.events.send(id, {
    events: [{ type: "user.message", content: [{ type: "text", text: "Please `echo kept > kept.txt`" }] }],
  });
  await until(async () => (await client.beta.sessions.retrieve(id)).status === "idle", { timeoutMs: 60_000 });
  const disks = async () => (await readdir(path.join(dataDir, "sandboxes"))).filter((name) => name === id);
  const hasDisk = (await disks()).length === 1;
  const data = () => fetch(`${system.url}/readyz`).then(async (answer) => (await answer.json()).parts.data);
  await until(async () => (await data()).ok && (await data()).state === "ok", { timeoutMs: 60_000 });
  expect(await system.stop()).toBe(0);

  system = await startSystem({ dataDir, env: { DATABASE_URL: await newDatabase("another") } });
  const foreign = await until(async () => ((await data()).ok ? null : await data()), { timeoutMs: 60_000 });
  expect(foreign.detail).toMatch(/belong to another database.*DATABASE_URL/);
  await until(() => system.output().includes("belong to another database"), { describe: system.output });
  expect((await disks()).length === 1).toBe(hasDisk);
  expect(await system.stop()).toBe(0);

  system = await startSystem({ dataDir, env: { DATABASE_URL: mine } });
  await until(async () => (await data()).state === "ok", { timeoutMs: 60_000 });
  if (hasDisk) {
    const file = await fetch(`${system.url}/v1/sessions/${id}/files/content?path=kept.txt`, {
      headers: { "x-api-key": system.apiKey },
    });
    expect(await file.text()).toBe("kept\n");
  }
  await system.dispose();
});
