// A session's object says what was said last in it: from the first message on, in lists and on the team's stream.
import { afterAll, beforeAll, expect, test } from "vitest";
import { appendEvents, markProcessed } from "../../src/db/events.ts";
import { newId } from "../../src/lib/ids.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";

let server: ApiServer;
let agent: string;
beforeAll(async () => {
  server = await startApiServer();
  agent = (await server.client().beta.agents.create({ name: "Ada", model: "alpha" })).id;
});
afterAll(() => server.close());

type Listed = { id: string; last_message: { role: string; text: string; at: string } | null };
const message = (text: string) => ({ type: "user.message", content: [{ type: "text", text }] });
async function newSession(...texts: string[]): Promise<string> {
  const body = { agent, initial_events: texts.map(message) };
  return ((await server.call("POST", "/v1/sessions", { body })).body as Listed).id;
}
async function listed(id: string): Promise<Listed["last_message"]> {
  const { body } = await server.call("GET", "/v1/sessions?limit=1000");
  const found = (body as { data: Listed[] }).data.find((session) => session.id === id);
  // A list and a single session say the same.
  expect((await server.call("GET", `/v1/sessions/${id}`)).body).toMatchObject({ last_message: found?.last_message });
  return found?.last_message ?? null;
}
async function say(id: string, text: string): Promise<string> {
  const answer = await server.call("POST", `/v1/sessions/${id}/events`, { body: { events: [message(text)] } });
  return (answer.body as { data: { id: string }[] }).data[0]?.id ?? "";
}
/** As a worker does. */
const append = (sessionId: string, type: string, text: string, rest = {}) =>
  appendEvents(server.web.db, {
    sessionId,
    events: [
      { id: newId("event"), type, payload: { content: [{ type: "text", text }] }, processedAt: new Date(), ...rest },
    ],
  });

test("null before the first message; then the last one, of whoever", async () => {
  const id = await newSession();
  expect(await listed(id)).toBeNull();
  await say(id, "Hello,\n  world");
  expect(await listed(id)).toMatchObject({ role: "user", text: "Hello, world" });
  await append(id, "agent.message", `Hi ${"x".repeat(5_000_000)}`);
  const said = await listed(id);
  expect(said).toMatchObject({ role: "agent", text: `Hi ${"x".repeat(196)}…` });
  expect(new Date(said?.at ?? "").toISOString()).toBe(said?.at);
  await append(id, "agent.tool_result", "not a message");
  expect(await listed(id)).toEqual(said);
});

test("a message that the agent takes in after its answer to an earlier one is the last again", async () => {
  const id = await newSession("first");
  const second = await say(id, "second");
  await append(id, "agent.message", "answer to the first");
  await append(id, "user.message", "second", { id: second, echo: true });
  await markProcessed(server.web.db, { sessionId: id, eventIds: [second], at: new Date() });
  expect(await listed(id)).toMatchObject({ role: "user", text: "second" });
});

test("a withdrawn message leaves the one before it; the only one leaves none", async () => {
  const withdraw = (id: string, event: string) => server.call("POST", `/v1/sessions/${id}/events/${event}/withdraw`);
  const id = await newSession();
  const [one, two, three] = [await say(id, "one"), await say(id, "two"), await say(id, "three")];
  await withdraw(id, two);
  expect(await listed(id)).toMatchObject({ text: "three" });
  await withdraw(id, three);
  expect(await listed(id)).toMatchObject({ text: "one" });
  await withdraw(id, one);
  expect(await listed(id)).toBeNull();
});
