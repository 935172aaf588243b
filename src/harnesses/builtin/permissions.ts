// Which tools an agent has, and who decides about a call: the agent's `tools` read as rules.
import { type AgentTool, MAX_TOOLS, type ToolConfig, type ToolName } from "../../contract/agents.ts";
import type { EvaluatedPermission } from "../../contract/events.ts";
import type { PermissionPolicy } from "../../contract/permission-policies.ts";
import type { ToolSpec } from "../../models/model.ts";
import type { LeftOutTools, OfferedMcpTool } from "../harness.ts";
import { chooseMcpTools } from "./choose-mcp-tools.ts";
import { toolset } from "./toolset.ts";

export type ToolRule = { enabled: boolean; policy: PermissionPolicy["type"] };

/** The rule for a tool of the toolset: its own entry, else the toolset's default; without a toolset it is not there. */
export function ruleFor(tools: readonly AgentTool[], name: ToolName): ToolRule {
  const set = tools.find((entry) => entry.type === "agent_toolset_20260401");
  if (!set) return { enabled: false, policy: "always_ask" };
  const own = set.configs.find((config) => config.name === name);
  return {
    enabled: own?.enabled ?? set.default_config.enabled,
    policy: (own?.permission_policy ?? set.default_config.permission_policy).type,
  };
}

/** The rule for a tool of an MCP server, by the toolset that names the server. */
export function mcpRuleFor(tools: readonly AgentTool[], server: string, name: string): ToolRule {
  const set = tools.find((entry) => entry.type === "mcp_toolset" && entry.mcp_server_name === server);
  if (set?.type !== "mcp_toolset") return { enabled: false, policy: "always_ask" };
  const own = set.configs.find((config) => config.name === name) ?? set.default_config;
  return { enabled: own.enabled, policy: own.permission_policy.type };
}

/** The tool's own entry; undefined where it has none. */
export function configOf(tools: readonly AgentTool[], name: ToolName): ToolConfig | undefined {
  const set = tools.find((entry) => entry.type === "agent_toolset_20260401");
  return set?.configs.find((config) => config.name === name);
}

/** `auto` asks for what can change something and allows what can only look. An unknown policy asks. */
export function evaluatePermission(policy: PermissionPolicy["type"], readOnly: boolean): EvaluatedPermission {
  if (policy === "always_allow") return "allow";
  if (policy === "auto") return readOnly ? "allow" : "ask";
  return "ask";
}

/**
 * What the model is offered, in a fixed order, so that prompts stay cacheable. `leftOut`: tools of MCP servers that the agent has
 * and that no longer fit in.
 */
export function offeredTools(
  tools: readonly AgentTool[],
  { mcpTools, canSearch }: { mcpTools: readonly OfferedMcpTool[]; canSearch: boolean },
): { specs: ToolSpec[]; leftOut: LeftOutTools[] } {
  const specs: ToolSpec[] = [];
  for (const { name, description, inputSchema } of toolset.values()) {
    if (name === "web_search" && !canSearch) continue;
    if (ruleFor(tools, name).enabled) specs.push({ name, description, inputSchema });
  }
  for (const entry of tools) {
    if (entry.type !== "custom") continue;
    specs.push({ name: entry.name, description: entry.description, inputSchema: entry.input_schema });
  }
  const enabled = mcpTools.filter(({ server, name }) => mcpRuleFor(tools, server, name).enabled);
  const chosen = chooseMcpTools(enabled, MAX_TOOLS - specs.length);
  return { specs: [...specs, ...chosen.specs], leftOut: chosen.leftOut };
}
