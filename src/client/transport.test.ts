// Calls survive a broken network and a busy server without doing anything twice.
import { expect, test } from "vitest";
import type { Clock } from "../lib/clock.ts";
import { ApiError, ConnectionError } from "./api-error.ts";
import { createBerthClient } from "./berth.ts";

const instantClock: Clock = { now: () => 0, sleep: () => Promise.resolve() };

type Call = { url: string; init: RequestInit };

/** A server that gives one answer after the other; an Error is a broken connection. */
function createScriptedFetch(answers: (Response | Error)[]) {
  const calls: Call[] = [];
  const fetchAnswer: typeof fetch = async (input, init) => {
    calls.push({ url: String(input), init: init ?? {} });
    const answer = answers.shift();
    if (!answer || answer instanceof Error) throw answer ?? new Error("no more answers");
    return answer;
  };
  return { calls, fetch: fetchAnswer };
}

const agent = { id: "agent_1", type: "agent" };

test("a POST whose answer was lost is sent again with the same key", async () => {
  const server = createScriptedFetch([
    new TypeError("reset"),
    new Response(null, { status: 503 }),
    Response.json(agent),
  ]);
  const client = createBerthClient({ fetch: server.fetch, clock: instantClock });
  expect(await client.agents.create({ name: "a", model: "m" })).toEqual(agent);
  const keys = server.calls.map((call) => new Headers(call.init.headers).get("idempotency-key"));
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
});

test("two calls never share a key", async () => {
  const server = createScriptedFetch([Response.json(agent), Response.json(agent)]);
  const client = createBerthClient({ fetch: server.fetch, clock: instantClock });
  await client.agents.create({ name: "a", model: "m" });
  await client.agents.create({ name: "a", model: "m" });
  const keys = server.calls.map((call) => new Headers(call.init.headers).get("idempotency-key"));
  expect(new Set(keys).size).toBe(2);
});

test("a refusal is thrown at once, with the server's words and the request's name", async () => {
  const body = { type: "error", error: { type: "conflict_error", message: "version 3 is newer" }, request_id: "req_1" };
  const server = createScriptedFetch([Response.json(body, { status: 409 })]);
  const client = createBerthClient({ fetch: server.fetch, clock: instantClock });
  const failure = await client.agents.update("agent_1", { version: 2, name: "b" }).catch((error) => error);
  expect(failure).toBeInstanceOf(ApiError);
  expect(failure).toMatchObject({
    status: 409,
    type: "conflict_error",
    message: "version 3 is newer",
    requestId: "req_1",
  });
  expect(server.calls).toHaveLength(1);
});

test("a server that never answers is reported after a few attempts", async () => {
  const server = createScriptedFetch([]);
  const client = createBerthClient({ fetch: server.fetch, clock: instantClock });
  await expect(client.agents.list()).rejects.toBeInstanceOf(ConnectionError);
  expect(server.calls.length).toBe(5);
});

test("an answer that is not the API's becomes a plain sentence", async () => {
  const server = createScriptedFetch([new Response("<html>", { status: 502, statusText: "Bad Gateway" })]);
  const client = createBerthClient({ fetch: server.fetch, clock: instantClock });
  await expect(client.agents.list()).rejects.toThrow("The server answered 502 Bad Gateway");
});

test("with a key no cookie protection is needed; with the cookie every change carries the header", async () => {
  const server = createScriptedFetch([Response.json(agent), Response.json(agent), Response.json(agent)]);
  await createBerthClient({ fetch: server.fetch, apiKey: "key" }).agents.archive("agent_1");
  await createBerthClient({ fetch: server.fetch }).agents.archive("agent_1");
  await createBerthClient({ fetch: server.fetch }).agents.get("agent_1");
  const headers = server.calls.map((call) => new Headers(call.init.headers));
  expect(headers.map((each) => each.get("x-api-key"))).toEqual(["key", null, null]);
  expect(headers.map((each) => each.get("x-berth-csrf"))).toEqual([null, "1", null]);
});

test("ids and filters cannot break out of their place in the address", async () => {
  const server = createScriptedFetch([Response.json(agent), Response.json({ data: [], next_page: null })]);
  const client = createBerthClient({ fetch: server.fetch, baseUrl: "http://host/" });
  await client.agents.get("../x?y");
  await client.sessions.list({ statuses: ["idle", "running"], limit: 5 });
  expect(server.calls[0]?.url).toBe("http://host/v1/agents/..%2Fx%3Fy");
  expect(decodeURIComponent(server.calls[1]?.url ?? "")).toBe(
    "http://host/v1/sessions?statuses[]=idle&statuses[]=running&limit=5",
  );
});
