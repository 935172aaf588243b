// What a script reads from `berth`: every exit code of docs/cli.md, brought about.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { childEnv } from "../../src/lib/child-env.ts";
import { type ScriptedProvider, startScriptedProvider } from "../support/scripted-provider.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

const repository = path.resolve(import.meta.dirname, "../..");
let provider: ScriptedProvider;
let system: System;

beforeAll(async () => {
  provider = await startScriptedProvider();
  system = await startSystem({ env: { LITELLM_GATEWAY_URL: provider.url, LITELLM_API_KEY: "sk-test" } });
  const client = system.client();
  const tools = (type: "always_ask" | "always_allow") => [
    { type: "agent_toolset_20260401" as const, default_config: { permission_policy: { type } } },
  ];
  await client.beta.agents.create({ name: "Asker", model: "scripted", tools: tools("always_ask") });
  await client.beta.agents.create({ name: "Doer", model: "scripted", tools: tools("always_allow") });
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await system?.dispose();
  await provider?.stop();
});

type Run = { child: ChildProcess; said: () => string; code: Promise<number | null> };

function berth(...args: string[]): Run {
  const child = spawn("node", [path.join(repository, "scripts", "berth.cjs"), ...args], {
    env: childEnv({ PATH: process.env.PATH, HOME: process.env.HOME, BERTH_DATA_DIR: system.dataDir }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      said += chunk;
    });
  return { child, said: () => said, code: once(child, "close").then(([code]) => code) };
}

test("docs/cli.md names the codes that there are", async () => {
  const page = await readFile(path.join(repository, "docs", "cli.md"), "utf8");
  const named = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  expect(named).toEqual(Object.values(EXIT));
});

test("0: the turn ended", async () => {
  expect(await berth("run", "Hello", "--agent", "Doer").code).toBe(EXIT.done);
});

test.each<[string, string[], RegExp]>([
  ["usage", ["run"], /missing required argument[\s\S]*berth help/],
  ["an unknown option", ["ls", "--wating"], /Did you mean --waiting/],
  ["a number that is none", ["ls", "--limit", "many"], /whole number from 1 to/],
  ["options that do not go together", ["ls", "--agents", "--waiting"], /leave out --agents/],
  ["no server", ["ls", "--url", "http://127.0.0.1:9", "--api-key", "some-key"], /Is it running\? `berth up`/],
  ["a wrong key", ["ls", "--api-key", "wrong-key-wrong-key"], /Set BERTH_API_KEY or --api-key/],
  ["a session that is not there", ["logs", "sesn_unknown"], /sesn_unknown/],
  ["nothing to answer", ["approve", "sesn_unknown"], /sesn_unknown/],
  ["a server that is none", ["doctor", "--url", "PROVIDER", "--api-key", "some-key"], /is not Berth|answered 404/],
])("1: %s, told with what to do", async (_what, args, words) => {
  const run = berth(...args.map((arg) => (arg === "PROVIDER" ? provider.url : arg)));
  expect(await run.code, run.said()).toBe(EXIT.failed);
  expect(run.said()).toMatch(words);
});

test("1: doctor, when the server cannot be used", async () => {
  expect(await berth("doctor").code).toBe(EXIT.done);
  const run = berth("doctor", "--api-key", "wrong-key-wrong-key");
  expect(await run.code).toBe(EXIT.failed);
  expect(run.said()).toContain("DOWN");
});

test("2: the agent waits for a person, and nobody can be asked", async () => {
  const run = berth("run", "RUNCMD[echo hi]", "--agent", "Asker");
  expect(await run.code, run.said()).toBe(EXIT.waiting);
  expect(run.said()).toMatch(/Answer with: berth approve sesn_/);
});

test("3: the turn failed, with the reason", async () => {
  provider.script([{ status: 401, error: { message: "Incorrect API key provided", type: "auth_error" } }]);
  const run = berth("run", "Hello", "--agent", "Doer");
  expect(await run.code, run.said()).toBe(EXIT.turnFailed);
  expect(run.said()).toMatch(/The turn failed:.*LITELLM_API_KEY/s);
});

test("130: Ctrl-C interrupted the turn", async () => {
  const run = berth("run", "RUNCMD[sleep 60]", "--agent", "Doer");
  await until(() => run.said().includes("● bash  sleep 60"), { describe: run.said });
  run.child.kill("SIGINT");
  expect(await run.code, run.said()).toBe(EXIT.interrupted);
});
