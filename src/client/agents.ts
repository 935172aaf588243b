// `/v1/agents`: definitions and their versions.
import type { AgentTool, ModelConfig, PermissionPolicy, SessionAgent, ToolName } from "../contract/agents.ts";
import type { Page } from "./page.ts";
import type { Transport } from "./transport.ts";

export type Agent = SessionAgent & {
  metadata: Record<string, string>;
  created_at: string;
  updated_at: string;
  archived_at: string | null;
};

export type ToolsetInput = {
  type: "agent_toolset_20260401";
  default_config?: { enabled?: boolean; permission_policy?: PermissionPolicy };
  configs?: { name: ToolName; enabled?: boolean; permission_policy?: PermissionPolicy }[];
};
export type AgentToolInput = ToolsetInput | AgentTool;

export type AgentInput = {
  name: string;
  model: string | ModelConfig;
  description?: string | null;
  system?: string | null;
  tools?: AgentToolInput[];
  metadata?: Record<string, string>;
};

export function createAgentsClient(transport: Transport) {
  return {
    create: (input: AgentInput) => transport.json<Agent>("POST", "/v1/agents", { body: input }),
    get: (agentId: string, signal?: AbortSignal) =>
      transport.json<Agent>("GET", path(agentId), signal ? { signal } : {}),
    /** With a version, refused with 409 when the agent has changed since that version was read. */
    update: (agentId: string, input: Partial<AgentInput> & { version: number }) =>
      transport.json<Agent>("POST", path(agentId), { body: input }),
    list: (query: { limit?: number; page?: string; include_archived?: boolean } = {}, signal?: AbortSignal) =>
      transport.json<Page<Agent>>("GET", "/v1/agents", { query, ...(signal ? { signal } : {}) }),
    archive: (agentId: string) => transport.json<Agent>("POST", `${path(agentId)}/archive`),
  };
}

function path(agentId: string): string {
  return `/v1/agents/${encodeURIComponent(agentId)}`;
}
