// One session aborts every worker that asks its model. It is ended, alone; ten others lose nothing by it, however many workers die.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ScriptedProvider, startScriptedProvider } from "../support/scripted-provider.ts";
import { expectSoundLog, readSessionLog } from "../support/session-log.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

const preload = pathToFileURL(path.resolve(import.meta.dirname, "../support/abort-on-marker.mjs")).href;
const INNOCENTS = 10;
const DEATHS = 5;
/** As many as a worker holds alone at once. With more, some are held together again. */
const MAX_ALONE = 3;

let provider: ScriptedProvider;
let system: System;
let client: Anthropic;
let environmentId: string;
let agentId: string;

beforeAll(async () => {
  provider = await startScriptedProvider();
  const poison = Array.from({ length: 50 }, () => ({ text: "ABORT-THE-WORKER" }));
  provider.script(poison, (body) => JSON.stringify(body.messages.at(-1)).includes("the poisoned one"));
  system = await startSystem({
    env: { LITELLM_GATEWAY_URL: provider.url, LITELLM_API_KEY: "sk-test", NODE_OPTIONS: `--import=${preload}` },
  });
  client = system.client();
  agentId = (
    await client.beta.agents.create({
      name: "Anyone",
      model: "scripted",
      tools: [{ type: "agent_toolset_20260401" }],
    })
  ).id;
  environmentId = (await client.beta.environments.list()).data[0]?.id ?? "";
});
afterAll(async () => {
  await system?.dispose();
  await provider?.stop();
});

const log = (sessionId: string) => readSessionLog({ url: system.url, apiKey: system.apiKey, sessionId });
const statusOf = async (sessionId: string) => (await client.beta.sessions.retrieve(sessionId)).status;

async function say(text: string): Promise<string> {
  const { id } = await client.beta.sessions.create({ agent: agentId, environment_id: environmentId });
  await client.beta.sessions.events.send(id, {
    events: [{ type: "user.message", content: [{ type: "text", text }] }],
  });
  return id;
}

/** The worker and all that hold a session alone, of this test's system. */
function workerPids(): number[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const ours = readFileSync(`/proc/${entry}/environ`, "utf8").includes(`BERTH_DATA_DIR=${system.dataDir}\0`);
      const isWorker = /^berth-worker|src\/bin\/worker\.ts/.test(readFileSync(`/proc/${entry}/cmdline`, "utf8"));
      return ours && isWorker ? [Number(entry)] : [];
    } catch {
      return []; // It has ended.
    }
  });
}

/** How many sessions the workers hold now that were started since. */
async function running(since: number): Promise<number> {
  const response = await fetch(`${system.url}/v1/overview`, { headers: { "x-api-key": system.apiKey } });
  const { workers }: { workers: { running: number; started_at: string }[] } = await response.json();
  const young = workers.filter((worker) => Date.parse(worker.started_at) > since);
  return young.reduce((sum, worker) => sum + worker.running, 0);
}

const upload = (sessionId: string, name: string) =>
  fetch(`${system.url}/v1/sessions/${sessionId}/files/content?path=${name}`, {
    method: "POST",
    headers: { "x-api-key": system.apiKey },
    body: "now",
  });

test("exactly the poisoned one is terminated; ten others with long commands see five deaths and end well", async () => {
  const command = "echo begun >> lines; until test -e go; do sleep 0.2; done; echo finished >> lines; cat lines";
  const call = JSON.stringify({ command, timeout_ms: 3_600_000 });
  const innocents = await Promise.all(Array.from({ length: INNOCENTS }, () => say(`CALLTOOL[bash ${call}]`)));
  for (const id of innocents) {
    const begun = async () => (await log(id)).some((entry) => entry.type === "agent.tool_use");
    await until(begun, { timeoutMs: 60_000, intervalMs: 100 });
  }
  await until(async () => (await running(0)) === INNOCENTS, { intervalMs: 200 });
  const poisoned = await say("You are the poisoned one.");
  await until(async () => (await statusOf(poisoned)) === "terminated", {
    timeoutMs: 240_000,
    intervalMs: 500,
    describe: system.output,
  });
  // It took two workers with it that held others too; from then on it was alone.
  const together = system.output().match(/worker was ended by SIGABRT/g) ?? [];
  expect(together, system.output()).toHaveLength(2);
  const alone = system.output().match(/a process died while it held one session alone/g) ?? [];
  expect(alone, system.output()).toHaveLength(3);

  for (let deaths = together.length; deaths < DEATHS; deaths++) {
    const before = await system.pid("worker");
    const killedAt = Date.now();
    for (const pid of workerPids()) process.kill(pid, "SIGKILL");
    const replaced = async () => ![null, before].includes(await system.pid("worker"));
    await until(replaced, { timeoutMs: 60_000, intervalMs: 50, describe: system.output });
    // Held again, so that the next death takes them too.
    await until(async () => (await running(killedAt)) > MAX_ALONE, { timeoutMs: 60_000, intervalMs: 200 });
  }
  expect(system.output().match(/worker was ended by SIG(ABRT|KILL)/g), system.output()).toHaveLength(DEATHS);
  for (const id of innocents) {
    expect(await statusOf(id)).toBe("running");
    expect((await upload(id, "go")).status).toBe(200);
  }
  for (const id of innocents) {
    await until(async () => (await statusOf(id)) === "idle" && (await log(id)).at(-1)?.type === "session.status_idle", {
      timeoutMs: 120_000,
      intervalMs: 200,
      describe: system.output,
    });
    const entries = await log(id);
    expectSoundLog(entries);
    expect(entries.filter((entry) => entry.type === "session.error")).toEqual([]);
    const results = entries.filter((entry) => entry.type === "agent.tool_result");
    expect(results).toHaveLength(1);
    expect(JSON.stringify(results[0]?.content)).toContain("begun\\nfinished");
  }

  const entries = await log(poisoned);
  expect(entries.find((entry) => entry.type === "session.error")).toMatchObject({
    error: { retry_status: { type: "terminal" }, message: expect.stringContaining("3 times in a row") },
  });
  expect(entries.at(-1)?.type).toBe("session.status_terminated");
}, 480_000);
