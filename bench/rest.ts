// A large database at rest: 100,000 sessions with ten million entries, of which 10,000 are open (they have streams, or a sandbox
// that sleeps). What reading costs then, and that idle sessions cost a row and no process.
import { request } from "node:http";
import pg from "pg";
import { findEmbeddedPostgresUrl } from "../src/db/embedded/embedded-postgres.ts";
import type { Figure } from "./figures.ts";
import { median, percentile } from "./statistics.ts";
import { type RunningBerth, withBerth } from "./system.ts";

const SESSIONS = Number(process.env.BENCH_SESSIONS ?? 100_000);
const ENTRIES = 100;
const OPEN = Math.min(10_000, SESSIONS);
const ASKS = 400;
const GOAL_MS = 20;

export async function benchRest(print: (line: string) => void): Promise<Figure[]> {
  return withBerth({}, async (running) => {
    const before = (await running.processes()).length;
    const client = new pg.Client({ connectionString: findEmbeddedPostgresUrl(running.system.dataDir) ?? "" });
    await client.connect();
    try {
      const startMs = performance.now();
      await makeDataSet(client, running);
      print(
        `${SESSIONS} sessions, ${SESSIONS * ENTRIES} entries in ${((performance.now() - startMs) / 1000).toFixed(0)} s`,
      );
      const figures = await ask(client, running);
      for (const line of await worstPlan(client)) print(line);
      // Warm sandboxes come and go; sessions must not bring any.
      const grown = (await running.processes()).length - before;
      return [
        ...figures,
        {
          name: "processes more than with an empty database",
          value: grown,
          unit: "",
          goal: { of: "value", is: "≤", limit: 2 },
        },
      ];
    } finally {
      await client.end();
    }
  });
}

const idSql = (prefix: string, number: string) => `'${prefix}_' || lpad(to_hex(${number}), 26, '0')`;

/** By the server itself, with the triggers that a load of old data would not want. */
async function makeDataSet(client: pg.Client, { agentId, environmentId }: RunningBerth): Promise<void> {
  await client.query("set synchronous_commit = off");
  await client.query("alter table events disable trigger user");
  await client.query(
    `insert into sessions (id, team_id, agent_id, agent_version, agent, environment_id, title, status, stop_reason, last_seq, created_at, updated_at)
     select ${idSql("sesn", "n")}, a.team_id, a.id, a.version, v.definition || jsonb_build_object('type', 'agent', 'id', a.id, 'version', a.version,
         'mcp_servers', '[]'::jsonb, 'skills', '[]'::jsonb, 'multiagent', null, 'execution_identity', '{"type":"service_account"}'::jsonb),
       $2, 'Session ' || n, 'idle', '{"type":"end_turn"}', $3, now() - n * interval '1 second', now() - n * interval '1 second'
     from generate_series(1, $4::int) n, agents a join agent_versions v on v.agent_id = a.id and v.version = a.version where a.id = $1`,
    [agentId, environmentId, ENTRIES, SESSIONS],
  );
  const batch = 10_000;
  for (let from = 1; from <= SESSIONS; from += batch) {
    await client.query(
      `insert into events (session_id, seq, id, team_id, type, payload, created_at, processed_at)
       select ${idSql("sesn", "n")}, seq, ${idSql("sevt", `n::bigint * ${ENTRIES} + seq`)}, s.team_id,
         (array['agent.message', 'agent.tool_use', 'agent.tool_result', 'span.model_request_start', 'span.model_request_end'])[1 + seq % 5],
         jsonb_build_object('content', jsonb_build_array(jsonb_build_object('type', 'text', 'text', repeat('word ', 20))),
           'name', 'bash', 'input', '{}'::jsonb, 'evaluated_permission', 'allow', 'is_error', false), s.created_at, s.created_at
       from generate_series($1::int, $2::int) n join sessions s on s.id = ${idSql("sesn", "n")}, generate_series(1, ${ENTRIES}) seq`,
      [from, Math.min(from + batch - 1, SESSIONS)],
    );
  }
  await client.query(
    `insert into sandboxes (session_id, team_id, name, backend, identity, state, last_used_at)
     select id, team_id, id, 'elsewhere', id, 'hibernated', now() from sessions order by created_at desc limit $1`,
    [OPEN],
  );
  await client.query("alter table events enable trigger user");
  await client.query("vacuum analyze sessions, events, sandboxes");
}

type Question = { name: string; path: (sessionId: string) => string; sql: string };
const QUESTIONS: readonly Question[] = [
  {
    name: "list of 20 sessions",
    path: () => "/v1/sessions?limit=20",
    sql: "select * from sessions where team_id = (select id from teams limit 1) and archived_at is null order by created_at desc, id desc limit 21",
  },
  {
    name: "one session",
    path: (id) => `/v1/sessions/${id}`,
    sql: "select * from sessions where id = $1",
  },
  {
    name: "a page of 100 events",
    path: (id) => `/v1/sessions/${id}/events?limit=100`,
    sql: "select * from events where session_id = $1 order by seq limit 101",
  },
];

async function ask(client: pg.Client, { system }: RunningBerth): Promise<Figure[]> {
  const figures: Figure[] = [];
  const ids = (count: number) =>
    Array.from({ length: count }, (_, index) => {
      const number = 1 + ((index * 7_919) % SESSIONS);
      return `sesn_${number.toString(16).padStart(26, "0")}`;
    });
  for (const { name, path, sql } of QUESTIONS) {
    const times: number[] = [];
    const raw: number[] = [];
    for (const [index, id] of ids(ASKS + 20).entries()) {
      const ms = await timed(() => read(`${system.url}${path(id)}`, system.apiKey));
      const rawMs = await timed(() => client.query(sql, sql.includes("$1") ? [id] : []));
      // The first ones pay for connections and prepared statements.
      if (index < 20) continue;
      times.push(ms);
      raw.push(rawMs);
    }
    figures.push({
      name: `${name}, p99 of ${ASKS} (baseline: its plain query)`,
      value: percentile(times, 0.99),
      baseline: percentile(raw, 0.99),
      unit: "ms",
      goal: { of: "value", is: "≤", limit: GOAL_MS },
      note: `p50 ${median(times).toFixed(1)} ms, query ${median(raw).toFixed(1)} ms`,
    });
  }
  const starts: number[] = [];
  for (const [index, id] of ids(ASKS + 20).entries()) {
    const ms = await timed(() => firstBytes(`${system.url}/v1/sessions/${id}/events/stream`, system.apiKey));
    if (index >= 20) starts.push(ms);
  }
  figures.push({
    name: `start of a stream that replays 100 entries, p99 of ${ASKS}`,
    value: percentile(starts, 0.99),
    unit: "ms",
    goal: { of: "value", is: "≤", limit: GOAL_MS },
    note: `p50 ${median(starts).toFixed(1)} ms`,
  });
  return figures;
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await act();
  return performance.now() - startMs;
}

async function read(url: string, apiKey: string): Promise<void> {
  const response = await fetch(url, { headers: { "x-api-key": apiKey } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 300)}`);
}

/** Until the first replayed entry is read. */
function firstBytes(url: string, apiKey: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { agent: false, headers: { "x-api-key": apiKey, "last-event-id": "0" } },
      (response) => {
        response.on("data", (chunk: Buffer) => {
          if (!chunk.includes("id: 1\n")) return;
          outgoing.destroy();
          resolve();
        });
        response.on("error", () => undefined);
      },
    );
    outgoing.on("error", (error) => (outgoing.destroyed ? undefined : reject(error)));
    outgoing.end();
  });
}

/** The slowest of the plain queries, as Postgres explains it. */
async function worstPlan(client: pg.Client): Promise<string[]> {
  const id = `sesn_${(SESSIONS >> 1).toString(16).padStart(26, "0")}`;
  let worst: { ms: number; lines: string[] } = { ms: -1, lines: [] };
  for (const { name, sql } of QUESTIONS) {
    const { rows } = await client.query<{ "QUERY PLAN": string }>(
      `explain (analyze, buffers) ${sql}`,
      sql.includes("$1") ? [id] : [],
    );
    const lines = rows.map((row) => row["QUERY PLAN"]);
    const ms = Number(/Execution Time: ([\d.]+)/.exec(lines.join("\n"))?.[1] ?? 0);
    if (ms > worst.ms) worst = { ms, lines: [`the slowest query, ${name}:`, ...lines.map((line) => `  ${line}`)] };
  }
  return worst.lines;
}
