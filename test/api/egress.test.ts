// Environments say what is reached, and the API tells what was: hosts are checked when written, audit lines are listed, a team sees its own.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EgressRequest, egressRequestObject } from "../../src/contract/egress-requests.ts";
import type { Database } from "../../src/db/database.ts";
import { forgetOldEgressRequests, insertEgressRequests } from "../../src/db/egress-requests.ts";
import { appendEvents, readLog } from "../../src/db/events.ts";
import { recordSandbox } from "../../src/db/sandboxes.ts";
import { findNetworking } from "../../src/db/session-networking.ts";
import { newId } from "../../src/lib/ids.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { until } from "../support/until.ts";

let server: ApiServer;
let sessionId: string;
let environmentId: string;

beforeAll(async () => {
  server = await startApiServer();
  const agent = await server.client().beta.agents.create({ name: "Net", model: "alpha" });
  const environment = await server.client().beta.environments.create({
    name: "limited",
    config: { type: "cloud", networking: { type: "limited", allowed_hosts: ["api.example.com", "*.example.org"] } },
  });
  environmentId = environment.id;
  sessionId = (await server.client().beta.sessions.create({ agent: agent.id, environment_id: environmentId })).id;
});
afterAll(() => server?.close());

test.each([
  ["*.com", "too wide"],
  ["*", "unrestricted"],
  ["10.0.0.1", "address"],
  ["[::1]", "address"],
  ["api.example.com:8443", "port"],
  ["https://api.example.com", "scheme"],
  ["api.example.com/v1", "path"],
  ["localhost", "full name"],
  ["", "empty"],
])("the allowed host %j is refused, and the answer says why", async (host, why) => {
  const config = { type: "cloud", networking: { type: "limited", allowed_hosts: ["fine.example.com", host] } };
  const { status, body } = await server.call("POST", `/v1/environments/${environmentId}`, { body: { config } });
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain("allowed_hosts");
  expect(JSON.stringify(body)).toContain(why);
});

test("a session's disk leads to what its environment allows now, and another disk to nothing", async () => {
  const { db, teamId } = server.web;
  await recordSandbox(db, { sessionId, teamId, name: sessionId, backend: "local", identity: "disk-1", startMs: 1 });
  expect(await findNetworking(db, { identity: "disk-1" })).toMatchObject({
    teamId,
    sessionId,
    networking: { type: "limited", allowed_hosts: ["api.example.com", "*.example.org"] },
  });
  await server
    .client()
    .beta.environments.update(environmentId, { config: { type: "cloud", networking: { type: "unrestricted" } } });
  expect((await findNetworking(db, { identity: "disk-1" }))?.networking).toEqual({ type: "unrestricted" });
  expect(await findNetworking(db, { identity: "disk-2" })).toBeNull();
});

test("one more host is allowed without the list being sent: two at once are both kept, one that is allowed stays", async () => {
  const environment = await server.client().beta.environments.create({
    name: "asked for",
    config: { type: "cloud", networking: { type: "limited", allowed_hosts: ["*.example.org"] } },
  });
  const allow = (host: unknown, id = environment.id) =>
    server.call("POST", `/v1/environments/${id}/allowed_hosts`, { body: { host } });
  const answers = await Promise.all(["a.example.com", "b.example.com", "c.example.com"].map((host) => allow(host)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await allow("git.example.org")).status).toBe(200);
  expect((await allow("a.example.com")).status).toBe(200);
  const { body: kept } = await server.call("GET", `/v1/environments/${environment.id}`);
  const { config } = kept as { config: { networking: { allowed_hosts: string[] } } };
  expect(config.networking.allowed_hosts.toSorted()).toEqual([
    "*.example.org",
    "a.example.com",
    "b.example.com",
    "c.example.com",
  ]);
  for (const wrong of ["*.com", "10.0.0.1", "a.example.com/x", "", null, ["a.example.com"]])
    expect((await allow(wrong)).status, JSON.stringify(wrong)).toBe(400);
  expect((await allow("a.example.com", newId("environment"))).status).toBe(404);
  const open = await server.client().beta.environments.create({ name: "open" });
  const { status, body } = await allow("a.example.com", open.id);
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain("unrestricted");
  await server.client().beta.environments.archive(environment.id);
  expect((await allow("d.example.com")).status).toBe(400);
});

test("audit lines are listed newest first, in pages, narrowed by session and decision; a line written twice is one", async () => {
  const { db, teamId } = server.web;
  const now = Date.now();
  const line = (index: number, changes: object = {}) => ({
    ...{ id: newId("egressRequest", now + index), teamId, sessionId, createdAt: new Date(now + index) },
    ...{
      source: "sandbox" as const,
      method: "GET",
      host: `h${index}.example.com`,
      port: 443,
      path: "/\0x",
      decision: "allow" as const,
      rule: "unrestricted",
    },
    ...{
      detail: null,
      credentials: [],
      suspicious: false,
      status: 200,
      requestBytes: 0,
      responseBytes: 2 ** 40,
      durationMs: 7,
    },
    ...changes,
  });
  const rows = [
    line(1, { source: "mcp" }),
    line(2, { decision: "deny", rule: "refused_address", detail: "10.0.0.1: private", suspicious: true, status: 403 }),
    line(3, { sessionId: newId("session") }),
    line(4, { teamId: newId("team") }),
    line(-40 * 86_400_000),
  ];
  await insertEgressRequests(db, rows);
  await insertEgressRequests(db, rows);
  const list = async (query: string) => {
    const { status, body } = await server.call("GET", `/v1/egress_requests${query}`);
    expect(status).toBe(200);
    // The API's own answer; each row is held against its contract.
    const page = body as { data: EgressRequest[]; next_page: string | null };
    for (const row of page.data) expect(egressRequestObject.parse(row)).toEqual(row);
    return page;
  };
  const hosts = async (query: string) => (await list(query)).data.map(({ host }) => host.split(".")[0]);
  const old = `h${-40 * 86_400_000}`;
  expect(await hosts("")).toEqual(["h3", "h2", "h1", old]);
  expect(await hosts("?order=asc")).toEqual([old, "h1", "h2", "h3"]);
  expect(await hosts(`?session_id=${sessionId}`)).toEqual(["h2", "h1", old]);
  expect(await hosts("?decision=deny")).toEqual(["h2"]);
  expect(await hosts("?source=mcp")).toEqual(["h1"]);
  expect((await list("?source=mcp")).data[0]?.source).toBe("mcp");
  expect((await server.call("GET", "/v1/egress_requests?source=other")).status).toBe(400);
  expect(await hosts("?suspicious=true")).toEqual(["h2"]);
  expect(await hosts("?suspicious=false&order=asc")).toEqual([old, "h1", "h3"]);
  expect(await hosts("?host=H1.example.com")).toEqual(["h1"]);
  expect(await hosts("?host=*.example.com")).toEqual(["h3", "h2", "h1", old]);
  expect(await hosts("?host=*.xample.com")).toEqual([]);
  expect(await hosts(`?environment_id=${environmentId}`)).toEqual(["h2", "h1", old]);
  expect((await list("?host=h1.example.com")).data[0]?.environment_id).toBe(environmentId);
  const first = await list("?limit=2");
  expect(await hosts(`?limit=2&page=${first.next_page}`)).toEqual(["h1", old]);
  expect((await list("?decision=deny")).data[0]).toMatchObject({
    suspicious: true,
    response_bytes: 2 ** 40,
    rule: "refused_address",
  });
  expect((await server.call("GET", "/v1/egress_requests?decision=maybe")).status).toBe(400);
  expect((await server.call("GET", "/v1/egress_requests", { anonymous: true })).status).toBe(401);
  await forgetOldEgressRequests(db);
  expect(await hosts("")).toEqual(["h3", "h2", "h1"]);
});

test("a line says for whom the session asked when it began, and which credentials were put in", async () => {
  const { db, teamId } = server.web;
  const { body: key } = await server.call("POST", "/v1/api_keys", { body: { name: "release bot" } });
  const { value, id: keyId } = key as { value: string; id: string };
  const sayHello = { type: "user.message", content: [{ type: "text", text: "Hello" }] };
  const agents = (await server.client().beta.agents.list()).data;
  const created = await fetch(`${server.url}/v1/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": value },
    body: JSON.stringify({ agent: agents[0]?.id, initial_events: [sayHello] }),
  });
  const asked = ((await created.json()) as { id: string }).id;
  const messages = async () =>
    (await readLog(db, { sessionId: asked, after: 0, limit: 100 })).filter(({ echo }) => !echo);
  /** As a worker does when it takes a message into the conversation. */
  const enter = async (index: number, change: object = {}) => {
    const { id, type, payload } = (await messages())[index] ?? expect.fail("no such message");
    await appendEvents(db, {
      sessionId: asked,
      events: [{ id, type, payload: { ...payload, ...change }, processedAt: new Date(), echo: true }],
    });
    return (await databaseNow(db)) + 1;
  };
  const say = async (headers: Record<string, string>) => {
    const answer = await fetch(`${server.url}/v1/sessions/${asked}/events`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ events: [sayHello] }),
    });
    expect(answer.status).toBe(200);
  };
  const whoAt = async (at: number, changes: object = {}) => {
    const id = newId("egressRequest", at);
    const line = {
      ...{
        id,
        teamId,
        sessionId: asked,
        createdAt: new Date(at),
        source: "sandbox" as const,
        method: "GET",
        host: "a.example.com",
        port: 443,
      },
      ...{ path: "/", decision: "allow" as const, rule: "unrestricted", detail: null, suspicious: false, status: 200 },
      ...{ credentials: ["GITHUB_TOKEN"], requestBytes: 0, responseBytes: 0, durationMs: 1, ...changes },
    };
    await insertEgressRequests(db, [line]);
    const { body } = await server.call("GET", `/v1/egress_requests?session_id=${line.sessionId}&limit=100`);
    const row = (body as { data: EgressRequest[] }).data.find((entry) => entry.id === id);
    expect(egressRequestObject.parse(row)).toEqual(row);
    expect(row?.credentials).toEqual(["GITHUB_TOKEN"]);
    return row?.who;
  };
  const bot = { type: "api_key", id: keyId, name: "release bot" };
  const operator = { type: "api_key", id: expect.stringMatching(/^apikey_/), name: "operator" };

  // It waits: whatever is asked now is asked for nobody yet.
  expect(await whoAt(Date.now() + 1)).toBeNull();
  const first = await enter(0);
  expect(await whoAt(first)).toEqual(bot);
  await say({ "x-api-key": server.apiKey });
  expect(await whoAt((await databaseNow(db)) + 1)).toEqual(bot);
  await withDistance(db, first);
  const second = await enter(1);
  expect(await whoAt(second)).toEqual(operator);
  // A stream that began in the first turn ends now.
  expect(await whoAt(first)).toEqual(bot);
  // What was withdrawn was never asked for.
  await say({ "x-api-key": value });
  await withDistance(db, second);
  expect(await whoAt(await enter(2, { withdrawn: true }))).toEqual(operator);
  const login = await fetch(`${server.url}/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-berth-csrf": "1", origin: server.url },
    body: JSON.stringify({ api_key: value }),
  });
  await say({ cookie: login.headers.get("set-cookie")?.split(";")[0] ?? "", "x-berth-csrf": "1", origin: server.url });
  await withDistance(db, second);
  expect(await whoAt(await enter(3))).toEqual({ type: "dashboard", logged_in_by: bot });
  // A session that is gone, and one of another team's, say nothing of it.
  expect(await whoAt(Date.now(), { sessionId: newId("session") })).toBeNull();
  // Who asked is not told in the session's log: its events are the API's own.
  const { body: events } = await server.call("GET", `/v1/sessions/${asked}/events`);
  expect(JSON.stringify(events)).not.toContain("release bot");
});

async function databaseNow(db: Database): Promise<number> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  return rows[0]?.now.getTime() ?? expect.fail("no time");
}

/** Lines are dated in whole milliseconds. */
async function withDistance(db: Database, from: number): Promise<void> {
  await until(async () => (await databaseNow(db)) > from + 1);
}
