// Editing an agent changes what the form shows and keeps the rest.
import { expect, test } from "vitest";
import type { Agent } from "../../contract/agents.ts";
import { createAgentInput, updateAgentInput } from "../../contract/agents.ts";
import { findProblems, newAgentDraft, toDraft, toNewInput, toUpdate } from "./agent-draft.ts";

const agent: Agent = {
  type: "agent",
  id: "agent_1",
  version: 3,
  name: "Helper",
  description: null,
  model: { id: "big", effort: { type: "high" } },
  system: "Be brief.",
  tools: [
    {
      type: "agent_toolset_20260401",
      default_config: { enabled: true, permission_policy: { type: "always_allow" } },
      configs: [
        { type: "bash", name: "bash", enabled: true, permission_policy: { type: "always_ask" } },
        {
          type: "web_fetch",
          name: "web_fetch",
          enabled: false,
          permission_policy: { type: "always_allow" },
          allowed_domains: ["docs.example.com"],
        },
      ],
    },
    { type: "custom", name: "weather", description: "The weather", input_schema: { type: "object" } },
  ],
  mcp_servers: [],
  skills: [],
  multiagent: null,
  execution_identity: { type: "service_account" },
  metadata: { owner: "me" },
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  archived_at: null,
};

test("the form shows each tool as it will be used", () => {
  const { tools } = toDraft(agent);
  expect(tools.bash).toEqual({ enabled: true, policy: "always_ask" });
  expect(tools.web_fetch).toEqual({ enabled: false, policy: "always_allow" });
  expect(tools.grep).toEqual({ enabled: true, policy: "always_allow" });
});

test("what the form does not show survives an edit, and the API takes the result", () => {
  const input = toUpdate({ ...toDraft(agent), name: "Helper 2", model: "bigger" }, agent);
  expect(input).toMatchObject({
    name: "Helper 2",
    model: { id: "bigger", effort: { type: "high" } },
    system: "Be brief.",
  });
  expect(JSON.stringify(input)).toContain("docs.example.com");
  expect(JSON.stringify(input)).toContain("weather");
  expect(updateAgentInput.safeParse({ ...input, version: 3 }).error).toBeUndefined();
});

test("an edit that changes nothing shows the same form again", () => {
  const draft = toDraft(agent);
  const input = toUpdate(draft, agent);
  const saved = {
    ...agent,
    ...input,
    metadata: agent.metadata,
    tools: input.tools as Agent["tools"],
    model: agent.model,
  };
  expect(toDraft(saved)).toEqual(draft);
});

test("a new agent is what the API takes", () => {
  const input = toNewInput({ ...newAgentDraft, name: "New", model: "demo" }, null);
  expect(createAgentInput.safeParse(input).error).toBeUndefined();
  expect(input.metadata).toEqual({});
});

test("a copy takes over what the form does not show", () => {
  const input = toNewInput({ ...toDraft(agent), name: "Copy", firstMessage: " hi " }, agent);
  expect(createAgentInput.safeParse(input).error).toBeUndefined();
  expect(input).toMatchObject({ name: "Copy", model: { effort: { type: "high" } } });
  expect(input.metadata).toEqual({ owner: "me", first_message: "hi" });
  expect(JSON.stringify(input.tools)).toContain("docs.example.com");
});

test("metadata is shown, changed and deleted; the first message has a field of its own", () => {
  const talking = { ...agent, metadata: { owner: "me", first_message: "Hello" } };
  expect(toDraft(talking).metadata).toEqual([{ key: "owner", value: "me" }]);
  const metadata = [{ key: "team", value: "core" }];
  expect(toUpdate({ ...toDraft(talking), metadata }, talking).metadata).toEqual({
    team: "core",
    owner: null,
    first_message: "Hello",
  });
});

test.each([
  ["", null],
  ["max", { type: "max" }],
] as const)("effort %j becomes %j", (effort, expected) => {
  const input = toUpdate({ ...toDraft(agent), effort }, agent);
  expect(input.model.effort).toEqual(expected);
  expect(updateAgentInput.safeParse(input).error).toBeUndefined();
});

test("a suggested message that is emptied is removed", () => {
  const talking = { ...agent, metadata: { first_message: "Hello" } };
  expect(toDraft(talking).firstMessage).toBe("Hello");
  expect(toUpdate({ ...toDraft(talking), firstMessage: "" }, talking).metadata).toEqual({ first_message: null });
});

test("an agent without tools stays without", () => {
  const none = { ...agent, tools: [] };
  expect(toUpdate(toDraft(none), none).tools).toEqual([]);
});

test.each([
  [{ name: " " }, "name"],
  [{ model: "" }, "model"],
  [{ system: "x".repeat(100_001) }, "system"],
  [{ metadata: [{ key: "", value: "lost" }] }, "metadata"],
  [{ metadata: [{ key: "first_message", value: "x" }] }, "metadata"],
  [{ customTools: "{" }, "customTools"],
  [{ customTools: "{}" }, "customTools"],
  [{ customTools: "[{}]" }, "customTools"],
  [{ customTools: "[null]" }, "customTools"],
])("%j cannot be sent, and the form says where", (changes, field) => {
  expect(findProblems({ ...newAgentDraft, name: "a", model: "m", ...changes })).toHaveProperty(field);
});
