// What a session looks like between an accepted message and the worker that takes it, and which calls wait for a client.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { appendEvents } from "../../src/db/events.ts";
import { newId } from "../../src/lib/ids.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server.close());

async function makeSession(): Promise<string> {
  const client = server.client();
  const agent = await client.beta.agents.create({ name: "Test", model: "alpha" });
  const environment = await client.beta.environments.create({ name: newId("event") });
  return (await client.beta.sessions.create({ agent: agent.id, environment_id: environment.id })).id;
}

const hello = { events: [{ type: "user.message", content: [{ type: "text", text: "Hi" }] }] };
const put = (sessionId: string, events: { type: string; payload: Record<string, unknown> }[]) => {
  const stored = events.map((event) => ({ ...event, id: newId("event"), processedAt: new Date() }));
  return appendEvents(server.web.db, { sessionId, events: stored }).then(() => stored.map((event) => event.id));
};
const customCall = { type: "agent.custom_tool_use", payload: { name: "weather", input: {} } };
const answerTo = (id: string | undefined) => ({ type: "user.custom_tool_result", custom_tool_use_id: id });

test("a session with an accepted message is running before any worker has it, wherever it is read", async () => {
  const id = await makeSession();
  await sql`update sessions set stop_reason = '{"type":"end_turn"}' where id = ${id}`.execute(server.web.db);
  expect((await server.call("GET", `/v1/sessions/${id}`)).body).toMatchObject({ status: "idle" });
  await server.call("POST", `/v1/sessions/${id}/events`, { body: hello });
  expect((await server.call("GET", `/v1/sessions/${id}`)).body).toMatchObject({ status: "running", stop_reason: null });
  const listed = async (status: string) =>
    ((await server.call("GET", `/v1/sessions?statuses[]=${status}`)).body as { data: { id: string }[] }).data;
  expect((await listed("running")).map((session) => session.id)).toContain(id);
  expect((await listed("idle")).map((session) => session.id)).not.toContain(id);
});

test("a session whose sandbox is being put to sleep can be changed, archived and deleted; one in a turn cannot", async () => {
  const id = await makeSession();
  const hold = () =>
    sql`update sessions set lease_owner = 'wrk_x', lease_until = now() + interval '1 minute' where id = ${id}`.execute(
      server.web.db,
    );
  await hold();
  expect((await server.call("POST", `/v1/sessions/${id}`, { body: { agent: { tools: [] } } })).status).toBe(200);
  expect((await server.call("POST", `/v1/sessions/${id}/archive`)).status).toBe(200);
  await hold();
  expect((await server.call("DELETE", `/v1/sessions/${id}`)).status).toBe(200);

  const busy = await makeSession();
  await sql`update sessions set wake_at = now(), lease_owner = 'wrk_x', lease_until = now() + interval '1 minute'
    where id = ${busy}`.execute(server.web.db);
  expect((await server.call("DELETE", `/v1/sessions/${busy}`)).status).toBe(400);
});

test("every one of many waiting calls can be answered, the last one first", async () => {
  const id = await makeSession();
  const calls = await put(
    id,
    Array.from({ length: 130 }, () => customCall),
  );
  const answer = await server.call("POST", `/v1/sessions/${id}/events`, { body: { events: [answerTo(calls.at(-1))] } });
  expect(answer.status).toBe(200);
});

test("after an interrupt no call waits for an answer", async () => {
  const id = await makeSession();
  const [call] = await put(id, [customCall]);
  const send = (event: object) => server.call("POST", `/v1/sessions/${id}/events`, { body: { events: [event] } });
  await send({ type: "user.interrupt" });
  const late = await send(answerTo(call));
  expect(late.status).toBe(400);
  expect(JSON.stringify(late.body)).toContain("None is waiting now");
});

/** As a worker leaves a session whose calls wait. */
async function waits(id: string, ...calls: { type: string; payload: Record<string, unknown> }[]): Promise<string[]> {
  const ids = await put(id, calls);
  const stopReason = { type: "requires_action", event_ids: ids };
  await appendEvents(server.web.db, { sessionId: id, events: [], changes: { status: "idle", stopReason } });
  return ids;
}
const asked = (name: string) => ({ type: "agent.tool_use", payload: { name, input: {}, evaluated_permission: "ask" } });
const idsOf = async (query: string) =>
  ((await server.call("GET", `/v1/sessions?${query}`)).body as { data: { id: string }[] }).data.map(({ id }) => id);

test("a session says what it waits for: a person's word, or its program's result; lists choose by it", async () => {
  const [person, program, both] = [await makeSession(), await makeSession(), await makeSession()];
  await waits(person, asked("bash"), asked("write"), asked("bash"));
  await waits(program, customCall);
  const [, custom] = await waits(both, asked("bash"), customCall);
  const read = async (id: string) =>
    ((await server.call("GET", `/v1/sessions/${id}`)).body as { waiting_for: unknown }).waiting_for;
  const nothing = { count: 0, tools: [] };
  const confirmations = { count: 3, tools: ["bash", "write"] };
  expect(await read(person)).toEqual({ tool_confirmations: confirmations, custom_tool_results: nothing });
  const results = { count: 1, tools: ["weather"] };
  expect(await read(program)).toEqual({ tool_confirmations: nothing, custom_tool_results: results });
  expect((await idsOf("waiting_for=tool_confirmation")).sort()).toEqual([person, both].sort());
  expect((await idsOf("waiting_for=custom_tool_result")).sort()).toEqual([program, both].sort());
  expect((await idsOf("requires_action=true")).sort()).toEqual([person, program, both].sort());
  // An answer is on its way: for now it waits for nobody.
  await server.call("POST", `/v1/sessions/${both}/events`, { body: { events: [answerTo(custom)] } });
  expect(await read(both)).toBeNull();
  expect(await idsOf("waiting_for=custom_tool_result")).toEqual([program]);
  await server.call("POST", `/v1/sessions/${person}/archive`);
  expect(await read(person)).toBeNull();
  expect(await idsOf("waiting_for=tool_confirmation")).toEqual([]);
});

test("two calls that are allowed for good at the same moment are both remembered, with the answers", async () => {
  const client = server.client();
  const default_config = { enabled: true, permission_policy: { type: "always_ask" as const } };
  const tools = [{ type: "agent_toolset_20260401" as const, default_config }];
  const agent = await client.beta.agents.create({ name: "Asks", model: "alpha", tools });
  const { id } = (await server.call("POST", "/v1/sessions", { body: { agent: agent.id } })).body as { id: string };
  const calls = await waits(id, asked("bash"), asked("write"), asked("edit"));
  const allow = (tool_use_id: string | undefined) =>
    server.call("POST", `/v1/sessions/${id}/events`, {
      body: { events: [{ type: "user.tool_confirmation", tool_use_id, result: "allow", remember: true }] },
    });
  const answers = await Promise.all(calls.map(allow));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  const session = await client.beta.sessions.retrieve(id);
  const [tool] = session.agent.tools;
  if (tool?.type !== "agent_toolset_20260401") throw new Error("no toolset");
  expect(tool.configs.map(({ name, permission_policy }) => [name, permission_policy.type]).sort()).toEqual([
    ["bash", "always_allow"],
    ["edit", "always_allow"],
    ["write", "always_allow"],
  ]);
  // An answer that is refused changes no policy.
  const before = JSON.stringify(session.agent);
  expect((await allow(calls[0])).status).toBe(400);
  expect(JSON.stringify((await client.beta.sessions.retrieve(id)).agent)).toBe(before);
});

test("sessions are found by parts of their title, in any case, whatever characters; or by their id", async () => {
  const titled = async (title: string) => {
    const id = await makeSession();
    await server.call("POST", `/v1/sessions/${id}`, { body: { title } });
    return id;
  };
  const [fix, percent, umlaut] = [
    await titled("Fix the flaky Login test"),
    await titled("Discount of 50%_off"),
    await titled("Überprüfung 日本語 👩\u200d💻"),
  ];
  const search = (text: string, more = "") => idsOf(`search=${encodeURIComponent(text)}${more}`);
  expect(await search("login")).toEqual([fix]);
  expect(await search(" LAKY  fix ")).toEqual([fix]);
  expect(await search("50%_")).toEqual([percent]);
  expect(await search("%")).toEqual([percent]);
  expect(await search("5_%")).toEqual([]);
  expect(await search("überPRÜF")).toEqual([umlaut]);
  expect(await search("本")).toEqual([umlaut]);
  expect(await search("\u200d💻")).toEqual([umlaut]);
  expect(await search(fix)).toEqual([fix]);
  expect(await search("login nothing")).toEqual([]);
  expect((await server.call("GET", "/v1/sessions?search=%20")).status).toBe(400);
  await server.call("POST", `/v1/sessions/${fix}/archive`);
  expect(await search("login")).toEqual([]);
  expect(await search("login", "&include_archived=true")).toEqual([fix]);
});
