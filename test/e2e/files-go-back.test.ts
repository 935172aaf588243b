// Promise 2 with real sandboxes: a session's files go back with it, and a fork has its own copy of them.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sandboxesMissing } from "../support/local-sandboxd.ts";
import { type ScriptedProvider, startScriptedProvider } from "../support/scripted-provider.ts";
import { readSessionLog } from "../support/session-log.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

describe.skipIf(sandboxesMissing())("files go back", () => {
  let provider: ScriptedProvider;
  let system: System;
  let sessionId: string;
  beforeAll(async () => {
    provider = await startScriptedProvider();
    system = await startSystem({ env: { LITELLM_GATEWAY_URL: provider.url, LITELLM_API_KEY: "sk-test" } });
    const client = system.client();
    const tools = [{ type: "agent_toolset_20260401" as const }];
    const agent = await client.beta.agents.create({ name: "Keeper", model: "scripted", tools });
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    sessionId = (await client.beta.sessions.create({ agent: agent.id, environment_id })).id;
  }, 180_000);
  afterAll(async () => {
    await system?.dispose();
    await provider?.stop();
  });

  const ours = async (path: string, init: { method?: string; body?: unknown } = {}) => {
    const response = await fetch(`${system.url}/v1/sessions/${path}`, {
      method: init.method ?? "GET",
      headers: { "x-api-key": system.apiKey, "content-type": "application/json" },
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  const log = (id: string) => readSessionLog({ url: system.url, apiKey: system.apiKey, sessionId: id });
  /** Returns the message's id and what its command printed. */
  async function turn(id: string, command: string): Promise<{ message: string; printed: string }> {
    const ends = async () => (await log(id)).filter(({ type }) => type === "session.status_idle").length;
    const before = await ends();
    const content = [{ type: "text" as const, text: `RUNCMD[${command}]` }];
    const sent = await system.client().beta.sessions.events.send(id, { events: [{ type: "user.message", content }] });
    await until(async () => (await ends()) > before, { timeoutMs: 60_000, describe: () => system.output() });
    const result = (await log(id)).filter(({ type }) => type === "agent.tool_result").at(-1);
    return { message: sent.data?.[0]?.id ?? "", printed: JSON.stringify(result) };
  }
  /** Listing waits until they are back, for ten seconds; then it is asked again, as the SDKs do. */
  async function names(id: string): Promise<string[]> {
    const { text } = await until(async () => {
      const answer = await ours(`${id}/files`);
      return answer.status === 503 ? null : answer;
    });
    return (JSON.parse(text) as { data: { name: string }[] }).data.map(({ name }) => name).sort();
  }
  const content = async (id: string, path: string) => (await ours(`${id}/files/content?path=${path}`)).text;
  /** A worker may hold the session for its upkeep: then it is asked again, as the SDKs do. */
  async function insisting(path: string, body: unknown): Promise<Record<string, unknown>> {
    let answer = { status: 0, text: "" };
    await until(async () => {
      answer = await ours(path, { method: "POST", body });
      return answer.status !== 409;
    });
    expect(answer).toMatchObject({ status: 200 });
    return JSON.parse(answer.text) as Record<string, unknown>;
  }

  test("a rewind sets them back, ends what runs, and its fork keeps its own", async () => {
    await turn(sessionId, "echo one > a; mkdir d; ln -s ../a d/link; printf 1 > d/x; chmod 750 d/x");
    const second = await turn(sessionId, "echo two > a; rm -r d; touch new; (sleep 1000 & echo $! > ~/pid)");
    expect(await names(sessionId)).toEqual(["a", "new"]);
    const whole = await insisting(`${sessionId}/fork`, {});
    const copy = await insisting(`${sessionId}/fork`, { event_id: second.message });
    await insisting(`${sessionId}/rewind`, { event_id: second.message });

    expect(await names(sessionId)).toEqual(["a", "d"]);
    expect(await content(sessionId, "a")).toBe("one\n");
    const restored = (await log(sessionId)).find(({ type }) => type === "session.restored");
    expect(restored).toMatchObject({ reason: "rewind", exact: true, refused: [], removed: 2 });
    const looked = await turn(sessionId, "cat d/link; stat -c %a d/x; ls ~; pgrep sleep || echo nothing runs");
    expect(looked.printed).toContain("one\\n750\\nnothing runs");
    expect(looked.printed).toContain("so did the sandbox");

    expect(await names(String(copy.id))).toEqual(["a", "d"]);
    expect(await names(String(whole.id))).toEqual(["a", "new"]);
    await turn(String(copy.id), "echo fork > a");
    expect(await content(sessionId, "a")).toBe("one\n");
    expect(await content(String(whole.id), "a")).toBe("two\n");
    const status = JSON.parse((await ours(`${sessionId}/sandbox`)).text) as { restore: unknown };
    expect(status.restore).toBeNull();
  }, 240_000);
});
