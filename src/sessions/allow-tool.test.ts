// Allowing one tool for a session changes that tool's policy and nothing else.
import { expect, test } from "vitest";
import type { AgentTool, AgentToolset } from "../contract/agents.ts";
import { allowTool } from "./allow-tool.ts";

const ask = { type: "always_ask" } as const;
const allow = { type: "always_allow" } as const;
const custom: AgentTool = { type: "custom", name: "deploy", description: "", input_schema: { type: "object" } };
const toolset: AgentToolset = {
  type: "agent_toolset_20260401",
  default_config: { enabled: true, permission_policy: ask },
  configs: [
    { type: "bash", name: "bash", enabled: true, permission_policy: ask },
    { type: "write", name: "write", enabled: true, permission_policy: ask },
  ],
};

test("a configured tool gets the policy, the others keep theirs", () => {
  expect(allowTool([custom, toolset], "bash")).toEqual([
    custom,
    { ...toolset, configs: [{ ...toolset.configs[0], permission_policy: allow }, toolset.configs[1]] },
  ]);
});

test("a tool that followed the default gets a line of its own", () => {
  expect(allowTool([toolset], "grep")).toEqual([
    {
      ...toolset,
      configs: [...toolset.configs, { type: "grep", name: "grep", enabled: true, permission_policy: allow }],
    },
  ]);
});

test("a custom or unknown tool has no policy", () => {
  expect(allowTool([custom, toolset], "deploy")).toBeNull();
  expect(allowTool([custom], "bash")).toBeNull();
});
