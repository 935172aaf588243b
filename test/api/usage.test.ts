// Usage in sums by day, agent, model and session; it outlives its session, and no other team sees it.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { UsageReport } from "../../src/contract/usage.ts";
import { appendEvents } from "../../src/db/events.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { newId } from "../../src/lib/ids.ts";
import { createUsage } from "../../src/teams/usage.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server.close());

async function newSession(name: string, model: string): Promise<string> {
  const agent = await server.client().beta.agents.create({ name, model });
  const { body } = await server.call("POST", "/v1/sessions", { body: { agent: agent.id, title: `${name}'s` } });
  // The API's own answer.
  return (body as { id: string }).id;
}

/** As a worker writes it; `day` is when. */
async function request(sessionId: string, input: { day: string; tokens: number; usd: string | null; model?: string }) {
  const model_usage = {
    input_tokens: input.tokens,
    output_tokens: 10,
    cache_read_input_tokens: 5,
    cache_creation_input_tokens: 1,
  };
  const id = newId("event");
  const details = { cost_usd: input.usd, ...(input.model ? { model: input.model } : {}) };
  const row = { session_id: sessionId, payload: JSON.stringify({ model_usage }), private: JSON.stringify(details) };
  await sql`with s as (update sessions set last_seq = last_seq + 1 where id = ${row.session_id} returning last_seq)
    insert into events (session_id, seq, id, team_id, type, payload, private, created_at)
    select ${row.session_id}, last_seq, ${id}, ${server.web.teamId}, 'span.model_request_end', ${row.payload}::jsonb,
      ${row.private}::jsonb, ${`${input.day}T23:59:59Z`}::timestamptz from s`.execute(server.web.db);
}
const report = async (query: string): Promise<UsageReport> => {
  const answer = await server.call("GET", `/v1/usage?${query}`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  // The API's own answer.
  return answer.body as UsageReport;
};

test("what was used is summed by day, agent, model and session, exactly", async () => {
  const [ada, bob] = [await newSession("Ada", "alpha"), await newSession("Bob", "beta")];
  await request(ada, { day: "2026-03-01", tokens: 100, usd: "0.1" });
  await request(ada, { day: "2026-03-01", tokens: 200, usd: "0.2" });
  await request(ada, { day: "2026-03-02", tokens: 50, usd: null, model: "gamma" });
  await request(bob, { day: "2026-03-02", tokens: 7, usd: "0.000001" });
  const payload = { name: "bash", input: {}, evaluated_permission: "allow" };
  const call = { id: newId("event"), type: "agent.tool_use", payload, processedAt: new Date() };
  await appendEvents(server.web.db, { sessionId: bob, events: [call] });

  const range = "starting_on=2026-03-01&ending_on=2026-03-02";
  const total = await report(range);
  expect(total).toMatchObject({ type: "usage_report", time_zone: "UTC", data: [], truncated: false });
  expect(total.totals).toEqual({
    model_requests: 4,
    unpriced_requests: 1,
    tool_calls: 0,
    input_tokens: 357,
    output_tokens: 40,
    cache_read_input_tokens: 20,
    cache_creation_input_tokens: 4,
    active_seconds: 0,
    list_cost_usd: "0.300001",
  });
  expect((await report(`${range}&group_by[]=day`)).data.map((row) => [row.day, row.input_tokens])).toEqual([
    ["2026-03-01", 300],
    ["2026-03-02", 57],
  ]);
  expect((await report(`${range}&group_by[]=agent`)).data.map((row) => [row.agent?.name, row.list_cost_usd])).toEqual([
    ["Ada", "0.3"],
    ["Bob", "0.000001"],
  ]);
  expect((await report(`${range}&group_by[]=model`)).data.map((row) => row.model)).toEqual(["alpha", "beta", "gamma"]);
  const both = await report(`${range}&group_by[]=day&group_by[]=model`);
  expect(both.data.map((row) => `${row.day} ${row.model} ${row.model_requests}`)).toEqual([
    "2026-03-01 alpha 2",
    "2026-03-02 beta 1",
    "2026-03-02 gamma 1",
  ]);

  await server.client().beta.sessions.delete(ada);
  const sessions = await report(`${range}&group_by[]=session`);
  expect(sessions.totals).toEqual(total.totals);
  expect(sessions.data.map((row) => row.session)).toEqual([
    { id: ada, title: null, deleted: true },
    { id: bob, title: "Bob's", deleted: false },
  ]);
  expect((await report("group_by[]=agent")).totals.tool_calls).toBe(1);

  const others = createUsage({ db: server.web.db, clock: systemClock });
  const foreign = await others.report("team_other", { starting_on: "2026-03-01", ending_on: "2026-03-02" });
  expect(foreign.totals.model_requests).toBe(0);
});

test.each([
  ["starting_on=2026-02-30", "is no day of the calendar"],
  ["starting_on=yesterday", "must be a day as 2026-01-31"],
  ["starting_on=2026-03-02&ending_on=2026-03-01", "is after ending_on"],
  ["starting_on=2020-01-01&ending_on=2026-03-01", "at most 366 days"],
  ["group_by[]=team", "group_by"],
  ["group_by[]=day&group_by[]=day", "names a group twice"],
  ["since=2026", "since"],
])("%s is refused in words", async (query, words) => {
  const answer = await server.call("GET", `/v1/usage?${query}`);
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body)).toContain(words);
});
