// Session events: what clients may send (zod) and everything that the log and the stream carry (types).
// Names and fields are the Managed Agents API's own.
import { z } from "zod";
import type { SessionAgent } from "./agents.ts";
import { type MessageBlock, messageBlock, type ResultBlock, resultBlock, type TextBlock } from "./content.ts";
import type { Sender } from "./sender.ts";

const eventId = z.string().min(1).max(100);
const MAX_BLOCKS = 100;
/** Events in one POST. */
export const MAX_EVENTS_PER_SEND = 100;
export const MAX_INITIAL_EVENTS = 50;

export const userMessageInput = z.strictObject({
  type: z.literal("user.message"),
  content: z.array(messageBlock).min(1).max(MAX_BLOCKS),
});
export const userInterruptInput = z.strictObject({
  type: z.literal("user.interrupt"),
  session_thread_id: eventId.nullish(),
});
export const userToolConfirmationInput = z.strictObject({
  type: z.literal("user.tool_confirmation"),
  tool_use_id: eventId,
  result: z.enum(["allow", "deny"]),
  deny_message: z.string().max(10_000).nullish(),
  /** Berth's own addition, with "allow": the call's tool is allowed from now on in this session, in the same transaction. */
  remember: z.boolean().nullish(),
  session_thread_id: eventId.nullish(),
});
export const userCustomToolResultInput = z.strictObject({
  type: z.literal("user.custom_tool_result"),
  custom_tool_use_id: eventId,
  content: z.array(resultBlock).max(MAX_BLOCKS).optional(),
  is_error: z.boolean().nullish(),
  session_thread_id: eventId.nullish(),
});

/** Types of the API that this release knows but cannot act on; refused by name instead of as "unknown". */
export const UNSUPPORTED_INPUTS = ["user.define_outcome", "user.tool_result", "system.message"] as const;

/** What `POST …/events` takes. */
export const eventInput = z.discriminatedUnion(
  "type",
  [userMessageInput, userInterruptInput, userToolConfirmationInput, userCustomToolResultInput],
  {
    error: ({ input }) => {
      const type = typeof input === "object" && input !== null && "type" in input ? input.type : undefined;
      const known = UNSUPPORTED_INPUTS.find((name) => name === type);
      if (known) return `${known} is not supported by this release`;
      return "must be user.message, user.interrupt, user.tool_confirmation or user.custom_tool_result";
    },
  },
);
export type EventInput = z.infer<typeof eventInput>;
export const sendEventsInput = z.strictObject({ events: z.array(eventInput).min(1).max(MAX_EVENTS_PER_SEND) });

type Stored<Type extends string, Fields> = { id: string; type: Type; processed_at: string } & Fields;
type Accepted<Type extends string, Fields> = { id: string; type: Type; processed_at: string | null } & Fields;

/** `withdrawn` is Berth's own: it was taken back while it was queued, and the agent never saw it. */
export type UserMessageEvent = Accepted<"user.message", { content: MessageBlock[]; withdrawn?: true }>;
export type UserInterruptEvent = Accepted<"user.interrupt", { session_thread_id?: string | null }>;
/** `answered_by` and `remember` are Berth's own: who decided (absent in logs of earlier releases), and whether for the tool's next calls too. */
export type UserToolConfirmationEvent = Accepted<
  "user.tool_confirmation",
  {
    tool_use_id: string;
    result: "allow" | "deny";
    deny_message?: string | null;
    remember?: boolean | null;
    answered_by?: Sender;
  }
>;
export type UserCustomToolResultEvent = Accepted<
  "user.custom_tool_result",
  { custom_tool_use_id: string; content?: ResultBlock[]; is_error?: boolean | null }
>;
export type UserEvent = UserMessageEvent | UserInterruptEvent | UserToolConfirmationEvent | UserCustomToolResultEvent;

export type EvaluatedPermission = "allow" | "ask" | "deny";
export type AgentMessageEvent = Stored<"agent.message", { content: TextBlock[] }>;
export type AgentThinkingEvent = Stored<"agent.thinking", object>;
export type AgentToolUseEvent = Stored<
  "agent.tool_use",
  { name: string; input: Record<string, unknown>; evaluated_permission: EvaluatedPermission }
>;
/**
 * `exit_code` and `duration_ms` are Berth's own. `exit_code`: of `bash`; null when the command was killed (timeout, cancelled).
 * `duration_ms`: how long the tool ran in the sandbox, without waiting for its turn. Both absent where nothing ran, nobody
 * knows, or the log is of an earlier release.
 */
export type AgentToolResultEvent = Stored<
  "agent.tool_result",
  { tool_use_id: string; content: ResultBlock[]; is_error: boolean; exit_code?: number | null; duration_ms?: number }
>;
export type AgentMcpToolUseEvent = Stored<
  "agent.mcp_tool_use",
  {
    mcp_server_name: string;
    name: string;
    input: Record<string, unknown>;
    evaluated_permission: EvaluatedPermission;
  }
>;
/** `duration_ms` is Berth's own: how long the server took to answer. Absent where it was not asked. */
export type AgentMcpToolResultEvent = Stored<
  "agent.mcp_tool_result",
  { mcp_tool_use_id: string; content: ResultBlock[]; is_error: boolean; duration_ms?: number }
>;
export type AgentCustomToolUseEvent = Stored<"agent.custom_tool_use", { name: string; input: Record<string, unknown> }>;
export type ThreadContextCompactedEvent = Stored<"agent.thread_context_compacted", object>;

export type StopReason =
  | { type: "end_turn" }
  | { type: "requires_action"; event_ids: string[] }
  | { type: "retries_exhausted" }
  | { type: "budget_reached" }
  /** The model, or the filter in front of it, would not answer. */
  | { type: "refusal" };
export type RefusalDetails = { type: "refusal"; category: null; explanation: string | null };
export type RetryStatus = { type: "retrying" | "exhausted" | "terminal" };
/** The API's error types that this release produces. */
export type SessionErrorType =
  | "unknown_error"
  | "model_overloaded_error"
  | "model_rate_limited_error"
  | "model_request_failed_error"
  | "billing_error"
  | "compaction_limit_reached_error"
  | "tool_use_limit_reached_error"
  | McpErrorType
  | RepositoryErrorType;
export type McpErrorType = "mcp_connection_failed_error" | "mcp_authentication_failed_error";

export type RepositoryErrorType =
  | "repository_authentication_error"
  | "repository_checkout_error"
  | "repository_clone_error"
  | "repository_forbidden_error"
  | "repository_not_found_error";

export type StatusRunningEvent = Stored<"session.status_running", object>;
export type StatusIdleEvent = Stored<
  "session.status_idle",
  { stop_reason: StopReason; stop_details: RefusalDetails | null }
>;
/**
 * `reason` is Berth's own. `worker_changed`: a turn that a worker left (it died, or handed over) is taken up by the next one.
 * `model_busy`: as many requests to the model as a worker makes at once are under way; it is asked later.
 * `sandbox_limit`: its team runs as many sandboxes as it may; the next place is its own when it is the first that waits.
 * `retry_requested`: somebody asked for a turn that was given up. Absent: the model failed and is asked again later.
 */
export type StatusRescheduledEvent = Stored<
  "session.status_rescheduled",
  { reason?: "worker_changed" | "retry_requested" | "model_busy" | "sandbox_limit" }
>;
export type StatusTerminatedEvent = Stored<"session.status_terminated", object>;
export type SessionErrorEvent = Stored<
  "session.error",
  /**
   * `mcp_server_name`: of those of an MCP server. The turn goes on without it: they are always `retrying`, with the next request.
   * With the type `unknown_error`, ours: some of its tools are left out of the requests; told once for the same ones.
   * `repository_url`: of those of a repository; likewise, with the next turn.
   * `environment_id`: ours, where that environment's packages could not be installed.
   * `credential_id`, `vault_id`: ours, where a credential could not be renewed; told once a session and failure.
   */
  {
    error: {
      type: SessionErrorType;
      message: string;
      retry_status: RetryStatus;
      mcp_server_name?: string;
      credential_id?: string;
      vault_id?: string;
      environment_id?: string;
      repository_url?: string;
    };
  }
>;
export type SessionDeletedEvent = Stored<"session.deleted", object>;
export type SessionUpdatedEvent = Stored<
  "session.updated",
  { title?: string | null; metadata?: Record<string, string>; agent?: SessionAgent; budget?: unknown }
>;

/**
 * What becomes of the files. `snapshot`: they are set to it, and `session.restored` says when that is done; `exact`: no tool ran between it
 * and that message · `empty`: so is the workspace then, and now · `later`: the source's are being kept, and `session.restored` follows ·
 * `unknown`: none were kept from then: after a rewind they stay as they are, in a fork there are none. Absent in older logs.
 */
export type FilesThen = {
  files?:
    | { type: "snapshot"; snapshot_id: string; taken_at: string; exact: boolean }
    | { type: "empty" | "later" | "unknown" };
};
/** Berth's own: the conversation from the message `event_id` on was taken back, and so is what tools changed since. */
export type SessionRewoundEvent = Stored<"session.rewound", { event_id: string } & FilesThen>;
/** Berth's own: what comes before is a copy of that session, up to before the message `event_id`; null: of all of it. */
export type SessionForkedEvent = Stored<"session.forked", { session_id: string; event_id: string | null } & FilesThen>;

/**
 * Berth's own: the files of the session's sandbox were brought back from a snapshot, since its disk was `lost`, after a `rewind`, or in a
 * `fork`. `snapshot_id`: null: to an empty workspace, of a lost disk since no files had been kept. `exact`: no tool ran between the snapshot and that place. `checked_files`: whose content was compared with its hash. `refused`: what could not be brought back, `left_out`: what the snapshot could not hold, each with the reason;
 * the first hundred are named. `changed_count`: files that were being written while the snapshot was taken.
 */
export type SessionRestoredEvent = Stored<
  "session.restored",
  {
    reason: "lost" | "rewind" | "fork";
    /** Nothing was brought back: the files are as they were, for this reason. */
    left_because?: string;
    /** Absent in older logs. */
    exact?: boolean;
    snapshot_id: string | null;
    taken_at: string | null;
    files: number;
    total_bytes: number;
    written_files: number;
    written_bytes: number;
    same_files: number;
    removed: number;
    checked_files: number;
    refused: { path: string; why: string }[];
    refused_count: number;
    left_out: { path: string; why: string }[];
    left_out_count: number;
    changed_count: number;
    duration_ms: number;
  }
>;

/**
 * Berth's own: packages of the session's environment are being installed, which happens once for a list of packages. `installing`: this
 * package manager is at work; `ready`: all are there, after `duration_ms`. A failure is a `session.error`.
 */
export type SessionPackagesEvent = Stored<
  "session.packages",
  { status: "installing"; manager: string; packages: string[] } | { status: "ready"; duration_ms: number }
>;

/**
 * Berth's own: a repository of the session is brought into its sandbox. `cloning`: begun; told again when it is begun anew. `ready`: it is
 * at `mount_path`, after `duration_ms`. A failure is a `session.error` with its `repository_url`; a further try of one is told when it works.
 */
export type SessionRepositoryEvent = Stored<
  "session.repository",
  { resource_id: string; repository_url: string; mount_path: string } & (
    | { status: "cloning" }
    | { status: "ready"; duration_ms: number }
  )
>;

/**
 * Berth's own: the session's sandbox tried to reach the outside in a way that no program does by accident, and was refused. `rule`: why;
 * `path`: without its query. The request is listed in `/v1/egress_requests`. The model is not told: its program was.
 */
export type EgressRefusedEvent = Stored<
  "session.egress_refused",
  {
    egress_request_id: string;
    method: string;
    host: string;
    port: number;
    path: string;
    rule: string;
    detail: string | null;
  }
>;

export type UsageSnapshot = {
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens: number;
  cache_creation: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number };
  active_seconds: number;
  /** Absent while a request of the session had no known price. */
  list_cost?: { amount: string; currency: "USD" };
};
export type SessionUsageEvent = Stored<"session.usage", { usage: UsageSnapshot; budget: unknown }>;

export type ModelUsageFields = {
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
};
export type ModelRequestStartEvent = Stored<"span.model_request_start", object>;
export type ModelRequestEndEvent = Stored<
  "span.model_request_end",
  { model_request_start_id: string; is_error: boolean; model_usage: ModelUsageFields }
>;

export type AgentEvent =
  | AgentMessageEvent
  | AgentThinkingEvent
  | AgentToolUseEvent
  | AgentToolResultEvent
  | AgentMcpToolUseEvent
  | AgentMcpToolResultEvent
  | AgentCustomToolUseEvent
  | ThreadContextCompactedEvent;
export type StatusEvent =
  | StatusRunningEvent
  | StatusIdleEvent
  | StatusRescheduledEvent
  | StatusTerminatedEvent
  | SessionErrorEvent
  | SessionDeletedEvent
  | SessionUpdatedEvent
  | SessionUsageEvent
  | SessionRestoredEvent
  | SessionPackagesEvent
  | SessionRepositoryEvent
  | SessionRewoundEvent
  | SessionForkedEvent
  | EgressRefusedEvent;
export type SpanEvent = ModelRequestStartEvent | ModelRequestEndEvent;

/** Everything that is stored in a session's log. */
export type SessionEvent = UserEvent | AgentEvent | StatusEvent | SpanEvent;
export type SessionEventType = SessionEvent["type"];

/** Previews, for streams that ask with `event_deltas[]`. Never stored, never replayed; the event with the same id replaces them. */
export type EventStart = { type: "event_start"; event: { type: "agent.message" | "agent.thinking"; id: string } };
export type EventDelta = {
  type: "event_delta";
  event_id: string;
  delta: { type: "content_delta"; index: number; content: { type: "text"; text: string } };
};
/**
 * Berth's own: output of a command that runs. It is replaced by the `agent.tool_result` of that `tool_use_id`, whatever its
 * id: a call that is interrupted, or goes on at another worker, gets a result with another one.
 */
export type OutputStart = {
  type: "event_start";
  event: { type: "agent.tool_result"; id: string; tool_use_id: string };
};
/** Comes without a start to those who come late. Bytes count from the start of the output; a jump is output left out. */
export type ToolOutputDelta = EventDelta & {
  tool_use_id: string;
  delta: { byte_offset: number; byte_count: number };
};
export type PreviewEvent = EventStart | EventDelta | OutputStart | ToolOutputDelta;
export type StreamEvent = SessionEvent | PreviewEvent;

/** What a client sees of a stored entry. */
export function toWireEvent(entry: {
  id: string;
  type: string;
  payload: Record<string, unknown>;
  processedAt: Date | null;
}): Record<string, unknown> {
  return { id: entry.id, type: entry.type, ...entry.payload, processed_at: entry.processedAt?.toISOString() ?? null };
}
