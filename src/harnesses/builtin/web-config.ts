// What an agent's definition says of `web_fetch` and `web_search`. It was checked when it was written; whatever else is there is nothing. Pure.
import type { ToolConfig } from "../../contract/agents.ts";
import type { DomainRules } from "../../web-tools/web-tools.ts";
import type { ToolFilter, UrlSources } from "../harness.ts";

export function domainsOf(config: ToolConfig | undefined): DomainRules {
  return { allowed: textsOf(config?.allowed_domains), blocked: textsOf(config?.blocked_domains) };
}

export function maxContentTokensOf(config: ToolConfig | undefined): number | null {
  const most = config?.max_content_tokens;
  return typeof most === "number" ? most : null;
}

/** Null: an address may come from anywhere. */
export function urlSourcesOf(config: ToolConfig | undefined): UrlSources | null {
  const sources = config?.url_sources;
  if (!isRecord(sources)) return null;
  return {
    fromUser: typeOf(sources.user_input) !== "none",
    fromCustomTools: filterOf(sources.client_tool_results),
    fromWebTools: filterOf(sources.server_tool_results),
  };
}

function filterOf(filter: unknown): ToolFilter {
  const type = typeOf(filter);
  const tools = isRecord(filter) && Array.isArray(filter.tools) ? filter.tools : [];
  const names = tools.flatMap((tool: unknown) => (isRecord(tool) && typeof tool.name === "string" ? [tool.name] : []));
  if (type === "none") return { only: [] };
  if (type === "only") return { only: names };
  return { except: type === "except" ? names : [] };
}

function typeOf(value: unknown): unknown {
  return isRecord(value) ? value.type : value;
}

function textsOf(value: unknown): readonly string[] | null {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
