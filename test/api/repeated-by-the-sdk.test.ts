// A POST without an Idempotency-Key whose answer was never sent: the official SDKs repeat it, and it takes effect once.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import Anthropic from "@anthropic-ai/sdk";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { until } from "../support/until.ts";

let server: ApiServer;
let agentId: string;
let sessionId: string;

beforeAll(async () => {
  server = await startApiServer();
  const made = await server.call("POST", "/v1/agents", { body: { name: "Any", model: "alpha" } });
  agentId = (made.body as { id: string }).id;
});
afterAll(() => server.close());
beforeEach(async () => {
  await sql`delete from idempotency_keys`.execute(server.web.db);
  const made = await server.call("POST", "/v1/sessions", { body: { agent: agentId } });
  sessionId = (made.body as { id: string }).id;
});

const hello = { events: [{ type: "user.message", content: [{ type: "text", text: "Hello" }] }] };
const eventsPath = () => `/v1/sessions/${sessionId}/events`;
const attempt = (count: number) => ({ "x-stainless-retry-count": String(count) });
const messages = async () => ((await server.call("GET", eventsPath())).body as { data: { id: string }[] }).data;
const unsent = async () =>
  (await sql`select 1 from idempotency_keys where key like 'unsent.%' or key like 'resent.%'`.execute(server.web.db))
    .rows.length;

/** Sends a request over a connection that breaks before it is answered, but not before the server has it. */
async function lose(
  path: string,
  body: string,
  headers: Record<string, string>,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<void> {
  const { hostname, port, host } = new URL(server.url);
  const accepted = once(server.web.server, "connection");
  const socket = connect(Number(port), hostname);
  const [theirs]: Socket[] = await accepted;
  const all = { host, "x-api-key": server.apiKey, "content-length": String(Buffer.byteLength(body)), ...headers };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  await server.web.db.connection().execute(async (db) => {
    // Held up until the connection is gone.
    await sql`begin`.execute(db);
    await sql`lock table idempotency_keys in share mode`.execute(db);
    socket.write(`POST ${path} HTTP/1.1\r\n${head.join("")}\r\n${body}`);
    await until(async () => {
      const waits = sql`select 1 from pg_locks where not granted and relation = 'idempotency_keys'::regclass`;
      return (await waits.execute(db)).rows.length > 0;
    });
    await meanwhile();
    const gone = new Promise((done) => theirs?.once("close", done));
    socket.resetAndDestroy();
    await gone;
    await sql`commit`.execute(db);
  });
}

test("of a message whose answer was lost the repetition gets the first answer", async () => {
  const body = JSON.stringify(hello);
  await lose(eventsPath(), body, attempt(0));
  await until(async () => (await messages()).length === 1);
  const again = await server.call("POST", eventsPath(), { body, headers: attempt(1) });
  expect(again.status).toBe(200);
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expect((again.body as { data: { id: string }[] }).data[0]?.id).toBe((await messages())[0]?.id);
  expect(await messages()).toHaveLength(1);
  // It was sent now: the same words are another message from here on.
  await until(async () => (await unsent()) === 0);
  await server.call("POST", eventsPath(), { body, headers: attempt(1) });
  expect(await messages()).toHaveLength(2);
});

test("a repetition that arrives while the first is still at work waits for it", async () => {
  const body = JSON.stringify(hello);
  const repeated: ReturnType<ApiServer["call"]>[] = [];
  await lose(eventsPath(), body, attempt(0), async () => {
    repeated.push(server.call("POST", eventsPath(), { body, headers: attempt(1) }));
    const waits = sql`select 1 from pg_locks where not granted and locktype = 'advisory'`;
    await until(async () => (await waits.execute(server.web.db)).rows.length > 0);
  });
  expect((await repeated[0])?.headers.get("idempotent-replayed")).toBe("true");
  expect(await messages()).toHaveLength(1);
});

test("the same words said twice are two messages; one whose first attempt never came is said once", async () => {
  for (const count of [0, 0, 1]) {
    const answer = await server.call("POST", eventsPath(), { body: hello, headers: attempt(count) });
    expect(answer.headers.get("idempotent-replayed")).toBeNull();
    await until(async () => (await unsent()) === 0);
  }
  expect(await messages()).toHaveLength(3);
});

test("of equal requests that were lost each repetition gets another one's answer", async () => {
  const body = JSON.stringify({ agent: agentId, title: "One of three" });
  for (let index = 0; index < 3; index++) await lose("/v1/sessions", body, attempt(0));
  await until(async () => (await unsent()) === 3);
  const repeated = await Promise.all(
    [1, 1, 1].map((count) => server.call("POST", "/v1/sessions", { body, headers: attempt(count) })),
  );
  expect(new Set(repeated.map((answer) => (answer.body as { id: string }).id)).size).toBe(3);
  const { data } = (await server.call("GET", "/v1/sessions?limit=100")).body as { data: { title: string | null }[] };
  expect(data.filter(({ title }) => title === "One of three")).toHaveLength(3);
});

test("a repetition that is lost as well is answered the next time", async () => {
  const body = JSON.stringify(hello);
  await lose(eventsPath(), body, attempt(0));
  await until(async () => (await messages()).length === 1);
  await lose(eventsPath(), body, attempt(1));
  await until(async () => (await unsent()) === 1);
  const again = await server.call("POST", eventsPath(), { body, headers: attempt(2) });
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expect(await messages()).toHaveLength(1);
});

test("much later the same words are another message, and another team's are its own", async () => {
  const body = JSON.stringify(hello);
  await lose(eventsPath(), body, attempt(0));
  await until(async () => (await messages()).length === 1);
  await sql`update idempotency_keys set created_at = now() - interval '121 seconds'`.execute(server.web.db);
  await server.call("POST", eventsPath(), { body, headers: attempt(1) });
  expect(await messages()).toHaveLength(2);
});

test("the official SDK says a thing once, whose first answer it never got", async () => {
  let attempts = 0;
  const client = new Anthropic({
    baseURL: server.url,
    apiKey: server.apiKey,
    maxRetries: 2,
    fetch: async (url, init) => {
      if (attempts++ > 0) return fetch(url, init);
      const headers = Object.fromEntries(new Headers(init?.headers));
      await lose(new URL(String(url)).pathname, String(init?.body), headers);
      throw new TypeError("the connection was reset");
    },
  });
  const sent = await client.beta.sessions.events.send(sessionId, {
    events: [{ type: "user.message", content: [{ type: "text", text: "Only once" }] }],
  });
  expect(attempts).toBe(2);
  expect(await messages()).toHaveLength(1);
  expect(sent.data?.[0]).toMatchObject({ type: "user.message", content: [{ type: "text", text: "Only once" }] });
});
