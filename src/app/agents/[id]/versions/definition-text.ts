// A version of an agent as text to compare, and as the change that brings it back. Pure.
import type { Agent, UpdateAgentInput } from "../../../../contract/agents.ts";
import type { McpToolset } from "../../../../contract/mcp-servers.ts";

/** The system prompt as it is written, the rest one fact a line. */
export function definitionText({ name, description, model, system, tools, mcp_servers, metadata }: Agent): string {
  return [
    `name: ${name}`,
    `description: ${description ?? "none"}`,
    `model: ${[model.id, model.effort?.type, model.speed === "fast" ? "fast" : undefined].filter(Boolean).join(", ")}`,
    ...Object.entries(metadata).map(([key, value]) => `metadata ${key}: ${value}`),
    ...mcp_servers.map((server) => `MCP server ${server.name}: ${server.url}`),
    ...tools.flatMap((tool) => {
      if (tool.type === "mcp_toolset") return mcpLines(tool);
      if (tool.type === "custom") return `custom tool ${tool.name}: ${JSON.stringify(tool)}`;
      const { enabled, permission_policy } = tool.default_config;
      return [
        `tools: ${enabled ? permission_policy.type : "off"}`,
        ...tool.configs.map(({ type: _type, name: toolName, enabled: on, permission_policy: policy, ...others }) => {
          const set = Object.entries(others).filter(([, value]) => value !== null);
          const rest = set.length > 0 ? ` ${JSON.stringify(Object.fromEntries(set))}` : "";
          return `tool ${toolName}: ${on ? policy.type : "off"}${rest}`;
        }),
      ];
    }),
    "system prompt:",
    system ?? "none",
  ].join("\n");
}

function mcpLines({ mcp_server_name, default_config, configs }: McpToolset): string[] {
  const said = ({ enabled, permission_policy }: McpToolset["default_config"]) =>
    enabled ? permission_policy.type : "off";
  return [
    `tools of MCP server ${mcp_server_name}: ${said(default_config)}`,
    ...configs.map((config) => `tool ${config.name} of MCP server ${mcp_server_name}: ${said(config)}`),
  ];
}

/** What makes `current` like `earlier`, as a new version. */
export function toRestore(earlier: Agent, current: Agent): UpdateAgentInput & { version: number } {
  const dropped = Object.keys(current.metadata).filter((key) => !(key in earlier.metadata));
  return {
    name: earlier.name,
    description: earlier.description,
    model: { ...earlier.model, effort: earlier.model.effort ?? null },
    system: earlier.system,
    // What the API has answered, it takes.
    tools: earlier.tools as NonNullable<UpdateAgentInput["tools"]>,
    mcp_servers: earlier.mcp_servers,
    metadata: { ...earlier.metadata, ...Object.fromEntries(dropped.map((key) => [key, null])) },
    version: current.version,
  };
}
