// Calls of `web_fetch` and `web_search` in turns: what the model and the workspace get, what `url_sources` allows, and interrupts.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn } from "../../test/support/scripted-model.ts";
import { createTurnWorld, type TestWorker, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import { CALLER, startWebWorld, type WebWorld } from "../../test/support/web-world.ts";
import type { AgentTool } from "../contract/agents.ts";

const LONG = "0123456789".repeat(20_000);
let world: TurnWorld;
let web: WebWorld;
const workers: TestWorker[] = [];
beforeAll(async () => {
  world = await createTurnWorld();
  web = await startWebWorld({
    hosts: ["site.example.com"],
    handle(request, response) {
      if (request.url === "/silent") return;
      response.writeHead(200, { "content-type": "text/plain" });
      response.end(request.url === "/long" ? LONG : `the words of ${request.url}`);
    },
    search: (_, response) =>
      void response.end(JSON.stringify({ results: [{ url: "https://site.example.com/found", title: "Found" }] })),
  });
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.stop();
});
afterAll(async () => {
  await web.close();
  await world.dispose();
});

async function start(...answers: Parameters<typeof inTurn>) {
  for (const worker of workers.splice(0)) await worker.stop();
  const model = createScriptedModel(inTurn(...answers));
  const backend = createMemoryBackend();
  workers.push(await world.startWorker({ model, backend, webTools: web.tools }));
  return { model, backend };
}
const call = (name: string, input: Record<string, unknown>) => ({ toolCalls: [{ name, input }] });
const toolset = (config: Record<string, unknown>): AgentTool[] => [
  {
    type: "agent_toolset_20260401",
    default_config: { enabled: true, permission_policy: { type: "always_allow" } },
    configs: [
      {
        ...{ type: "web_fetch", name: "web_fetch", enabled: true, permission_policy: { type: "always_allow" } },
        ...config,
      },
    ],
  },
];
const resultsIn = (log: Awaited<ReturnType<TurnWorld["log"]>>) =>
  log.filter(({ type }) => type === "agent.tool_result").map(({ payload }) => payload);

test("a search and a fetch need no sandbox, and the model gets what they bring", async () => {
  const { model, backend } = await start(
    call("web_search", { query: "words" }),
    call("web_fetch", { url: "https://site.example.com/found" }),
    { text: "Read." },
  );
  const sessionId = await world.createSession();
  await world.say(sessionId, "Go");
  const [search, fetched] = resultsIn(await world.settled(sessionId, { reason: "end_turn" }));
  expect(search).toMatchObject({ is_error: false, content: [{ text: expect.stringContaining("1. Found") }] });
  expect(fetched).toMatchObject({
    is_error: false,
    content: [{ text: expect.stringContaining("the words of /found") }],
  });
  expect(model.requests[0]?.tools.map(({ name }) => name)).toContain("web_search");
  expect(backend.started).toEqual([]);
  expect(web.lines.at(-1)).toMatchObject({ sessionId, detail: "web_fetch" });
  expect(sessionId).not.toBe(CALLER.sessionId);
});

test("what is too much to show is a file in the workspace", async () => {
  const { backend } = await start(call("web_fetch", { url: "https://site.example.com/long" }), { text: "Read." });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Go");
  const [result] = resultsIn(await world.settled(sessionId, { reason: "end_turn" }));
  const [notice] = (result?.content ?? []) as { text: string }[];
  const path = /\[All of it is in (\S+), as others wrote it\.\]/.exec(notice?.text ?? "")?.[1] ?? "";
  expect(path).toMatch(/^\/workspace\/\.web\/site\.example\.com-long-\w{6}\.md$/);
  expect(backend.started.map(({ operation }) => operation.kind)).toEqual(["write"]);
  const written = backend.started[0]?.operation;
  expect(written?.kind === "write" && written.filePath === path && written.content === LONG).toBe(true);
});

test("without a sandbox the beginning is shown, and said to be all that was kept", async () => {
  const { backend } = await start(call("web_fetch", { url: "https://site.example.com/long" }), { text: "Read." });
  backend.broken = "no room";
  const sessionId = await world.createSession();
  await world.say(sessionId, "Go");
  const [result] = resultsIn(await world.settled(sessionId, { reason: "end_turn" }));
  expect(result).toMatchObject({
    is_error: false,
    content: [{ text: "[The rest could not be kept in the sandbox.]" }, { text: expect.stringContaining("01234") }],
  });
});

describe("url_sources: an address has to stand in what the agent's definition says", () => {
  const fetchAfter = async (said: string, config: Record<string, unknown>, ...before: ReturnType<typeof call>[]) => {
    await start(...before, call("web_fetch", { url: "https://site.example.com/found" }), { text: "Read." });
    const sessionId = await world.createSession({ tools: toolset({ url_sources: config }) });
    await world.say(sessionId, said);
    return resultsIn(await world.settled(sessionId, { reason: "end_turn" })).at(-1);
  };
  const ALL = { user_input: null, client_tool_results: null, server_tool_results: null };
  const search = call("web_search", { query: "x" });

  test("in the user's words", async () => {
    const said = "See (https://site.example.com/found), please.";
    expect(await fetchAfter(said, ALL)).toMatchObject({ is_error: false });
    expect(await fetchAfter(said, { ...ALL, user_input: { type: "none" } })).toMatchObject({ is_error: true });
  });

  test("in what a search brought", async () => {
    expect(await fetchAfter("Search", ALL, search)).toMatchObject({ is_error: false });
    const none = { ...ALL, server_tool_results: { type: "none" } };
    expect(await fetchAfter("Search", none, search)).toMatchObject({ is_error: true });
    const tools = [{ type: "tool_reference", name: "web_search" }];
    const except = { ...ALL, server_tool_results: { type: "except", tools } };
    expect(await fetchAfter("Search", except, search)).toMatchObject({ is_error: true });
    const only = { ...ALL, server_tool_results: { type: "only", tools } };
    expect(await fetchAfter("Search", only, search)).toMatchObject({ is_error: false });
  });

  test("and an address of the model's own making, or one that was refused before, is not fetched", async () => {
    const asked = web.upstream.requests.length;
    const refused = call("web_fetch", { url: "https://site.example.com/found" });
    const result = await fetchAfter("Go to https://site.example.com/found/else", ALL, refused);
    expect(result).toMatchObject({ is_error: true, content: [{ text: expect.stringContaining("url_sources") }] });
    expect(web.upstream.requests).toHaveLength(asked);
    expect(web.lines.at(-1)).toMatchObject({ rule: "url_sources", decision: "deny" });
  });
});

test("an interrupt ends a fetch at once", async () => {
  await start(call("web_fetch", { url: "https://site.example.com/silent" }), { text: "never" });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Go");
  await until(() => web.upstream.requests.some((request) => request.endsWith("/silent")));
  await world.send(sessionId, { type: "user.interrupt" });
  const log = await world.settled(sessionId);
  expect(resultsIn(log)).toMatchObject([{ is_error: true, content: [{ text: "Interrupted by the user." }] }]);
});
