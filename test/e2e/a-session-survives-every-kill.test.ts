// Promise 1 and 2: any part is killed with -9 in the middle of a turn, and nothing is lost or done twice.
import type Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ScriptedProvider, startScriptedProvider } from "../support/scripted-provider.ts";
import { expectSoundLog, type LogEntry, readSessionLog } from "../support/session-log.ts";
import { type Part, type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

let provider: ScriptedProvider;
let system: System;
let client: Anthropic;
let agentId: string;

beforeAll(async () => {
  provider = await startScriptedProvider();
  system = await startSystem({ env: { LITELLM_GATEWAY_URL: provider.url, LITELLM_API_KEY: "sk-test" } });
  client = system.client();
  const agent = await client.beta.agents.create({
    name: "Survivor",
    model: "scripted",
    tools: [{ type: "agent_toolset_20260401" }],
  });
  agentId = agent.id;
});
afterAll(async () => {
  await system?.dispose();
  await provider?.stop();
});

let sessionId = "";
beforeEach(async () => {
  provider.reset();
  const environments = await client.beta.environments.list();
  const environment = environments.data[0];
  if (!environment) throw new Error("the default environment is missing");
  sessionId = (await client.beta.sessions.create({ agent: agentId, environment_id: environment.id })).id;
});

const log = () => readSessionLog({ url: system.url, apiKey: system.apiKey, sessionId });
const send = (text: string) =>
  client.beta.sessions.events.send(sessionId, {
    events: [{ type: "user.message", content: [{ type: "text", text }] }],
  });

async function untilIdle(): Promise<LogEntry[]> {
  await until(
    async () => {
      const session = await client.beta.sessions.retrieve(sessionId).catch(() => null);
      return session?.status === "idle" && (await log()).at(-1)?.type === "session.status_idle";
    },
    {
      timeoutMs: 60_000,
      intervalMs: 200,
      describe: () => `session ${sessionId} did not become idle\n${system.output()}`,
    },
  );
  return log();
}

/** A turn that appends one line to a file, slowly, so that there is time to kill something while it runs. */
const slowAppend = "echo started >> lines.txt; sleep 2; echo finished >> lines.txt; cat lines.txt";

test.each<Part>(["web", "worker"])(
  "kill -9 of %s while a command runs: the turn ends, the command ran once",
  async (part) => {
    await send(`RUNCMD[${slowAppend}]`);
    await until(async () => (await log()).some((entry) => entry.type === "agent.tool_use"), {
      timeoutMs: 30_000,
      intervalMs: 50,
    });
    await system.killPart(part);
    await until(async () => (await fetch(`${system.url}/healthz`).catch(() => null))?.ok, { timeoutMs: 30_000 });
    const entries = await untilIdle();
    expectSoundLog(entries);
    const result = entries.find((entry) => entry.type === "agent.tool_result");
    expect(JSON.stringify(result?.content)).toContain("started\\nfinished");
    await send("RUNCMD[cat lines.txt]");
    const after = await untilIdle();
    expectSoundLog(after);
    const lines = after.filter((entry) => entry.type === "agent.tool_result").at(-1);
    expect(JSON.stringify(lines?.content).match(/finished/g)).toHaveLength(1);
  },
);

test("kill -9 of the worker while the model streams: the request is made again, the log is sound", async () => {
  provider.script([{ text: "cut in the middle", hold: true }]);
  await send("Answer please");
  await provider.held();
  await system.killPart("worker");
  const entries = await untilIdle();
  expectSoundLog(entries);
  const ends = entries.filter((entry) => entry.type === "span.model_request_end");
  expect(ends.map((entry) => entry.is_error)).toEqual([true, false]);
  expect(entries.filter((entry) => entry.type === "agent.message")).toHaveLength(1);
});

test("kill -9 of Postgres while a command runs: no acknowledged event is lost, the turn ends", async () => {
  await send(`RUNCMD[${slowAppend}]`);
  await until(async () => (await log()).some((entry) => entry.type === "agent.tool_use"), {
    timeoutMs: 30_000,
    intervalMs: 50,
  });
  const before = await log();
  await system.killPart("postgres");
  const entries = await untilIdle();
  expectSoundLog(entries);
  expect(entries.slice(0, before.length).map((entry) => entry.id)).toEqual(before.map((entry) => entry.id));
  expect(JSON.stringify(entries.find((entry) => entry.type === "agent.tool_result")?.content)).toContain("finished");
});

test("kill -9 of sandboxd while a command runs: the result says that it may have run, the files stay", async () => {
  await send(`RUNCMD[${slowAppend}]`);
  await until(async () => (await log()).some((entry) => entry.type === "agent.tool_use"), {
    timeoutMs: 30_000,
    intervalMs: 50,
  });
  await until(async () => (await client.beta.sessions.retrieve(sessionId)).status === "running");
  await system.killPart("sandboxd");
  const entries = await untilIdle();
  expectSoundLog(entries);
  await send("RUNCMD[cat lines.txt || echo none]");
  const after = await untilIdle();
  expectSoundLog(after);
  const text = JSON.stringify(after.filter((entry) => entry.type === "agent.tool_result").at(-1)?.content);
  expect((text.match(/(?<!re)started/g) ?? []).length).toBeLessThanOrEqual(1);
});

test("kill -9 of the egress broker: nothing is reached without it, the next one listens again, and the audit goes on", async () => {
  const ask = async () => {
    await send("RUNCMD[curl -sS -m 5 https://missing.example.invalid/x?secret=1 2>&1; echo; echo done]");
    const entries = await untilIdle();
    expectSoundLog(entries);
    return JSON.stringify(entries.filter((entry) => entry.type === "agent.tool_result").at(-1)?.content);
  };
  const lines = async () => {
    const path = `/v1/egress_requests?session_id=${sessionId}`;
    const answer = await fetch(`${system.url}${path}`, { headers: { "x-api-key": system.apiKey } });
    return ((await answer.json()) as { data: Record<string, unknown>[] }).data;
  };
  const refused = expect.objectContaining({ host: "missing.example.invalid", path: "/x", decision: "error" });
  expect(await ask()).toContain("unresolved");
  await until(async () => (await lines()).length === 1, { timeoutMs: 10_000 });
  expect(await lines()).toEqual([refused]);
  const before = await system.pid("egress");
  await system.killPart("egress");
  await until(async () => ![null, before].includes(await system.pid("egress")), { timeoutMs: 20_000 });
  await until(async () => (await ask()).includes("unresolved"), { timeoutMs: 30_000 });
  await until(async () => (await lines()).length > 1, { timeoutMs: 10_000 });
});

test("kill -9 of npm start in the middle of a turn, then npm start: the turn goes on, files and conversation are there", async () => {
  await send("RUNCMD[echo kept > kept.txt]");
  await untilIdle();
  provider.script([{ text: "cut in the middle", hold: true }]);
  await send("Answer please");
  await provider.held();
  const before = await log();
  await system.kill();
  await system.start();
  const entries = await untilIdle();
  expectSoundLog(entries);
  expect(entries.slice(0, before.length).map((entry) => entry.id)).toEqual(before.map((entry) => entry.id));
  await send("RUNCMD[cat kept.txt]");
  const after = await untilIdle();
  expect(JSON.stringify(after.filter((entry) => entry.type === "agent.tool_result").at(-1)?.content)).toContain("kept");
});

test("Ctrl-C and npm start: everything is there again", async () => {
  await send("RUNCMD[echo again > again.txt; sleep 1]");
  await until(async () => (await log()).some((entry) => entry.type === "agent.tool_use"), {
    timeoutMs: 30_000,
    intervalMs: 50,
  });
  expect(await system.stop()).toBe(0);
  for (const part of ["supervisor", "web", "worker", "postgres", "sandboxd", "egress"] as const)
    expect(await system.pid(part)).toBeNull();
  await system.start();
  const entries = await untilIdle();
  expectSoundLog(entries);
  await send("RUNCMD[ls]");
  const after = await untilIdle();
  expect(JSON.stringify(after.filter((entry) => entry.type === "agent.tool_result").at(-1)?.content)).toContain(
    "again.txt",
  );
});
