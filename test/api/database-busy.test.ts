// A database that answers, but not now: requests are told to come back within seconds, and none hangs.
import { sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { until } from "../support/until.ts";

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer({ maxConnections: 2 });
});
afterAll(() => server.close());

/** Fails when nothing has been answered for as long as nobody would wait. */
async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(server.url + path, {
    method,
    headers: { "x-api-key": server.apiKey },
    signal: AbortSignal.timeout(20_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function expectComeBack(response: Response): Promise<void> {
  expect(response.status, await response.clone().text()).toBe(503);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await response.json()).toMatchObject({ type: "error", error: { message: expect.stringMatching(/busy/) } });
}

async function newSession(): Promise<string> {
  const agent = await server.client().beta.agents.create({ name: "Ada", model: "alpha" });
  const response = await ask("POST", "/v1/sessions", { agent: agent.id });
  return ((await response.json()) as { id: string }).id;
}

const message = { events: [{ type: "user.message", content: [{ type: "text", text: "Hi" }] }] };

test("without a free connection reads and changes are answered 503, and served again once there is one", async () => {
  const session = await newSession();
  const before = { ...(await connections()) };
  expect(before.busy).toBe(0);
  const sleeping = [1, 2].map(() => sql`select pg_sleep(9)`.execute(server.web.db));
  await until(async () => (await connections()).busy === 2);
  await Promise.all([
    ask("GET", `/v1/sessions/${session}`).then(expectComeBack),
    ask("POST", `/v1/sessions/${session}/events`, message).then(expectComeBack),
  ]);
  await Promise.all(sleeping);
  expect((await ask("GET", `/v1/sessions/${session}`)).status).toBe(200);
  expect((await ask("POST", `/v1/sessions/${session}/events`, message)).status).toBe(200);
});

test("a row that somebody keeps locked is answered 503; others and readers are not held up", async () => {
  const [locked, other] = [await newSession(), await newSession()];
  const holder = new pg.Client({ connectionString: server.database.url });
  await holder.connect();
  try {
    await holder.query("begin");
    await holder.query("select 1 from sessions where id = $1 for update", [locked]);
    const refused = ask("POST", `/v1/sessions/${locked}/events`, message);
    expect((await ask("GET", `/v1/sessions/${locked}`)).status).toBe(200);
    expect((await ask("POST", `/v1/sessions/${other}/events`, message)).status).toBe(200);
    await expectComeBack(await refused);
    await holder.query("rollback");
    expect((await ask("POST", `/v1/sessions/${locked}/events`, message)).status).toBe(200);
  } finally {
    await holder.end();
  }
});

test("a statement that takes too long is given up", async () => {
  await expect(sql`select pg_sleep(15)`.execute(server.web.db)).rejects.toMatchObject({ code: "57014" });
});

async function connections(): Promise<{ busy: number }> {
  const client = new pg.Client({ connectionString: server.database.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ busy: number }>(
      "select count(*)::int as busy from pg_stat_activity where datname = current_database() and state = 'active' and query like '%pg_sleep(%' and pid <> pg_backend_pid()",
    );
    return { busy: rows[0]?.busy ?? 0 };
  } finally {
    await client.end();
  }
}
