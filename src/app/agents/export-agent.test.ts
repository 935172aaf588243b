// An exported agent can be imported anywhere.
import { expect, test } from "vitest";
import { type Agent, createAgentInput } from "../../contract/agents.ts";
import { exportFileName, fromExport, toExport } from "./export-agent.ts";

const agent: Agent = {
  type: "agent",
  id: "agent_1",
  version: 3,
  name: "Helper",
  description: null,
  model: { id: "big", effort: { type: "high" }, speed: "standard" },
  system: "Be brief.",
  tools: [
    {
      type: "agent_toolset_20260401",
      default_config: { enabled: true, permission_policy: { type: "always_ask" } },
      configs: [{ type: "bash", name: "bash", enabled: true, permission_policy: { type: "always_allow" } }],
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

test("what is exported is what the API takes, without what belongs to one server", () => {
  const input = fromExport(toExport(agent));
  expect(createAgentInput.safeParse(input).error).toBeUndefined();
  expect(input).toMatchObject({ name: "Helper", system: "Be brief.", metadata: { owner: "me" } });
  expect(Object.keys(input)).toEqual(["name", "description", "model", "system", "tools", "metadata"]);
});

test.each([["{"], ["[]"], ["null"], ['"text"'], ['{"name":"x"}']])("%s is refused in words", (text) =>
  expect(() => fromExport(text)).toThrow(/This file is not/),
);

test.each([
  ["Careful helper", "careful-helper.agent.json"],
  ["../../etc/passwd", "etc-passwd.agent.json"],
  ["日本", "agent.agent.json"],
])("the file of %s is named %s", (name, expected) => expect(exportFileName({ name })).toBe(expected));
