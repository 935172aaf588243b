// The README's SDK example and its curl lines, taken from the README and run.
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type System, startSystem } from "../support/system.ts";

const run = promisify(execFile);
const repository = path.resolve(import.meta.dirname, "../..");
let system: System;

beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system?.dispose());

async function readmeBlock(language: string, containing: string): Promise<string> {
  const readme = await readFile(path.join(repository, "README.md"), "utf8");
  for (const match of readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)) {
    if (match[1] === language && match[2]?.includes(containing)) return match[2];
  }
  throw new Error(`README has no ${language} block with ${containing}`);
}

test("the official SDK example answers, with a tool call", async () => {
  const code = await readmeBlock("ts", "new Anthropic");
  expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(16);
  const directory = path.join(repository, "test-results", "readme");
  await mkdir(directory, { recursive: true });
  const file = path.join(directory, "example.ts");
  await writeFile(file, code);
  try {
    const { stdout } = await run("node", [file], {
      env: { ...process.env, BERTH_URL: system.url, BERTH_API_KEY: system.apiKey },
      timeout: 60_000,
    });
    expect(stdout).toContain("agent.tool_use");
    expect(stdout).toMatch(/agent\.tool_result .*Linux/);
    expect(stdout).toContain('"stop_reason":{"type":"end_turn"}');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test("the curl lines, in the words of the API alias, answer", async () => {
  const headers = { "x-api-key": system.apiKey };
  const post = async (pathname: string, body: unknown) => {
    const response = await fetch(system.url + pathname, { method: "POST", headers, body: JSON.stringify(body) });
    expect(response.status, await response.clone().text()).toBeLessThan(300);
    return response.json();
  };
  const lines = await readmeBlock("sh", "/api/sessions");
  expect(lines).toContain('{"name":"Hello","model":"demo","tools":[{"type":"agent_toolset_20260401"}]}');
  const agent = await post("/api/agents", {
    name: "Hello",
    model: "demo",
    tools: [{ type: "agent_toolset_20260401" }],
  });
  const session = await post("/api/sessions", { agent_id: agent.id });
  await post(`/api/sessions/${session.id}/events`, {
    events: [{ type: "user.message", content: [{ type: "text", text: "Run `ls -la`" }] }],
  });
  const stream = await fetch(`${system.url}/api/sessions/${session.id}/events/stream`, {
    headers: { ...headers, "last-event-id": "0" },
  });
  let text = "";
  for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.includes("session.status_idle")) break;
  }
  expect(text).toContain("event: agent.tool_result");
  expect(text).toMatch(/^id: 1$/m);
});
