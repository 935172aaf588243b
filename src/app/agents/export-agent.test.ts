// An exported agent can be imported anywhere.
import { describe, expect, test } from "vitest";
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

describe.each(["json", "yaml"] as const)("as %s", (format) => {
  test("what is exported is what the API takes, without what belongs to one server", async () => {
    const input = await fromExport(await toExport(agent, format));
    expect(createAgentInput.safeParse(input).error).toBeUndefined();
    expect(input).toMatchObject({ name: "Helper", system: "Be brief.", metadata: { owner: "me" } });
    expect(Object.keys(input)).toEqual(["name", "description", "model", "system", "tools", "mcp_servers", "metadata"]);
  });

  test.each([
    "",
    "one\n\n  two\n\n",
    "\ttabs\r\nand ends\r",
    "# heading\n- list: [a, {b}]\n--- \n...",
    "yes",
    "0x10",
    "2026-01-01",
    "null",
    "&anchor *alias !tag %directive @at `tick",
    "\u0000\u0007\u202eright\ufeff😀\u2028",
    `${"long ".repeat(200)}\nline`,
    " : # '\" | > ",
  ])("a system prompt of %j comes back as it was", async (system) => {
    const input = await fromExport(
      await toExport({ ...agent, system, metadata: { [`k ${system.slice(0, 20)}`]: system } }, format),
    );
    expect([input.system, Object.values(input.metadata ?? {})]).toEqual([system, [system]]);
  });
});

test("in YAML a prompt can be read line by line", async () => {
  expect(await toExport({ ...agent, system: "Be brief.\nBe kind." }, "yaml")).toContain(
    "system: |-\n  Be brief.\n  Be kind.\n",
  );
});

test.each(["{", "[]", "null", '"text"', '{"name":"x"}', "name: x", "- a", "a: [", "", "a: &a [*a]"])(
  "%s is refused in words",
  (text) => expect(fromExport(text)).rejects.toThrow(/This file is not/),
);

test("a file that would grow without end is refused", async () => {
  const levels = Array.from(
    { length: 12 },
    (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`)}]`,
  );
  await expect(fromExport(`name: x\nmodel: m\nl0: &l0 [lol]\n${levels.join("\n")}`)).rejects.toThrow(
    /This file is not YAML/,
  );
});

test.each([
  ["Careful helper", "careful-helper.agent.json"],
  ["../../etc/passwd", "etc-passwd.agent.json"],
  ["日本", "agent.agent.json"],
])("the file of %s is named %s", (name, expected) => expect(exportFileName({ name }, "json")).toBe(expected));
