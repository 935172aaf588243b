// Answers to tool uses: taken when a tool use waits for them, refused in words otherwise, also when two come at once.
import { afterAll, beforeAll, expect, test } from "vitest";
import { appendEvents, markProcessed } from "../../src/db/events.ts";
import { newId } from "../../src/lib/ids.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server.close());

async function newSession(): Promise<string> {
  const agent = await server.client().beta.agents.create({ name: "Ada", model: "alpha" });
  const answer = await server.call("POST", "/v1/sessions", { body: { agent: agent.id } });
  return (answer.body as { id: string }).id;
}
/** Writes to the log as a worker does. */
async function append(sessionId: string, type: string, payload: Record<string, unknown>): Promise<string> {
  const id = newId("event");
  await appendEvents(server.web.db, { sessionId, events: [{ id, type, payload, processedAt: new Date() }] });
  return id;
}
const send = (sessionId: string, ...events: object[]) =>
  server.call("POST", `/v1/sessions/${sessionId}/events`, { body: { events } });
const allow = (tool_use_id: string) => ({ type: "user.tool_confirmation", tool_use_id, result: "allow" });
const messageOf = (body: unknown) => (body as { error: { message: string } }).error.message;

test("an asked tool use takes one confirmation, and no other tool use takes any", async () => {
  const session = await newSession();
  const use = (evaluated_permission: string) =>
    append(session, "agent.tool_use", { name: "bash", input: {}, evaluated_permission });
  const [asked, allowed, answered] = [await use("ask"), await use("allow"), await use("ask")];
  await append(session, "agent.tool_result", { tool_use_id: answered, content: [], is_error: false });
  for (const id of [allowed, answered]) {
    const refused = await send(session, allow(id));
    expect(refused.status).toBe(400);
    expect(messageOf(refused.body)).toContain(`Waiting now: ${asked} (bash)`);
  }
  const race = await Promise.all(Array.from({ length: 8 }, () => send(session, allow(asked))));
  expect(race.map((answer) => answer.status).sort()).toEqual([200, ...Array(7).fill(400)]);
  expect((await send(session, allow(asked))).status).toBe(400);
});

test("the log keeps who decided: the key by its name, or the dashboard", async () => {
  const session = await newSession();
  const use = () => append(session, "agent.tool_use", { name: "bash", input: {}, evaluated_permission: "ask" });
  const { body: key } = await server.call("POST", "/v1/api_keys", { body: { name: "release bot" } });
  const created = key as { id: string; value: string };
  const byKey = await fetch(`${server.url}/v1/sessions/${session}/events`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": created.value },
    body: JSON.stringify({ events: [allow(await use())] }),
  });
  expect(byKey.status).toBe(200);
  const cookie = await logIn();
  const inDashboard = await fetch(`${server.url}/v1/sessions/${session}/events`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie, "x-berth-csrf": "1", origin: server.url },
    body: JSON.stringify({ events: [allow(await use())] }),
  });
  expect(inDashboard.status).toBe(200);
  const { body } = await server.call("GET", `/v1/sessions/${session}/events?types[]=user.tool_confirmation`);
  expect((body as { data: { answered_by: unknown }[] }).data.map((event) => event.answered_by)).toEqual([
    { type: "api_key", id: created.id, name: "release bot" },
    { type: "dashboard", logged_in_by: { type: "api_key", id: expect.stringMatching(/^apikey_/), name: "operator" } },
  ]);
});

async function logIn(): Promise<string> {
  const answer = await fetch(`${server.url}/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-berth-csrf": "1", origin: server.url },
    body: JSON.stringify({ api_key: server.apiKey }),
  });
  expect(answer.status).toBeLessThan(300);
  return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
}

test("a custom tool use takes one result, and not of another session", async () => {
  const [session, other] = [await newSession(), await newSession()];
  const custom_tool_use_id = await append(session, "agent.custom_tool_use", { name: "lookup", input: {} });
  const result = { type: "user.custom_tool_result", custom_tool_use_id, content: [{ type: "text", text: "42" }] };
  expect((await send(other, result)).status).toBe(400);
  expect((await send(session, allow(custom_tool_use_id))).status).toBe(400);
  expect((await send(session, result)).status).toBe(200);
  expect((await send(session, result)).status).toBe(400);
});

test("of events that are sent together, all are stored or none", async () => {
  const session = await newSession();
  const message = { type: "user.message", content: [{ type: "text", text: "hi" }] };
  expect((await send(session, message, allow("sevt_unknown"))).status).toBe(400);
  const events = (await server.call("GET", `/v1/sessions/${session}/events`)).body as { data: unknown[] };
  expect(events.data).toEqual([]);
});

test("a running session can be neither archived nor deleted nor given other tools; an ended one takes no events", async () => {
  const session = await newSession();
  await appendEvents(server.web.db, { sessionId: session, events: [], changes: { status: "running" } });
  for (const answer of [
    await server.call("POST", `/v1/sessions/${session}/archive`),
    await server.call("DELETE", `/v1/sessions/${session}`),
    await server.call("POST", `/v1/sessions/${session}`, { body: { agent: { tools: [] } } }),
  ]) {
    expect(answer.status).toBe(400);
    expect(messageOf(answer.body)).toMatch(/running/);
  }
  await appendEvents(server.web.db, { sessionId: session, events: [], changes: { status: "terminated" } });
  const refused = await send(session, { type: "user.interrupt" });
  expect(refused.status).toBe(400);
  expect(messageOf(refused.body)).toMatch(/terminated/);
});

test("another team's objects do not exist", async () => {
  const session = await newSession();
  const agent = await server.client().beta.agents.create({ name: "Ada", model: "alpha" });
  await server.web.db.insertInto("teams").values({ id: "team_other", name: "other" }).execute();
  for (const [table, id] of [
    ["sessions", session],
    ["agents", agent.id],
  ] as const)
    await server.web.db.updateTable(table).set({ team_id: "team_other" }).where("id", "=", id).execute();
  for (const [method, path] of [
    ["GET", `/v1/sessions/${session}`],
    ["POST", `/v1/sessions/${session}`],
    ["DELETE", `/v1/sessions/${session}`],
    ["POST", `/v1/sessions/${session}/archive`],
    ["GET", `/v1/sessions/${session}/events`],
    ["GET", `/v1/sessions/${session}/events/stream`],
    ["GET", `/v1/agents/${agent.id}`],
    ["POST", `/v1/agents/${agent.id}`],
    ["POST", `/v1/agents/${agent.id}/archive`],
    ["GET", `/v1/agents/${agent.id}/versions`],
  ] as const)
    expect((await server.call(method, path)).status, `${method} ${path}`).toBe(404);
  expect((await send(session, { type: "user.interrupt" })).status).toBe(404);
  expect((await server.call("POST", "/v1/sessions", { body: { agent: agent.id } })).status).toBe(404);
});

test("a deleted session leaves its sandbox to be removed", async () => {
  const session = await newSession();
  const { db, teamId } = server.web;
  const sandbox = {
    session_id: session,
    team_id: teamId,
    name: session,
    backend: "local",
    identity: "i",
    state: "running" as const,
  };
  await db.insertInto("sandboxes").values(sandbox).execute();
  expect((await server.call("DELETE", `/v1/sessions/${session}`)).status).toBe(200);
  const removals = await db.selectFrom("sandbox_removals").select("name").execute();
  expect(removals).toEqual([{ name: session }]);
  expect(await db.selectFrom("events").select("id").where("session_id", "=", session).execute()).toEqual([]);
});

test("a queued message is withdrawn once, listed and streamed as withdrawn; one that was read is not; the other team has neither", async () => {
  const session = await newSession();
  const message = { type: "user.message", content: [{ type: "text", text: "hi" }] };
  const sent = (await send(session, message, message)).body as { data: { id: string }[] };
  const [first, second] = sent.data.map(({ id }) => id);
  const withdraw = (id: string | undefined, of = session) =>
    server.call("POST", `/v1/sessions/${of}/events/${id}/withdraw`);
  const answer = await withdraw(first);
  expect(answer).toMatchObject({ status: 200, body: { id: first, type: "user.message", withdrawn: true } });
  expect((await withdraw(first)).body).toEqual(answer.body);
  await appendEvents(server.web.db, {
    sessionId: session,
    events: [
      {
        id: second ?? "",
        type: "user.message",
        payload: { content: message.content },
        processedAt: new Date(),
        echo: true,
      },
    ],
  });
  await markProcessed(server.web.db, { sessionId: session, eventIds: [second ?? ""], at: new Date() });
  const late = await withdraw(second);
  expect(late.status).toBe(409);
  expect(messageOf(late.body)).toContain("has read message");
  expect((await withdraw("sevt_unknown")).status).toBe(404);
  expect((await withdraw(first, await newSession())).status).toBe(404);
  const listed: { id: string; withdrawn?: boolean }[] = [];
  for await (const event of server.client().beta.sessions.events.list(session, { order: "asc" }))
    listed.push(event as never);
  expect(listed.map(({ id, withdrawn }) => [id, withdrawn ?? false])).toEqual([
    [first, true],
    [second, false],
  ]);
  await server.web.db.updateTable("sessions").set({ team_id: "team_other" }).where("id", "=", session).execute();
  expect((await withdraw(first)).status).toBe(404);
  expect((await server.call("POST", `/v1/sessions/${session}/retry`)).status).toBe(404);
});

test("only a turn that was given up can be tried again, once; the model of a session can be changed", async () => {
  const session = await newSession();
  const retry = () => server.call("POST", `/v1/sessions/${session}/retry`);
  expect((await retry()).status).toBe(409);
  await server.web.db
    .updateTable("sessions")
    .set({ status: "idle", stop_reason: JSON.stringify({ type: "retries_exhausted" }), wake_at: null })
    .where("id", "=", session)
    .execute();
  const changed = await server.call("POST", `/v1/sessions/${session}`, { body: { agent: { model: "beta" } } });
  expect(changed).toMatchObject({ status: 200, body: { agent: { model: { id: "beta" } } } });
  expect(await retry()).toMatchObject({ status: 200, body: { id: session, status: "running" } });
  const again = await retry();
  expect(again.status).toBe(409);
  expect(messageOf(again.body)).toContain("Send a message");
});
