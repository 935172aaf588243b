// MCP servers of an agent, and the toolsets that say which of their tools it may call. Names and fields are the API's own.
import { z } from "zod";
import { canonicalUrl } from "./https-url.ts";
import { type PermissionPolicy, permissionPolicy } from "./permission-policies.ts";

/** `url` as it was written. */
export type McpServer = { type: "url"; name: string; url: string };
export type McpToolConfig = { name: string; enabled: boolean; permission_policy: PermissionPolicy };
export type McpToolset = {
  type: "mcp_toolset";
  mcp_server_name: string;
  default_config: { enabled: boolean; permission_policy: PermissionPolicy };
  /** Of tools that differ from the default. */
  configs: McpToolConfig[];
};

export const MAX_MCP_SERVERS = 20;
const MAX_CONFIGS = 256;
const serverName = z.string().min(1).max(255);
const switches = { enabled: z.boolean().nullish(), permission_policy: permissionPolicy.nullish() };

const mcpServerInput = z.strictObject({
  type: z.literal("url"),
  name: serverName,
  url: z
    .string()
    .max(2048)
    .superRefine((text, context) => {
      const outcome = canonicalUrl(text);
      if ("problem" in outcome) context.addIssue({ code: "custom", message: outcome.problem });
    }),
});
export const mcpServersInput = z
  .array(mcpServerInput)
  .max(MAX_MCP_SERVERS)
  .superRefine((servers, context) => {
    const seen = new Set<string>();
    for (const [index, { name }] of servers.entries()) {
      if (seen.has(name))
        context.addIssue({ code: "custom", path: [index, "name"], message: "is the name of another server" });
      seen.add(name);
    }
  });
export const mcpToolsetInput = z.strictObject({
  type: z.literal("mcp_toolset"),
  mcp_server_name: serverName,
  default_config: z.strictObject(switches).nullish(),
  configs: z
    .array(z.strictObject({ name: z.string().min(1).max(128), ...switches }))
    .max(MAX_CONFIGS)
    .optional(),
});
export type McpToolsetInput = z.infer<typeof mcpToolsetInput>;

/** What is wrong between an agent's servers and its toolsets, to complete an error's text; null: each names the other. Pure. */
export function findMcpProblem(definition: {
  mcp_servers: readonly McpServer[];
  tools: readonly { type: string }[];
}): string | null {
  const toolsets = definition.tools.filter((tool): tool is McpToolset => tool.type === "mcp_toolset");
  const named = new Set(toolsets.map((toolset) => toolset.mcp_server_name));
  const known = new Set(definition.mcp_servers.map((server) => server.name));
  for (const name of named)
    if (!known.has(name))
      return `tools: mcp_toolset names the server ${JSON.stringify(name)}, which is not in mcp_servers`;
  for (const name of known)
    if (!named.has(name))
      return `mcp_servers: no mcp_toolset in tools names the server ${JSON.stringify(name)}, so none of its tools could be called`;
  return null;
}
