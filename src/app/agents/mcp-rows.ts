// An agent's MCP servers as the rows of a form, and how they become what the API takes. Pure.
import type { Agent, ToolInput } from "../../contract/agents.ts";
import { canonicalUrl } from "../../contract/https-url.ts";
import type { McpServer, McpToolset } from "../../contract/mcp-servers.ts";
import type { PermissionPolicy } from "../../contract/permission-policies.ts";

export type McpRow = {
  name: string;
  url: string;
  policy: PermissionPolicy["type"];
  /** The name that it has in the agent that is edited; null: it is new. */
  was: string | null;
};

export function toMcpRows({ mcp_servers, tools }: Agent): McpRow[] {
  return mcp_servers.map(({ name, url }) => {
    const policy = toolsetOf(tools, name)?.default_config.permission_policy.type ?? "always_ask";
    return { name, url, policy, was: name };
  });
}

/** What is wrong, in words; null when it can be sent. Rows without anything in them do not count. */
export function findMcpRowProblem(rows: readonly McpRow[]): string | null {
  const filled = rows.filter(isFilled);
  const names = filled.map(({ name }) => name.trim());
  if (names.includes("")) return "Give each server a name.";
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `“${twice}” is there twice.`;
  for (const { name, url } of filled) {
    const outcome = canonicalUrl(url.trim());
    if ("problem" in outcome) return `The address of “${name.trim()}” ${outcome.problem}.`;
  }
  return null;
}

/** Of `before`, what the form does not show is kept: whether tools are on, and rules for single ones. */
export function fromMcpRows(
  rows: readonly McpRow[],
  before: Agent | null,
): { servers: McpServer[]; toolsets: ToolInput[] } {
  const filled = rows.filter(isFilled);
  return {
    servers: filled.map(({ name, url }) => ({ type: "url", name: name.trim(), url: url.trim() })),
    toolsets: filled.map(({ name, policy, was }) => {
      const kept = was === null ? undefined : toolsetOf(before?.tools ?? [], was);
      return {
        type: "mcp_toolset",
        mcp_server_name: name.trim(),
        default_config: { enabled: kept?.default_config.enabled ?? true, permission_policy: { type: policy } },
        configs: kept?.configs ?? [],
      };
    }),
  };
}

function toolsetOf(tools: Agent["tools"], server: string): McpToolset | undefined {
  return tools.find((tool): tool is McpToolset => tool.type === "mcp_toolset" && tool.mcp_server_name === server);
}

function isFilled({ name, url }: McpRow): boolean {
  return name.trim() !== "" || url.trim() !== "";
}
