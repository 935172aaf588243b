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
