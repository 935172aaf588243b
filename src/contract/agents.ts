// Agents: definitions as the API takes and returns them, and the toolset's names and policies.
import { z } from "zod";
import { listQuery, metadata, metadataPatch, NOT_SUPPORTED, noneYet, timestampFilter } from "./fields.ts";
import { type McpServer, type McpToolset, mcpServersInput, mcpToolsetInput } from "./mcp-servers.ts";
import { type PermissionPolicy, permissionPolicy } from "./permission-policies.ts";

export const TOOL_NAMES = ["bash", "read", "write", "edit", "glob", "grep", "web_fetch", "web_search"] as const;
export type ToolName = (typeof TOOL_NAMES)[number];
export type ToolConfig = {
  type: ToolName;
  name: ToolName;
  enabled: boolean;
  permission_policy: PermissionPolicy;
  [extra: string]: unknown;
};
export type AgentToolset = {
  type: "agent_toolset_20260401";
  default_config: { enabled: boolean; permission_policy: PermissionPolicy };
  configs: ToolConfig[];
};
export type CustomTool = {
  type: "custom";
  name: string;
  description: string;
  input_schema: {
    type: "object";
    properties?: Record<string, unknown> | null | undefined;
    required?: string[] | null | undefined;
    [key: string]: unknown;
  };
};
export type AgentTool = AgentToolset | McpToolset | CustomTool;
export type Effort = "low" | "medium" | "high" | "xhigh" | "max";
export type ModelConfig = {
  id: string;
  effort?: { type: Effort };
  speed?: "standard" | "fast";
};

/** What a version of an agent holds, normalised: defaults are filled in. */
export type AgentDefinition = {
  name: string;
  description: string | null;
  model: ModelConfig;
  system: string | null;
  tools: AgentTool[];
  /** Absent in versions of earlier releases. */
  mcp_servers?: McpServer[];
  metadata: Record<string, string>;
};

/** The snapshot in a session: what the turn engine reads. */
export type SessionAgent = {
  type: "agent";
  id: string;
  version: number;
  name: string;
  description: string | null;
  model: ModelConfig;
  system: string | null;
  tools: AgentTool[];
  mcp_servers: McpServer[];
  skills: [];
  multiagent: null;
  execution_identity: { type: "service_account" };
};

export type Agent = SessionAgent & {
  metadata: Record<string, string>;
  created_at: string;
  updated_at: string;
  archived_at: string | null;
};

/** Versions are counted in Postgres' integer. */
export const agentVersion = z.int().min(1).max(2_147_483_647);

/** Tools of all toolsets together. */
export const MAX_TOOLS = 256;
const MAX_SYSTEM_LENGTH = 100_000;
const effortLevel = z.enum(["low", "medium", "high", "xhigh", "max"]);

const modelConfig = z.strictObject({
  id: z.string().min(1).max(256),
  effort: z.union([effortLevel, z.strictObject({ type: effortLevel })]).nullish(),
  inference_geo: z.null({ error: NOT_SUPPORTED }).optional(),
  speed: z.enum(["standard", "fast"]).nullish(),
});
export const modelInput = z.union([z.string().min(1).max(256), modelConfig]);

const toolSwitches = { enabled: z.boolean().nullish(), permission_policy: permissionPolicy.nullish() };
function plainTool<Name extends ToolName>(name: Name) {
  return z.strictObject({ name: z.literal(name), type: z.literal(name).optional(), ...toolSwitches });
}

const host = /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/i;
const domains = (pattern: RegExp) =>
  z.array(z.string().regex(pattern, "must be a plain host name such as docs.example.com")).min(1).max(64).optional();
const hostAndPath = new RegExp(`^${host.source.slice(1, -1)}(/[^\\s?#]*)?$`, "i");
const notBothDomainLists = (tool: { allowed_domains?: string[] | undefined; blocked_domains?: string[] | undefined }) =>
  !(tool.allowed_domains && tool.blocked_domains);
const NOT_BOTH = { path: ["blocked_domains"], error: "cannot be combined with allowed_domains" };

const allOrNone = z.union([z.enum(["all", "none"]), z.strictObject({ type: z.enum(["all", "none"]) })]);
const toolFilter = z.union([
  z.enum(["all", "none"]),
  z.strictObject({ type: z.enum(["all", "none"]) }),
  z.strictObject({
    type: z.enum(["only", "except"]),
    tools: z
      .array(z.strictObject({ type: z.literal("tool_reference"), name: z.string().min(1).max(128) }))
      .min(1)
      .max(128),
  }),
]);

const webFetch = z
  .strictObject({
    name: z.literal("web_fetch"),
    type: z.literal("web_fetch").optional(),
    ...toolSwitches,
    allowed_domains: domains(host),
    blocked_domains: domains(host),
    max_content_tokens: z.int().min(1).nullish(),
    url_sources: z
      .strictObject({
        client_tool_results: toolFilter.nullish(),
        server_tool_results: toolFilter.nullish(),
        user_input: allOrNone.nullish(),
      })
      .nullish(),
  })
  .refine(notBothDomainLists, NOT_BOTH);
const webSearch = z
  .strictObject({
    name: z.literal("web_search"),
    type: z.literal("web_search").optional(),
    ...toolSwitches,
    allowed_domains: domains(hostAndPath),
    blocked_domains: domains(hostAndPath),
    user_location: z
      .strictObject({
        type: z.literal("approximate"),
        city: z.string().max(255).nullish(),
        country: z.string().length(2).nullish(),
        region: z.string().max(255).nullish(),
        timezone: z.string().max(255).nullish(),
      })
      .nullish(),
  })
  .refine(notBothDomainLists, NOT_BOTH);

export const toolConfigInput = z.discriminatedUnion(
  "name",
  [
    plainTool("bash"),
    plainTool("read"),
    plainTool("write"),
    plainTool("edit"),
    plainTool("glob"),
    plainTool("grep"),
    webFetch,
    webSearch,
  ],
  { error: `must be one of ${TOOL_NAMES.join(", ")}` },
);
export type ToolConfigInput = z.infer<typeof toolConfigInput>;

export const toolsetInput = z.strictObject({
  type: z.literal("agent_toolset_20260401"),
  default_config: z.strictObject(toolSwitches).nullish(),
  configs: z.array(toolConfigInput).max(TOOL_NAMES.length).optional(),
});
export const customToolInput = z.strictObject({
  type: z.literal("custom"),
  name: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, "must be 1-128 letters, digits, underscores or hyphens"),
  description: z.string().min(1).max(10_000),
  input_schema: z.looseObject({
    type: z.literal("object"),
    properties: z.record(z.string(), z.unknown()).nullish(),
    required: z.array(z.string()).nullish(),
  }),
});
export const toolInput = z.discriminatedUnion("type", [toolsetInput, mcpToolsetInput, customToolInput], {
  error: "must be agent_toolset_20260401, mcp_toolset or custom",
});
export type ToolInput = z.infer<typeof toolInput>;
export const toolsInput = z.array(toolInput).max(MAX_TOOLS).superRefine(refuseDoubles);

/** One toolset of a kind and server, each tool configured once, and every name means one tool. */
function refuseDoubles(tools: ToolInput[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  const servers = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    const refuse = (message: string, path: (string | number)[] = []) =>
      context.addIssue({ code: "custom", path: [index, ...path], message });
    if (tool.type === "mcp_toolset") {
      if (servers.has(tool.mcp_server_name)) refuse("has another toolset already", ["mcp_server_name"]);
      servers.add(tool.mcp_server_name);
    } else {
      const names = tool.type === "custom" ? [tool.name] : TOOL_NAMES;
      const taken = names.find((name) => seen.has(name));
      if (taken !== undefined) refuse(`the name ${taken} is already taken by another tool`);
      for (const name of names) seen.add(name);
    }
    if (tool.type === "custom") continue;
    const configured = new Set<string>();
    for (const [at, config] of (tool.configs ?? []).entries()) {
      if (configured.has(config.name)) refuse("is configured twice", ["configs", at, "name"]);
      configured.add(config.name);
    }
  }
  if (seen.size > MAX_TOOLS) context.addIssue({ code: "custom", message: `more than ${MAX_TOOLS} tools` });
}

const executionIdentity = z.strictObject({ type: z.literal("service_account", { error: NOT_SUPPORTED }) }).nullish();
const agentFields = {
  description: z.string().max(2048).nullish(),
  system: z.string().max(MAX_SYSTEM_LENGTH).nullish(),
  mcp_servers: mcpServersInput.nullish(),
  skills: noneYet,
  multiagent: z.null({ error: NOT_SUPPORTED }).optional(),
  execution_identity: executionIdentity,
};
export const createAgentInput = z.strictObject({
  name: z.string().min(1).max(256),
  model: modelInput,
  tools: toolsInput.nullish(),
  metadata: metadata.nullish(),
  ...agentFields,
});
export const updateAgentInput = z.strictObject({
  name: z.string().min(1).max(256).optional(),
  model: modelInput.optional(),
  tools: toolsInput.nullish(),
  metadata: metadataPatch.nullish(),
  version: agentVersion.optional(),
  ...agentFields,
});
export type CreateAgentInput = z.infer<typeof createAgentInput>;
export type UpdateAgentInput = z.infer<typeof updateAgentInput>;

/** The agent of a session: an id, a version of it, or one with parts replaced for this session. */
export const sessionAgentInput = z.union([
  z.string().min(1).max(100),
  z.strictObject({ type: z.literal("agent"), id: z.string().min(1).max(100), version: agentVersion.optional() }),
  z.strictObject({
    type: z.literal("agent_with_overrides"),
    id: z.string().min(1).max(100),
    version: agentVersion.optional(),
    model: modelInput.optional(),
    system: agentFields.system,
    tools: toolsInput.optional(),
    mcp_servers: mcpServersInput.optional(),
    skills: noneYet,
  }),
]);
export type SessionAgentInput = z.infer<typeof sessionAgentInput>;
/** `model` is Berth's own: the next request of the session goes to it. */
export const sessionAgentUpdate = z.strictObject({
  model: modelInput.optional(),
  tools: toolsInput.optional(),
  mcp_servers: mcpServersInput.optional(),
});

export const listAgentsQuery = z.strictObject({
  ...listQuery,
  include_archived: z.stringbool({ truthy: ["true"], falsy: ["false"] }).optional(),
  created_at: timestampFilter(["gte", "lte"]),
});
export const retrieveAgentQuery = z.strictObject({ version: z.coerce.number().pipe(agentVersion).optional() });
