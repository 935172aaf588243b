// Versions are compared by all that makes them, and an earlier one can be brought back whole.
import { expect, test } from "vitest";
import { type Agent, updateAgentInput } from "../../../../contract/agents.ts";
import { definitionText, toRestore } from "./definition-text.ts";

const earlier: Agent = {
  type: "agent",
  id: "agent_1",
  version: 1,
  name: "Helper",
  description: null,
  model: { id: "big", speed: "standard" },
  system: "Be brief.\nBe kind.",
  tools: [
    {
      type: "agent_toolset_20260401",
      default_config: { enabled: true, permission_policy: { type: "always_allow" } },
      configs: [
        { type: "bash", name: "bash", enabled: false, permission_policy: { type: "always_allow" } },
        {
          type: "web_fetch",
          name: "web_fetch",
          enabled: true,
          permission_policy: { type: "always_ask" },
          url_sources: null,
        },
      ],
    },
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
const current: Agent = {
  ...earlier,
  version: 4,
  name: "Other",
  system: null,
  tools: [],
  metadata: { first_message: "hi" },
};

test("each fact has a line of its own", () => {
  expect(definitionText(earlier).split("\n")).toEqual([
    "name: Helper",
    "description: none",
    "model: big",
    "metadata owner: me",
    "tools: always_allow",
    "tool bash: off",
    "tool web_fetch: always_ask",
    "system prompt:",
    "Be brief.",
    "Be kind.",
  ]);
});

test("an earlier version is asked for as a new one on top of the current, without what came later", () => {
  const input = toRestore(earlier, current);
  expect(updateAgentInput.safeParse(input).error).toBeUndefined();
  expect(input).toMatchObject({ name: "Helper", system: "Be brief.\nBe kind.", tools: earlier.tools, version: 4 });
  expect(input.metadata).toEqual({ owner: "me", first_message: null });
});

test("a version without an effort of its own has none again", () => {
  const input = toRestore(earlier, { ...current, model: { id: "big", effort: { type: "max" } } });
  expect(updateAgentInput.parse(input).model).toMatchObject({ id: "big", effort: null });
});
