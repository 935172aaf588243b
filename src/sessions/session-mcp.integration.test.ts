// Turns with a real MCP server over TLS: its tools are offered and called, each at most once, whatever happens to the worker or the server.
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { type McpWorld, startMcpWorld } from "../../test/support/mcp-world.ts";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn } from "../../test/support/scripted-model.ts";
import { ALLOW_ALL, createTurnWorld, gate, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import { openSessionAudit } from "../bin/session-audit.ts";
import type { AgentTool, SessionAgent } from "../contract/agents.ts";
import type { Networking } from "../contract/environments.ts";
import type { McpToolset } from "../contract/mcp-servers.ts";
import type { StoredEvent } from "../db/events.ts";
import type { AuditQueue } from "../egress/audit-queue.ts";
import { createAuditedFetch } from "../egress/audited-fetch.ts";
import { systemClock } from "../lib/clock.ts";
import { createLogger } from "../lib/logger.ts";
import { OutsideFailure } from "../lib/outside-fetch.ts";
import { createReadEgressRequests } from "./egress-requests.ts";
import { createSessionMcp, type McpAccess } from "./session-mcp.ts";

let world: TurnWorld;
let mcp: McpWorld;
let access: McpAccess;
let audit: AuditQueue;
const logger = createLogger("test", { level: "silent", pretty: false });
const calls: string[] = [];
/** A call of `slow` waits for it. */
let slow = gate();

beforeEach(async () => {
  calls.length = 0;
  slow = gate();
  world = await createTurnWorld();
  mcp = await startMcpWorld((server) => {
    server.registerTool("add", { description: "Adds.", inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => {
      calls.push(`add ${a} ${b}`);
      return { content: [{ type: "text", text: String(a + b) }] };
    });
    server.registerTool("slow", { description: "Waits.", inputSchema: {} }, async (_, { signal }) => {
      calls.push("slow");
      signal.addEventListener("abort", () => calls.push("slow was cancelled"));
      await Promise.race([slow.opened, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
      return { content: [{ type: "text", text: "at last" }] };
    });
    server.registerTool("look", { description: "Looks.", annotations: { readOnlyHint: true } }, () => ({
      content: [
        { type: "image", mimeType: "image/png", data: "iVBORw0KGgo=" },
        { type: "resource", resource: { uri: "file:///a.txt", text: "inside" } },
        { type: "resource_link", uri: "https://example.com/b", name: "b" },
      ],
    }));
    server.registerTool("long", { description: "Says much." }, () => ({
      content: [{ type: "text", text: `begin${"x".repeat(300_000)}end` }],
    }));
  });
  audit = openSessionAudit({ db: world.db, notifier: { logGrew: () => undefined }, logger });
  access = {
    fetch: createAuditedFetch({ fetch: mcp.outside.fetch, audit, logger, now: Date.now, source: "mcp" }),
    bearers: { headerFor: async () => null, renewedFor: async () => null },
    scrubberFor: async () => (body) => body,
    ceiling: { type: "unrestricted" },
    version: "0",
  };
  await allow({ type: "unrestricted" });
});
afterEach(async () => {
  slow.open();
  await world.dispose();
  await mcp.close();
});

async function allow(networking: Networking): Promise<void> {
  await sql`update environments set config = ${JSON.stringify({ type: "cloud", networking })}::jsonb`.execute(world.db);
}
const toolset = (
  mcp_server_name: string,
  policy: "always_allow" | "always_ask" | "auto" = "always_allow",
): McpToolset => ({
  type: "mcp_toolset",
  mcp_server_name,
  default_config: { enabled: true, permission_policy: { type: policy } },
  configs: [],
});
const newSession = (tools: AgentTool[] = [toolset("calc")], url = mcp.url) =>
  world.createSession({ tools, mcpServers: [{ type: "url", name: "calc", url }] });
const call = (name: string, input: unknown = {}) => ({ toolCalls: [{ name, input }] });
const resultOf = (log: readonly StoredEvent[]) =>
  log.find((event) => event.type === "agent.mcp_tool_result")?.payload as {
    mcp_tool_use_id: string;
    content: { type: string; text?: string }[];
    is_error: boolean;
  };
const textOf = (log: readonly StoredEvent[]) =>
  resultOf(log)
    .content.map((block) => block.text)
    .join("\n");

async function linesOf(sessionId: string) {
  await audit.close();
  const teamId = (
    await world.db.selectFrom("sessions").select("team_id").where("id", "=", sessionId).executeTakeFirstOrThrow()
  ).team_id;
  return (await createReadEgressRequests({ db: world.db })(teamId, { session_id: sessionId })).data;
}

test("a tool of an MCP server is offered by its schema, called, and its answer given to the model", async () => {
  const model = createScriptedModel(inTurn(call("mcp__calc__add", { a: 2, b: 3 }), { text: "five" }));
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const sessionId = await newSession();
  await world.say(sessionId, "2 + 3?");
  const log = await world.settled(sessionId);
  expect(model.requests[0]?.tools.find((tool) => tool.name === "mcp__calc__add")).toMatchObject({
    description: "Adds.",
    inputSchema: { type: "object", properties: { a: { type: "number" } }, required: ["a", "b"] },
  });
  expect(log.find((event) => event.type === "agent.mcp_tool_use")?.payload).toEqual({
    mcp_server_name: "calc",
    name: "add",
    input: { a: 2, b: 3 },
    evaluated_permission: "allow",
  });
  expect(resultOf(log)).toMatchObject({ content: [{ type: "text", text: "5" }], is_error: false });
  expect(model.requests[1]?.messages.slice(-2)).toMatchObject([
    { role: "assistant", toolCalls: [{ name: "mcp__calc__add", input: { a: 2, b: 3 } }] },
    { role: "tool", name: "mcp__calc__add", content: [{ type: "text", text: "5" }] },
  ]);
  expect(calls).toEqual(["add 2 3"]);
});

test("the older transport is spoken to a server that knows only that", async () => {
  mcp.intercept = (request, response) => {
    if (request.method !== "POST" || !request.url?.startsWith("/sse")) return false;
    response.writeHead(405).end();
    return true;
  };
  const model = createScriptedModel(inTurn(call("mcp__calc__add", { a: 1, b: 1 }), { text: "two" }));
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const sessionId = await newSession([toolset("calc")], "https://mcp.example.com/sse");
  await world.say(sessionId, "1 + 1?");
  expect(textOf(await world.settled(sessionId))).toBe("2");
});

test("a permission is asked for as the toolset says, and under auto for what the server says only looks, too", async () => {
  const model = createScriptedModel(
    inTurn(
      {
        toolCalls: [
          { name: "mcp__calc__add", input: { a: 1, b: 2 } },
          { name: "mcp__calc__look", input: {} },
        ],
      },
      { text: "three" },
    ),
  );
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const sessionId = await newSession([toolset("calc", "auto")]);
  await world.say(sessionId, "add");
  const waiting = await world.settled(sessionId, { reason: "requires_action" });
  const asked = waiting.filter((event) => event.payload.evaluated_permission === "ask");
  expect(asked.map(({ payload }) => payload.name)).toEqual(["add", "look"]);
  expect(waiting.filter((event) => event.type === "agent.mcp_tool_result")).toEqual([]);
  for (const { id } of asked)
    await world.send(sessionId, { type: "user.tool_confirmation", tool_use_id: id, result: "allow" });
  const log = await world.settled(sessionId, { reason: "end_turn" });
  const looked = log.find(
    ({ type, payload }) => type === "agent.mcp_tool_result" && payload.mcp_tool_use_id === asked[1]?.id,
  );
  expect(looked?.payload.content).toMatchObject([
    { type: "image", source: { media_type: "image/png" } },
    { type: "text", text: "[file:///a.txt]\ninside" },
    { type: "text", text: "[b: https://example.com/b]" },
  ]);
  expect(calls).toEqual(["add 1 2"]);
});

test("a server that is away costs the turn its tools, is told once, and is asked again", async () => {
  let away = true;
  mcp.intercept = (_, response) => {
    if (away) response.writeHead(503).end("down");
    return away;
  };
  const model = createScriptedModel(
    inTurn({ text: "without" }, call("mcp__calc__add", { a: 1, b: 1 }), { text: "with" }),
  );
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const sessionId = await newSession();
  await world.say(sessionId, "go");
  const log = await world.settled(sessionId, { reason: "end_turn" });
  expect(log.filter((event) => event.type === "session.error").map((event) => event.payload)).toEqual([
    {
      error: {
        type: "mcp_connection_failed_error",
        message: "MCP server calc: The MCP server answered 503: down.",
        mcp_server_name: "calc",
        retry_status: { type: "retrying" },
      },
    },
  ]);
  expect(model.requests[0]?.tools).toEqual([]);
  expect(model.requests[0]?.system).toMatch(/their tools are missing: calc/);
  away = false;
  await world.say(sessionId, "again");
  expect(textOf(await world.settled(sessionId, { reason: "end_turn" }))).toBe("2");
});

test("the environment decides which servers are reached", async () => {
  await allow({ type: "limited", allow_mcp_servers: false, allow_package_managers: false, allowed_hosts: [] });
  const model = createScriptedModel(inTurn({ text: "ok" }));
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const sessionId = await newSession();
  await world.say(sessionId, "go");
  const refused = (await world.settled(sessionId)).find((event) => event.type === "session.error");
  expect(refused?.payload).toMatchObject({ error: { message: expect.stringMatching(/not among the allowed hosts/) } });
  expect(mcp.upstream.requests).toEqual([]);
  for (const limits of [
    { allow_mcp_servers: true, allowed_hosts: [] },
    { allow_mcp_servers: false, allowed_hosts: ["*.example.com"] },
  ]) {
    await allow({ type: "limited", allow_package_managers: false, ...limits });
    await world.say(sessionId, "again");
    await world.settled(sessionId);
    expect(model.requests.at(-1)?.tools.map((tool) => tool.name)).toContain("mcp__calc__add");
  }
});

test("the server's ceiling decides above the environment: a server that it allows by name, or as the agent's own", async () => {
  const none = { allow_mcp_servers: false, allow_package_managers: false, allowed_hosts: [] };
  const model = createScriptedModel(inTurn({ text: "ok" }));
  const tried = async (ceiling: Networking) => {
    const worker = await world.startWorker({ model, backend: createMemoryBackend(), mcp: { ...access, ceiling } });
    const sessionId = await newSession();
    await world.say(sessionId, "go");
    const log = await world.settled(sessionId);
    await worker.stop();
    return log.find((event) => event.type === "session.error")?.payload ?? null;
  };
  expect(await tried({ type: "limited", ...none, allowed_hosts: ["*.corp.example"] })).toMatchObject({
    error: { message: expect.stringMatching(/more than this server allows any environment/) },
  });
  expect(mcp.upstream.requests).toEqual([]);
  expect(await tried({ type: "limited", ...none, allowed_hosts: ["*.example.com"] })).toBeNull();
  expect(await tried({ type: "limited", ...none, allow_mcp_servers: true })).toBeNull();
});

test("the team's ceiling decides above the environment, too, and no other team's does; it holds from the next request on", async () => {
  const none = { allow_mcp_servers: false, allow_package_managers: false, allowed_hosts: [] };
  const model = createScriptedModel(inTurn({ text: "ok" }));
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const sessionId = await newSession();
  const limit = (team: "its" | "other", ceiling: Networking | null) =>
    sql`update teams set networking_ceiling = ${ceiling && JSON.stringify(ceiling)}::jsonb
      where (id = (select team_id from sessions where id = ${sessionId})) = ${team === "its"}`.execute(world.db);
  await sql`insert into teams (id, name) values ('team_other', 'other')`.execute(world.db);
  const said = async () =>
    (await world.settled(sessionId)).filter(({ type }) => type === "session.error").map(({ payload }) => payload);
  await limit("other", { type: "limited", ...none });
  await limit("its", { type: "limited", ...none, allow_mcp_servers: true });
  await world.say(sessionId, "go");
  expect(await said()).toEqual([]);
  await limit("its", { type: "limited", ...none, allowed_hosts: ["*.corp.example"] });
  // The end of the first turn's connection may still be on its way.
  const asked = () => mcp.upstream.requests.filter((request) => request.startsWith("POST "));
  const before = asked();
  await world.say(sessionId, "again");
  expect(await said()).toMatchObject([
    { error: { message: expect.stringMatching(/more than this team allows any environment/) } },
  ]);
  expect(asked()).toEqual(before);
});

test("E20: a server's name that leads to this machine is not asked", async () => {
  const model = createScriptedModel(inTurn({ text: "ok" }));
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const sessionId = await newSession([toolset("calc")], "https://private.example.com/mcp");
  await world.say(sessionId, "go");
  const refused = (await world.settled(sessionId)).find((event) => event.type === "session.error");
  expect(refused?.payload).toMatchObject({ error: { message: expect.stringMatching(/private or reserved address/) } });
});

test("each request leaves a line: what was asked, which rule decided, and what it cost", async () => {
  const model = createScriptedModel(inTurn(call("mcp__calc__add", { a: 2, b: 3 }), { text: "five" }));
  const headerFor = async () => ({ value: "Bearer not-to-be-listed", credential: "Calc" });
  const mcpAccess = { ...access, bearers: { headerFor, renewedFor: async () => null } };
  const worker = await world.startWorker({ model, backend: createMemoryBackend(), mcp: mcpAccess });
  await allow({ type: "limited", allow_mcp_servers: true, allow_package_managers: false, allowed_hosts: [] });
  const sessionId = await newSession([toolset("calc")], `${mcp.url}?key=not-to-be-listed`);
  await world.say(sessionId, "2 + 3?");
  await world.settled(sessionId, { reason: "end_turn" });
  await allow({ type: "limited", allow_mcp_servers: false, allow_package_managers: false, allowed_hosts: [] });
  await world.say(sessionId, "again");
  await world.settled(sessionId, { reason: "end_turn" });
  await worker.stop();
  const lines = await until(async () => {
    const found = await linesOf(sessionId);
    // initialize, initialized, tools/list, tools/call, and the one that was refused.
    return found.filter(({ method }) => method === "POST").length >= 5 ? found : null;
  });
  const common = {
    source: "mcp",
    host: "mcp.example.com",
    port: 443,
    path: "/mcp",
    environment_id: expect.any(String),
  };
  const called = lines.filter(({ decision, method }) => decision === "allow" && method === "POST");
  for (const line of called) {
    expect(line).toMatchObject({
      ...common,
      rule: "mcp_servers",
      credentials: ["Calc"],
      suspicious: false,
      status: expect.any(Number),
    });
    expect(line.request_bytes).toBeGreaterThan(30);
  }
  expect(JSON.stringify(lines)).not.toContain("not-to-be-listed");
  expect(Math.max(...called.map((line) => line.response_bytes))).toBeGreaterThan(100);
  expect(lines.find(({ decision }) => decision === "deny")).toMatchObject({
    ...{ ...common, rule: "host_not_allowed", credentials: [], status: null, request_bytes: 0, response_bytes: 0 },
  });
});

test("a name that leads inside is a security event of the session, as the sandbox's would be", async () => {
  const model = createScriptedModel(inTurn({ text: "ok" }));
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const sessionId = await newSession([toolset("calc")], "https://private.example.com/mcp");
  await world.say(sessionId, "go");
  await world.settled(sessionId);
  const [line] = await linesOf(sessionId);
  expect(line).toMatchObject({ source: "mcp", decision: "deny", rule: "refused_address", suspicious: true });
  const told = (await world.log(sessionId)).filter(({ type }) => type === "session.egress_refused");
  expect(told.map(({ payload }) => payload)).toMatchObject([
    { host: "private.example.com", rule: "refused_address", detail: expect.stringContaining("127.0.0.1") },
  ]);
});

test("a result that is too long is shown shortened, and lies whole in the workspace", async () => {
  const backend = createMemoryBackend();
  const model = createScriptedModel(inTurn(call("mcp__calc__long"), { text: "long" }));
  await world.startWorker({ model, backend, mcp: access });
  const sessionId = await newSession([toolset("calc"), ...ALLOW_ALL]);
  await world.say(sessionId, "go");
  const log = await world.settled(sessionId);
  const { mcp_tool_use_id: id } = resultOf(log);
  expect(textOf(log)).toMatch(
    new RegExp(
      `^beginx+\\n\\[result truncated: .* the whole result is in /workspace/.mcp-results/${id}.txt\\]\\nx+end$`,
    ),
  );
  expect(backend.started.map(({ operation }) => operation)).toMatchObject([
    {
      kind: "write",
      filePath: `/workspace/.mcp-results/${id}.txt`,
      content: expect.stringMatching(/^beginx{300000}end$/),
    },
  ]);
});

test("an interrupt tells the server, and ends the turn", async () => {
  const model = createScriptedModel(inTurn(call("mcp__calc__slow"), { text: "after" }));
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const sessionId = await newSession();
  await world.say(sessionId, "go");
  await until(async () => calls.includes("slow"));
  await world.send(sessionId, { type: "user.interrupt" });
  const log = await world.settled(sessionId, { reason: "end_turn" });
  expect(textOf(log)).toBe("Interrupted by the user.");
  await until(async () => calls.includes("slow was cancelled"));
});

test("a call that was sent when its worker died is not sent again: the model is told that it may have run", async () => {
  const model = createScriptedModel(inTurn(call("mcp__calc__slow"), { text: "after" }));
  const first = await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const sessionId = await newSession();
  await world.say(sessionId, "go");
  await until(async () => calls.includes("slow"));
  await first.stop();
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const log = await world.settled(sessionId, { reason: "end_turn" });
  expect(resultOf(log).is_error).toBe(true);
  expect(textOf(log)).toMatch(/may have run/);
  expect(calls.filter((name) => name === "slow")).toHaveLength(1);
});

test("a server that has forgotten the connection is connected to again, and the call arrives once", async () => {
  let forgotten = 0;
  mcp.intercept = (_, response, body) => {
    if (forgotten > 0 || !JSON.stringify(body ?? "").includes("tools/call")) return false;
    forgotten++;
    response.writeHead(404).end();
    return true;
  };
  const model = createScriptedModel(inTurn(call("mcp__calc__add", { a: 4, b: 4 }), { text: "eight" }));
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const sessionId = await newSession();
  await world.say(sessionId, "go");
  expect(textOf(await world.settled(sessionId, { reason: "end_turn" }))).toBe("8");
  expect(forgotten).toBe(1);
  expect(calls).toEqual(["add 4 4"]);
});

test("an answer that breaks off leaves a call in doubt, at once", async () => {
  mcp.intercept = (_, response, body) => {
    if (!JSON.stringify(body ?? "").includes("tools/call")) return false;
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    setImmediate(() => response.destroy());
    return true;
  };
  const model = createScriptedModel(inTurn(call("mcp__calc__add", { a: 1, b: 1 }), { text: "unclear" }));
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const sessionId = await newSession();
  await world.say(sessionId, "go");
  const log = await world.settled(sessionId, { reason: "end_turn" });
  expect(textOf(log)).toMatch(/ended before it answered.*may have run/);
  expect(mcp.upstream.requests.length).toBeGreaterThan(0);
});

test("tools that a server adds are offered with the next request of the same turn", async () => {
  const model = createScriptedModel(
    inTurn(call("mcp__calc__add", { a: 1, b: 1 }), call("mcp__calc__add", { a: 1, b: 2 }), { text: "ok" }),
  );
  let added = false;
  mcp.intercept = (_, __, body) => {
    if (added || !JSON.stringify(body ?? "").includes("tools/call")) return false;
    added = true;
    mcp.servers[0]?.registerTool("later", { description: "New." }, () => ({ content: [] }));
    return false;
  };
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const sessionId = await newSession();
  await world.say(sessionId, "go");
  await world.settled(sessionId);
  expect(model.requests.at(-1)?.tools.map((tool) => tool.name)).toContain("mcp__calc__later");
  expect(model.requests[0]?.tools.map((tool) => tool.name)).not.toContain("mcp__calc__later");
});

test("a call that fails leaves another one alone that is under way to the same server", async () => {
  let isAddAnswered = false;
  mcp.intercept = (_, response, body) => {
    if (!JSON.stringify(body ?? "").includes('"add"')) return false;
    // When the other one is there.
    void until(async () => calls.includes("slow")).then(() => {
      isAddAnswered = true;
      response.writeHead(500).end("broken");
    });
    return true;
  };
  const both = {
    toolCalls: [{ name: "mcp__calc__slow", input: {} }, ...call("mcp__calc__add", { a: 1, b: 1 }).toolCalls],
  };
  const model = createScriptedModel(inTurn(both, { text: "ok" }));
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const sessionId = await newSession();
  await world.say(sessionId, "go");
  const results = async () => (await world.log(sessionId)).filter(({ type }) => type === "agent.mcp_tool_result");
  await until(async () => (await results()).length > 0);
  expect(isAddAnswered).toBe(true);
  slow.open();
  await world.settled(sessionId, { reason: "end_turn" });
  expect((await results()).map(({ payload }) => JSON.stringify(payload.content))).toEqual([
    expect.stringMatching(/answered 500: broken.*may have run/),
    expect.stringMatching(/at last/),
  ]);
});

test("a server that takes long not to answer is left alone for longer than that", async () => {
  let now = Date.now();
  let asked = 0;
  const sessionId = await newSession();
  const agent = {
    mcp_servers: [{ type: "url", name: "calc", url: mcp.url }],
    tools: [toolset("calc")],
  } as SessionAgent;
  const asking = createSessionMcp({
    ...{ db: world.db, sessionId, teamId: world.teamId, fence: { owner: "w", epoch: 1 }, logger },
    ...{ agent: () => agent, clock: { ...systemClock, now: () => now }, signal: new AbortController().signal },
    access: {
      ...access,
      async fetch() {
        asked += 1;
        now += 40_000;
        throw new OutsideFailure("unavailable", "silent", { maybeSent: true });
      },
    },
  });
  const { signal } = new AbortController();
  await asking.refresh(signal);
  expect([asked, asking.problems.length]).toEqual([1, 1]);
  await asking.refresh(signal);
  now += 199_000;
  await asking.refresh(signal);
  expect(asked).toBe(1);
  now += 1_000;
  await asking.refresh(signal);
  expect(asked).toBe(2);
  await asking.close();
});
