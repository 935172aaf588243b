// The tools of a session with one of them allowed without a question. Pure.
import { type AgentTool, TOOL_NAMES, type ToolName } from "../contract/agents.ts";

/** Null when no toolset has a tool of this name, so that there is no policy to change. */
export function allowTool(tools: readonly AgentTool[], name: string): AgentTool[] | null {
  const known = isToolName(name) ? name : null;
  if (!known || !tools.some((tool) => tool.type === "agent_toolset_20260401")) return null;
  const policy = { type: "always_allow" } as const;
  return tools.map((tool) => {
    if (tool.type === "custom") return tool;
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

function isToolName(name: string): name is ToolName {
  return TOOL_NAMES.some((known) => known === name);
}
