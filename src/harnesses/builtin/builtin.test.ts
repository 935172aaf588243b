// What the built-in harness offers to a model, and what a call becomes.
import { expect, test } from "vitest";
import { createScriptedModel, inTurn } from "../../../test/support/scripted-model.ts";
import type { AgentTool, SessionAgent } from "../../contract/agents.ts";
import { systemClock } from "../../lib/clock.ts";
import { createBuiltinHarness, planToolCall } from "./builtin.ts";

const weather: AgentTool = {
  type: "custom",
  name: "weather",
  description: "Tells it.",
  input_schema: { type: "object" },
};
type Policy = "always_allow" | "always_ask" | "auto";
const toolset = (
  policy: Policy,
  configs: { name: "bash" | "read"; enabled: boolean; policy: Policy }[] = [],
): AgentTool => ({
  type: "agent_toolset_20260401",
  default_config: { enabled: true, permission_policy: { type: policy } },
  configs: configs.map(({ name, enabled, policy: own }) => ({
    type: name,
    name,
    enabled,
    permission_policy: { type: own },
  })),
});
const agentWith = (...tools: AgentTool[]): SessionAgent => ({
  type: "agent",
  id: "agent_1",
  version: 1,
  name: "A",
  description: null,
  model: { id: "m", effort: { type: "high" } },
  system: "Be kind.",
  tools,
  mcp_servers: [],
  skills: [],
  multiagent: null,
  execution_identity: { type: "service_account" },
});
const NO_MCP = { tools: [], away: [] };
const SEARCHING = { canSearch: true };
const all = agentWith(toolset("always_allow"), weather);

test.each([
  ["bash", { command: "ls", timeout_ms: 5 }, { kind: "bash", command: "ls", timeoutMs: 5 }],
  ["bash", { restart: true }, { kind: "bash", restart: true }],
  ["bash", { command: "ls", restart: null, timeout_ms: null }, { kind: "bash", command: "ls" }],
  ["read", { file_path: "a", view_range: [1, 2] }, { kind: "read", filePath: "a", viewRange: [1, 2] }],
  ["read", { file_path: "a", view_range: [] }, { kind: "read", filePath: "a" }],
  ["write", { file_path: "a", content: "" }, { kind: "write", filePath: "a", content: "" }],
  [
    "edit",
    { file_path: "a", old_string: "x", new_string: "", replace_all: true },
    { kind: "edit", filePath: "a", oldString: "x", newString: "", replaceAll: true },
  ],
  ["glob", { pattern: "**/*.ts" }, { kind: "glob", pattern: "**/*.ts" }],
  ["grep", { pattern: "a", path: "src", extra: 1 }, { kind: "grep", pattern: "a", path: "src" }],
])("%s %j becomes an operation", (name, input, operation) => {
  expect(planToolCall(all, { name, input }, SEARCHING)).toEqual({ kind: "operation", permission: "allow", operation });
});

test.each([
  ["bash", {}, /command is required/],
  ["bash", { command: 5 }, /command: .*string/],
  ["bash", { command: "a", timeout_ms: -1 }, /timeout_ms/],
  ["read", {}, /file_path/],
  ["read", { file_path: "a", view_range: [1] }, /start_line, end_line/],
  ["write", { file_path: "a" }, /content/],
  ["edit", { file_path: "a", old_string: "", new_string: "b" }, /old_string is required/],
  ["web_fetch", { url: "" }, /url is required/],
  ["web_search", { query: 5 }, /query/],
  ["teleport", {}, /There is no tool "teleport".*bash, read.*weather/],
])("%s %j is refused with words that the model can act on", (name, input, message) => {
  const plan = planToolCall(all, { name, input }, SEARCHING);
  expect(plan).toMatchObject({ kind: "refused", message: expect.stringMatching(message) });
});

test("an input that is no JSON object is refused, whatever the tool", () => {
  expect(planToolCall(all, { name: "bash", input: {}, invalidInput: "{oops" }, SEARCHING)).toMatchObject({
    kind: "refused",
  });
});

test("a custom tool is the client's", () => {
  expect(planToolCall(all, { name: "weather", input: {} }, SEARCHING)).toEqual({ kind: "custom" });
});

test("a disabled tool is neither offered nor run", async () => {
  const agent = agentWith(toolset("always_allow", [{ name: "bash", enabled: false, policy: "always_allow" }]));
  expect(planToolCall(agent, { name: "bash", input: { command: "ls" } }, SEARCHING).kind).toBe("refused");
  const model = createScriptedModel(inTurn({ text: "ok" }));
  const harness = createBuiltinHarness({ models: model, clock: systemClock, canSearch: false });
  await harness.answer({
    agent,
    mcp: NO_MCP,
    messages: [],
    signal: new AbortController().signal,
    onPart: () => undefined,
  });
  expect(model.requests[0]?.tools.map((tool) => tool.name)).toEqual([
    "read",
    "write",
    "edit",
    "glob",
    "grep",
    "web_fetch",
  ]);
  expect(model.requests[0]).toMatchObject({
    model: "m",
    effort: "high",
    system: expect.stringMatching(/^Be kind\.\n\n# Environment/),
  });
});

test.each([
  ["always_allow", "bash", "allow"],
  ["always_ask", "read", "ask"],
  ["auto", "bash", "ask"],
  ["auto", "read", "allow"],
] as const)("policy %s for %s: %s", (policy, name, permission) => {
  const input = name === "bash" ? { command: "ls" } : { file_path: "a" };
  expect(planToolCall(agentWith(toolset(policy)), { name, input }, SEARCHING)).toMatchObject({ permission });
});

test("a tool's own policy beats the toolset's", () => {
  const agent = agentWith(toolset("always_allow", [{ name: "bash", enabled: true, policy: "always_ask" }]));
  expect(planToolCall(agent, { name: "bash", input: { command: "ls" } }, SEARCHING)).toMatchObject({
    permission: "ask",
  });
});

test("an agent without tools gets its own prompt only", async () => {
  const model = createScriptedModel(inTurn({ text: "ok" }));
  const harness = createBuiltinHarness({ models: model, clock: systemClock, canSearch: false });
  await harness.answer({
    agent: agentWith(),
    mcp: NO_MCP,
    messages: [],
    signal: new AbortController().signal,
    onPart: () => undefined,
  });
  expect(model.requests[0]).toMatchObject({ system: "Be kind.", tools: [] });
});
