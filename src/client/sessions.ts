// `/v1/sessions`: one conversation with one agent each.
import type { SessionAgent } from "../contract/agents.ts";
import type { EventInput, StopReason, UsageSnapshot } from "../contract/events.ts";
import type { Page } from "./page.ts";
import type { Transport } from "./transport.ts";

export type SessionStatus = "rescheduling" | "running" | "idle" | "terminated";

export type Session = {
  type: "session";
  id: string;
  agent: SessionAgent;
  environment_id: string;
  title: string | null;
  status: SessionStatus;
  /** Why the session is idle; absent on servers that do not say. */
  stop_reason?: StopReason | null;
  metadata: Record<string, string>;
  usage: Partial<UsageSnapshot>;
  stats: { active_seconds?: number; duration_seconds?: number };
  created_at: string;
  updated_at: string;
  archived_at: string | null;
};

export type SessionInput = {
  agent: string | { type: "agent"; id: string; version?: number };
  /** Absent: the team's default environment. */
  environment_id?: string;
  title?: string | null;
  metadata?: Record<string, string>;
  initial_events?: EventInput[];
};

export type SessionQuery = {
  agent_id?: string;
  include_archived?: boolean;
  statuses?: SessionStatus[];
  order?: "asc" | "desc";
  limit?: number;
  page?: string;
};

export function createSessionsClient(transport: Transport) {
  return {
    create: (input: SessionInput) => transport.json<Session>("POST", "/v1/sessions", { body: input }),
    get: (sessionId: string, signal?: AbortSignal) =>
      transport.json<Session>("GET", sessionPath(sessionId), signal ? { signal } : {}),
    update: (sessionId: string, input: { title?: string | null; metadata?: Record<string, string | null> }) =>
      transport.json<Session>("POST", sessionPath(sessionId), { body: input }),
    list: (query: SessionQuery = {}, signal?: AbortSignal) =>
      transport.json<Page<Session>>("GET", "/v1/sessions", { query, ...(signal ? { signal } : {}) }),
    archive: (sessionId: string) => transport.json<Session>("POST", `${sessionPath(sessionId)}/archive`),
    delete: (sessionId: string) =>
      transport.json<{ id: string; type: "session_deleted" }>("DELETE", sessionPath(sessionId)),
  };
}

export function sessionPath(sessionId: string): string {
  return `/v1/sessions/${encodeURIComponent(sessionId)}`;
}
