// The tools of a session with one of them allowed without a question. Pure.
import { type AgentTool, TOOL_NAMES, type ToolName } from "../contract/agents.ts";

const policy = { type: "always_allow" } as const;

/** `server`: of an MCP server's tool. Null when no toolset has a tool of this name, so that there is no policy to change. */
export function allowTool(tools: readonly AgentTool[], name: string, server: string | null = null): AgentTool[] | null {
  if (server !== null) return allowMcpTool(tools, name, server);
  const known = isToolName(name) ? name : null;
  if (!known || !tools.some((tool) => tool.type === "agent_toolset_20260401")) return null;
  return tools.map((tool) => {
    if (tool.type !== "agent_toolset_20260401") return tool;
    const configured = tool.configs.some((config) => config.name === known);
    const configs = configured
      ? tool.configs.map((config) => (config.name === known ? { ...config, permission_policy: policy } : config))
      : [
          ...tool.configs,
          { type: known, name: known, enabled: tool.default_config.enabled, permission_policy: policy },
        ];
    return { ...tool, configs };
  });
}

function allowMcpTool(tools: readonly AgentTool[], name: string, server: string): AgentTool[] | null {
  const isIts = (tool: AgentTool) => tool.type === "mcp_toolset" && tool.mcp_server_name === server;
  if (!tools.some(isIts)) return null;
  return tools.map((tool) => {
    if (tool.type !== "mcp_toolset" || !isIts(tool)) return tool;
    const { enabled } = tool.configs.find((config) => config.name === name) ?? tool.default_config;
    const others = tool.configs.filter((config) => config.name !== name);
    return { ...tool, configs: [...others, { name, enabled, permission_policy: policy }] };
  });
}

function isToolName(name: string): name is ToolName {
  return TOOL_NAMES.some((known) => known === name);
}
