// What a client leaves out of an agent gets its default; what it leaves out of a change stays.
import { expect, test } from "vitest";
import { createAgentInput, updateAgentInput } from "../contract/agents.ts";
import { applyUpdate, toDefinition } from "./definition.ts";

const full = toDefinition(
  createAgentInput.parse({
    name: "Ada",
    description: "d",
    model: { id: "m", effort: "low", speed: "fast" },
    system: "s",
    tools: [{ type: "agent_toolset_20260401" }],
    metadata: { a: "1", b: "2" },
  }),
);

test("an agent of nothing but a name and a model", () => {
  expect(toDefinition(createAgentInput.parse({ name: "Ada", model: "m" }))).toEqual({
    name: "Ada",
    description: null,
    model: { id: "m", speed: "standard" },
    system: null,
    tools: [],
    mcp_servers: [],
    metadata: {},
  });
});

test("a tool takes from its own config, then from the toolset's default, then allows", () => {
  const [toolset] = toDefinition(
    createAgentInput.parse({
      name: "Ada",
      model: "m",
      tools: [
        {
          type: "agent_toolset_20260401",
          default_config: { enabled: false },
          configs: [{ name: "bash", enabled: true, permission_policy: { type: "always_ask" } }, { name: "read" }],
        },
      ],
    }),
  ).tools;
  expect(toolset).toEqual({
    type: "agent_toolset_20260401",
    default_config: { enabled: false, permission_policy: { type: "always_allow" } },
    configs: [
      { type: "bash", name: "bash", enabled: true, permission_policy: { type: "always_ask" } },
      { type: "read", name: "read", enabled: false, permission_policy: { type: "always_allow" } },
    ],
  });
});

test.each<[string, object, object]>([
  ["nothing", {}, {}],
  ["null clears a text", { description: null, system: null }, { description: null, system: null }],
  ["an empty text clears too", { description: "", system: "" }, { description: null, system: null }],
  ["null and an empty list clear tools", { tools: null }, { tools: [] }],
  [
    "an effort of null is the model's own",
    { model: { id: "n", effort: null } },
    { model: { id: "n", speed: "standard" } },
  ],
  [
    "a model keeps its effort and loses its speed",
    { model: "n" },
    { model: { id: "n", effort: { type: "low" }, speed: "standard" } },
  ],
  [
    "an effort in either form",
    { model: { id: "m", effort: { type: "max" }, speed: "fast" } },
    { model: { id: "m", effort: { type: "max" }, speed: "fast" } },
  ],
  ["metadata is patched", { metadata: { a: null, c: "3" } }, { metadata: { b: "2", c: "3" } }],
])("a change: %s", (_what, input, changes) =>
  expect(applyUpdate(full, updateAgentInput.parse(input))).toEqual({ ...full, ...changes }),
);
