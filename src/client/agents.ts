// `/v1/agents`: definitions and their versions.
import type { Agent, CreateAgentInput, UpdateAgentInput } from "../contract/agents.ts";
import type { Page } from "./page.ts";
import type { Transport } from "./transport.ts";

export function createAgentsClient(transport: Transport) {
  return {
    create: (input: CreateAgentInput) => transport.json<Agent>("POST", "/v1/agents", { body: input }),
    get: (agentId: string, signal?: AbortSignal) =>
      transport.json<Agent>("GET", path(agentId), signal ? { signal } : {}),
    /** Refused with 409 when the agent has changed since `version` was read. */
    update: (agentId: string, input: UpdateAgentInput & { version: number }) =>
      transport.json<Agent>("POST", path(agentId), { body: input }),
    list: (query: { limit?: number; page?: string; include_archived?: boolean } = {}, signal?: AbortSignal) =>
      transport.json<Page<Agent>>("GET", "/v1/agents", { query, ...(signal ? { signal } : {}) }),
    /** Newest first. */
    listVersions: (agentId: string, query: { limit?: number; page?: string } = {}, signal?: AbortSignal) =>
      transport.json<Page<Agent>>("GET", `${path(agentId)}/versions`, { query, ...(signal ? { signal } : {}) }),
    archive: (agentId: string) => transport.json<Agent>("POST", `${path(agentId)}/archive`),
  };
}

function path(agentId: string): string {
  return `/v1/agents/${encodeURIComponent(agentId)}`;
}
