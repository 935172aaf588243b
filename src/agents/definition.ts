// From what a client sends to what an agent's version holds: defaults filled in, patches applied. Pure.
import type {
  AgentDefinition,
  AgentTool,
  CreateAgentInput,
  ModelConfig,
  ToolConfig,
  ToolConfigInput,
  ToolInput,
  UpdateAgentInput,
} from "../contract/agents.ts";
import { patchMetadata } from "../contract/fields.ts";
import { findMcpProblem, type McpServer, type McpToolset, type McpToolsetInput } from "../contract/mcp-servers.ts";
import type { PermissionPolicy } from "../contract/permission-policies.ts";
import { PlatformError } from "../lib/errors.ts";

export function toDefinition(input: CreateAgentInput): AgentDefinition {
  return {
    name: input.name,
    description: input.description || null,
    model: toModel(input.model, null),
    system: input.system || null,
    tools: toTools(input.tools ?? []),
    mcp_servers: [...(input.mcp_servers ?? [])],
    metadata: { ...input.metadata },
  };
}

/** Throws `invalid_request` unless servers and toolsets name each other. */
export function checkMcp(definition: { tools: readonly AgentTool[]; mcp_servers: readonly McpServer[] }): void {
  const problem = findMcpProblem(definition);
  if (problem !== null) throw new PlatformError("invalid_request", problem);
}

/** Absent fields stay; null or an empty text clears. */
export function applyUpdate(before: AgentDefinition, input: UpdateAgentInput): AgentDefinition {
  return {
    name: input.name ?? before.name,
    description: input.description === undefined ? before.description : input.description || null,
    model: input.model === undefined ? before.model : toModel(input.model, before.model),
    system: input.system === undefined ? before.system : input.system || null,
    tools: input.tools === undefined ? before.tools : toTools(input.tools ?? []),
    mcp_servers: input.mcp_servers === undefined ? (before.mcp_servers ?? []) : [...(input.mcp_servers ?? [])],
    metadata: patchMetadata(before.metadata, input.metadata),
  };
}

/** An effort that is not given stays as it was, null is the model's own; everything else of a model is replaced as a whole. */
export function toModel(input: CreateAgentInput["model"], before: ModelConfig | null): ModelConfig {
  const asked = typeof input === "string" ? { id: input } : input;
  const level = typeof asked.effort === "string" ? { type: asked.effort } : asked.effort;
  const effort = level === undefined ? before?.effort : level;
  return { id: asked.id, ...(effort ? { effort } : {}), speed: asked.speed ?? "standard" };
}

export function toTools(inputs: readonly ToolInput[]): AgentTool[] {
  return inputs.map((input) => {
    if (input.type === "custom") return input;
    if (input.type === "mcp_toolset") return toMcpToolset(input);
    const fallback = {
      enabled: input.default_config?.enabled ?? true,
      permission_policy: input.default_config?.permission_policy ?? ({ type: "always_allow" } as const),
    };
    return {
      type: input.type,
      default_config: fallback,
      configs: (input.configs ?? []).map((config) => toToolConfig(config, fallback)),
    };
  });
}

function toMcpToolset({ mcp_server_name, default_config, configs }: McpToolsetInput): McpToolset {
  const enabled = default_config?.enabled ?? true;
  const permission_policy = default_config?.permission_policy ?? ({ type: "always_allow" } as const);
  return {
    type: "mcp_toolset",
    mcp_server_name,
    default_config: { enabled, permission_policy },
    configs: (configs ?? []).map((config) => ({
      name: config.name,
      enabled: config.enabled ?? enabled,
      permission_policy: config.permission_policy ?? permission_policy,
    })),
  };
}

function toToolConfig(
  config: ToolConfigInput,
  fallback: { enabled: boolean; permission_policy: PermissionPolicy },
): ToolConfig {
  const resolved = {
    ...config,
    type: config.name,
    enabled: config.enabled ?? fallback.enabled,
    permission_policy: config.permission_policy ?? fallback.permission_policy,
  };
  return config.name === "web_fetch" ? { ...resolved, url_sources: toUrlSources(config.url_sources) } : resolved;
}

type UrlSources = Extract<ToolConfigInput, { name: "web_fetch" }>["url_sources"];
function toUrlSources(sources: UrlSources): Record<string, unknown> | null {
  if (!sources) return null;
  const inFull = (filter: unknown) => (typeof filter === "string" ? { type: filter } : (filter ?? null));
  return {
    client_tool_results: inFull(sources.client_tool_results),
    server_tool_results: inFull(sources.server_tool_results),
    user_input: inFull(sources.user_input),
  };
}
