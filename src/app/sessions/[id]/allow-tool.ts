// The tools of a session with one of them allowed without a question.
import type { AgentTool, ToolInput, ToolName } from "../../../contract/agents.ts";

/** Spelled out, since the contract's own list would bring its parser into the page; the type keeps it complete. */
const toolset: Record<ToolName, true> = {
  bash: true,
  read: true,
  write: true,
  edit: true,
  glob: true,
  grep: true,
  web_fetch: true,
  web_search: true,
};

/** Null when no toolset has a tool of this name, so that there is no policy to change. */
export function allowTool(tools: readonly AgentTool[], name: string): ToolInput[] | null {
  const known = isToolName(name) ? name : null;
  if (!known || !tools.some((tool) => tool.type === "agent_toolset_20260401")) return null;
  const policy = { type: "always_allow" } as const;
  const changed = tools.map((tool) => {
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
  // What the API returned for tools it takes again; the two types only spell the settings of single tools differently.
  return changed as ToolInput[];
}

function isToolName(name: string): name is ToolName {
  return Object.hasOwn(toolset, name);
}
