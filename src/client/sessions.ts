// `/v1/sessions`: one conversation with one agent each.

import type { ForkInput, RewindInput } from "../contract/rewind.ts";
import type { SessionResource, SessionResourceInput } from "../contract/session-resources.ts";
import type { CreateSessionInput, Session, SessionStatus, UpdateSessionInput } from "../contract/sessions.ts";
import type { Snapshot, SnapshotRequest, SnapshotsQuery } from "../contract/snapshots.ts";
import type { TimelineEntry, TimelineQuery } from "../contract/timeline.ts";
import type { Page } from "./page.ts";
import { streamSessions, type TeamStreamOptions } from "./stream-sessions.ts";
import type { Transport } from "./transport.ts";

export type SessionQuery = {
  agent_id?: string;
  include_archived?: boolean;
  /** Only those that wait for somebody's answer. */
  requires_action?: boolean;
  /** Only those whose title has each of these words, or the one of this id. */
  search?: string;
  statuses?: SessionStatus[];
  /** Only those that wait for answers of this kind. */
  waiting_for?: "tool_confirmation" | "custom_tool_result";
  order?: "asc" | "desc";
  limit?: number;
  page?: string;
};

export function createSessionsClient(transport: Transport) {
  return {
    create: (input: CreateSessionInput) => transport.json<Session>("POST", "/v1/sessions", { body: input }),
    get: (sessionId: string, signal?: AbortSignal) =>
      transport.json<Session>("GET", sessionPath(sessionId), signal ? { signal } : {}),
    update: (sessionId: string, input: UpdateSessionInput) =>
      transport.json<Session>("POST", sessionPath(sessionId), { body: input }),
    list: (query: SessionQuery = {}, signal?: AbortSignal) =>
      transport.json<Page<Session>>("GET", "/v1/sessions", { query, ...(signal ? { signal } : {}) }),
    /** Follows all sessions until the signal is aborted; see `streamSessions`. */
    stream: (options: TeamStreamOptions) => streamSessions(transport, options),
    /** Asks the model again after a turn was given up (`retries_exhausted`); 409 otherwise. */
    retry: (sessionId: string) => transport.json<Session>("POST", `${sessionPath(sessionId)}/retry`),
    /** Back to just before a message that the agent has read; 409 while it runs. */
    rewind: (sessionId: string, input: RewindInput) =>
      transport.json<Session>("POST", `${sessionPath(sessionId)}/rewind`, { body: input }),
    /** A new session with the conversation before a message, or all of it. */
    fork: (sessionId: string, input: ForkInput = {}) =>
      transport.json<Session>("POST", `${sessionPath(sessionId)}/fork`, { body: input }),
    /** What happened to it, newest first: holds, its sandbox, states, failures. */
    timeline: (sessionId: string, query: TimelineQuery = {}, signal?: AbortSignal) =>
      transport.json<Page<TimelineEntry>>("GET", `${sessionPath(sessionId)}/timeline`, {
        query,
        ...(signal ? { signal } : {}),
      }),
    /** What is kept of its files, newest first. */
    snapshots: (sessionId: string, query: SnapshotsQuery = {}, signal?: AbortSignal) =>
      transport.json<Page<Snapshot>>("GET", `${sessionPath(sessionId)}/snapshots`, {
        query,
        ...(signal ? { signal } : {}),
      }),
    /** Asks for one now; 409 while it runs, and without a sandbox. See `SnapshotRequest` for when it is there. */
    takeSnapshot: (sessionId: string) => transport.json<SnapshotRequest>("POST", `${sessionPath(sessionId)}/snapshots`),
    /** What its sandbox begins with. Tokens go in and never come out. */
    resources: {
      /** 400 while it runs. */
      add: (sessionId: string, input: SessionResourceInput) =>
        transport.json<SessionResource>("POST", resourcesPath(sessionId), { body: input }),
      /** It holds within seconds. */
      updateToken: (sessionId: string, resourceId: string, authorization_token: string) =>
        transport.json<SessionResource>("POST", `${resourcesPath(sessionId)}/${encodeURIComponent(resourceId)}`, {
          body: { authorization_token },
        }),
      /** Its token is gone; what was cloned stays. */
      delete: (sessionId: string, resourceId: string) =>
        transport.json<{ id: string; type: "session_resource_deleted" }>(
          "DELETE",
          `${resourcesPath(sessionId)}/${encodeURIComponent(resourceId)}`,
        ),
    },
    archive: (sessionId: string) => transport.json<Session>("POST", `${sessionPath(sessionId)}/archive`),
    delete: (sessionId: string) =>
      transport.json<{ id: string; type: "session_deleted" }>("DELETE", sessionPath(sessionId)),
  };
}

function resourcesPath(sessionId: string): string {
  return `${sessionPath(sessionId)}/resources`;
}

export function sessionPath(sessionId: string): string {
  return `/v1/sessions/${encodeURIComponent(sessionId)}`;
}
