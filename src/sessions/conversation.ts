// A session's log folded into what its next step depends on: the conversation, open tool calls, what waits in the queue.
import type { MessageBlock, ResultBlock } from "../contract/content.ts";
import type { EvaluatedPermission, StopReason } from "../contract/events.ts";
import type { StoredEvent } from "../db/events.ts";
import type { SessionStatus } from "../db/schema.ts";
import { FILES_LEFT, type RestoredPayload, restoredNotice } from "./restored-files.ts";

export type Confirmation = { allow: boolean; message: string | null };

/** A tool call in the conversation. `callId` is the model's own id for it, `id` the event's. */
export type Call = {
  id: string;
  callId: string;
  kind: "tool" | "custom";
  name: string;
  input: Record<string, unknown>;
  invalidInput?: string;
  permission: EvaluatedPermission;
  /** It is a tool of this MCP server, which the model calls by another name. */
  mcp?: { server: string; calledAs: string };
};
/** A call that has no result yet. */
export type PendingCall = Call & { confirmation: Confirmation | null };

export type CallResult = { seq: number; content: ResultBlock[]; isError: boolean };

/** What the model has seen or said, in order. Results of calls lie in `Conversation.results`. */
export type Item =
  | { kind: "user"; seq: number; content: MessageBlock[] }
  | { kind: "assistant"; seq: number; requestId: string; text: string; reasoning: unknown; calls: Call[] };

/** What the model is told about calls that the user stopped. */
export const INTERRUPTED = "Interrupted by the user.";

export type QueuedEvent = { seq: number; id: string; type: QueuedType; payload: Record<string, unknown> };
export type QueuedType = (typeof QUEUED_TYPES)[number];
const QUEUED_TYPES = ["user.message", "user.interrupt", "user.tool_confirmation", "user.custom_tool_result"] as const;

/** The older part of the conversation was replaced by a summary. */
export type Compaction = {
  summary: string;
  /** Items up to this seq are summed up. */
  throughSeq: number;
  /** Results older than the compaction are cut to this many characters; null: they are kept whole. */
  outputLimit: number | null;
  /** Seq of the compaction itself. */
  seq: number;
};

/** Why a span was opened: for the answer, or to sum up. */
export type RequestPurpose = "answer" | "summary";

export type Conversation = {
  /** Everything up to here is folded in. */
  lastSeq: number;
  status: SessionStatus;
  stopReason: StopReason | null;
  items: Item[];
  results: Map<string, CallResult>;
  /** By event id, in the model's order. */
  pending: Map<string, PendingCall>;
  /** Accepted and not yet in the conversation, by event id, in order of arrival. */
  queued: Map<string, QueuedEvent>;
  openRequest: { id: string; purpose: RequestPurpose } | null;
  /** The model has something to answer: a message, or results of its calls. */
  owesAnswer: boolean;
  /** The last request did not fit into the model's context. */
  contextOverflow: boolean;
  /** Compactions since the model last answered. */
  compactionsInRow: number;
  /** Answers with tool calls since the turn began. */
  toolRounds: number;
  /** While rescheduling: when to try again, milliseconds since the epoch. */
  retryAt: number | null;
  /** How long the wait was to be; null: an older release decided on it. */
  retryInMs: number | null;
  /** An error ended the turn; what is left is to say so. */
  gaveUp: boolean;
  /** The model would not answer. */
  refused: boolean;
  /** The model has not been told yet what became of its files. */
  filesNotice: string | null;
  /** The tools of an MCP server that were last told to be left out of requests, as a fingerprint, by server. */
  toolsLeftOut: Map<string, string>;
  /** Seq of the last change of the session's definition (title, tools, budget). */
  updatedSeq: number;
  compaction: Compaction | null;
  /** Those before it, the oldest first: a rewind may go back behind one. */
  earlierCompactions: Compaction[];
};

export function emptyConversation(): Conversation {
  return {
    lastSeq: 0,
    status: "idle",
    stopReason: null,
    items: [],
    results: new Map(),
    pending: new Map(),
    queued: new Map(),
    openRequest: null,
    owesAnswer: false,
    contextOverflow: false,
    compactionsInRow: 0,
    toolRounds: 0,
    retryAt: null,
    retryInMs: null,
    gaveUp: false,
    refused: false,
    filesNotice: null,
    toolsLeftOut: new Map(),
    updatedSeq: 0,
    compaction: null,
    earlierCompactions: [],
  };
}

/** Takes in the next entries of the log, in order; entries that are already in are skipped. Changes and returns `conversation`. */
export function foldEvents(conversation: Conversation, events: readonly StoredEvent[]): Conversation {
  for (const event of events) {
    if (event.seq <= conversation.lastSeq) continue;
    conversation.lastSeq = event.seq;
    if (isQueuedType(event.type)) foldUserEvent(conversation, event, event.type);
    else folds[event.type]?.(conversation, event);
  }
  return conversation;
}

function isQueuedType(type: string): type is QueuedType {
  return QUEUED_TYPES.some((known) => known === type);
}

/** The first entry of a user event queues it, its echo is where it takes effect; a withdrawn message's echo has none. */
function foldUserEvent(conversation: Conversation, event: StoredEvent, type: QueuedType): void {
  const { id, seq, payload } = event;
  if (!event.echo) {
    conversation.queued.set(id, { id, seq, type, payload });
    return;
  }
  conversation.queued.delete(id);
  if (payload.withdrawn === true) return;
  switch (type) {
    case "user.message":
      conversation.items.push({ kind: "user", seq, content: fieldOf<MessageBlock[]>(payload, "content") ?? [] });
      conversation.owesAnswer = true;
      break;
    case "user.interrupt":
      conversation.owesAnswer = false;
      conversation.gaveUp = false;
      abandonCustomCalls(conversation, seq);
      break;
    case "user.tool_confirmation": {
      const call = conversation.pending.get(fieldOf<string>(payload, "tool_use_id") ?? "");
      // Anything but a clear "allow" is a no.
      if (call) {
        call.confirmation = {
          allow: payload.result === "allow",
          message: fieldOf<string>(payload, "deny_message") ?? null,
        };
      }
      break;
    }
    case "user.custom_tool_result":
      addResult(conversation, event, fieldOf<string>(payload, "custom_tool_use_id") ?? "");
      break;
  }
}

type Fold = (conversation: Conversation, event: StoredEvent) => void;

const folds: Record<string, Fold> = {
  "span.model_request_start": (conversation, event) => {
    const purpose = event.private?.purpose === "summary" ? "summary" : "answer";
    conversation.openRequest = { id: event.id, purpose };
  },
  "agent.message": (conversation, event) => {
    const blocks = fieldOf<{ text: string }[]>(event.payload, "content") ?? [];
    answerOf(conversation, event).text += blocks.map((block) => block.text).join("");
  },
  "agent.tool_use": (conversation, event) => addCall(conversation, event, "tool"),
  "agent.mcp_tool_use": (conversation, event) => addCall(conversation, event, "tool"),
  "agent.custom_tool_use": (conversation, event) => addCall(conversation, event, "custom"),
  "span.model_request_end": (conversation, event) => {
    const request = conversation.openRequest;
    conversation.openRequest = null;
    if (event.payload.is_error === true) {
      conversation.contextOverflow = event.private?.error_kind === "context_length";
      return;
    }
    if (request?.purpose === "summary") return;
    conversation.contextOverflow = false;
    conversation.compactionsInRow = 0;
    const last = conversation.items.at(-1);
    const answer = last?.kind === "assistant" && last.requestId === event.payload.model_request_start_id ? last : null;
    if (answer) answer.reasoning = event.private?.reasoning_state ?? null;
    conversation.owesAnswer = answer !== null && answer.calls.length > 0;
    conversation.refused = event.private?.finish === "content_filter" && !conversation.owesAnswer;
    if (conversation.owesAnswer) conversation.toolRounds++;
  },
  "agent.tool_result": (conversation, event) => {
    addResult(conversation, event, fieldOf<string>(event.payload, "tool_use_id") ?? "");
    const [first] = fieldOf<{ text?: string }[]>(event.payload, "content") ?? [];
    // A call that was interrupted, or failed before it came so far, tells of nothing.
    if (first?.text === conversation.filesNotice) conversation.filesNotice = null;
  },
  "agent.mcp_tool_result": (conversation, event) =>
    addResult(conversation, event, fieldOf<string>(event.payload, "mcp_tool_use_id") ?? ""),
  "agent.thread_context_compacted": (conversation, event) => {
    if (conversation.compaction) conversation.earlierCompactions.push(conversation.compaction);
    conversation.compaction = {
      summary: fieldOf<string>(event.private ?? {}, "summary") ?? "",
      throughSeq: fieldOf<number>(event.private ?? {}, "through_seq") ?? 0,
      outputLimit: fieldOf<number>(event.private ?? {}, "output_limit") ?? null,
      seq: event.seq,
    };
    conversation.contextOverflow = false;
    conversation.compactionsInRow++;
  },
  "session.error": (conversation, event) => {
    const error = fieldOf<{ retry_status?: { type?: string }; mcp_server_name?: string }>(event.payload, "error");
    if (error?.retry_status?.type === "exhausted") conversation.gaveUp = true;
    const leftOut = fieldOf<string>(event.private ?? {}, "tools_left_out");
    if (leftOut && error?.mcp_server_name) conversation.toolsLeftOut.set(error.mcp_server_name, leftOut);
  },
  "session.updated": (conversation, event) => {
    conversation.updatedSeq = event.seq;
  },
  "session.status_running": (conversation) => {
    conversation.status = "running";
    conversation.stopReason = null;
    conversation.retryAt = null;
    conversation.gaveUp = false;
  },
  "session.status_rescheduled": (conversation, event) => {
    conversation.status = "rescheduling";
    conversation.retryInMs = fieldOf<number>(event.private ?? {}, "retry_in_ms") ?? null;
    conversation.retryAt =
      conversation.retryInMs === null
        ? (fieldOf<number>(event.private ?? {}, "retry_at") ?? 0)
        : event.createdAt.getTime() + conversation.retryInMs;
  },
  "session.status_idle": (conversation, event) => {
    const reason = fieldOf<StopReason>(event.payload, "stop_reason") ?? { type: "end_turn" };
    conversation.status = "idle";
    conversation.stopReason = reason;
    conversation.retryAt = null;
    conversation.gaveUp = false;
    if (reason.type === "requires_action") return;
    conversation.toolRounds = 0;
    // A session whose budget is raised goes on where it stopped.
    if (reason.type === "budget_reached") return;
    // So does one that is asked to try again.
    if (reason.type !== "retries_exhausted") conversation.owesAnswer = false;
    conversation.contextOverflow = false;
    conversation.compactionsInRow = 0;
  },
  "session.status_terminated": (conversation) => {
    conversation.status = "terminated";
  },
  "session.rewound": (conversation, event) => {
    goBack(conversation, fieldOf<number>(event.private ?? {}, "to_seq") ?? event.seq);
    beginAnew(conversation);
    const files = fieldOf<{ type: string }>(event.payload, "files");
    conversation.filesNotice = files?.type === "unknown" ? FILES_LEFT : null;
  },
  "session.restored": (conversation, { payload }) => {
    conversation.filesNotice = restoredNotice(payload as RestoredPayload);
  },
  // What was under way belongs to the session that this one is a copy of.
  "session.forked": (conversation) => {
    beginAnew(conversation);
    conversation.filesNotice = null;
  },
};

/** Forgets what entered the conversation from `toSeq` on. */
function goBack(conversation: Conversation, toSeq: number): void {
  conversation.items = conversation.items.filter((item) => item.seq < toSeq);
  for (const [id, result] of conversation.results) if (result.seq >= toSeq) conversation.results.delete(id);
  while (conversation.compaction && conversation.compaction.seq >= toSeq)
    conversation.compaction = conversation.earlierCompactions.pop() ?? null;
}

/** At rest, with nothing owed and nothing under way. */
function beginAnew(conversation: Conversation): void {
  conversation.status = "idle";
  conversation.stopReason = { type: "end_turn" };
  conversation.pending.clear();
  conversation.openRequest = null;
  conversation.owesAnswer = false;
  conversation.contextOverflow = false;
  conversation.compactionsInRow = 0;
  conversation.toolRounds = 0;
  conversation.retryAt = null;
  conversation.gaveUp = false;
  conversation.refused = false;
}

/** The answer that this event is a part of: all parts name the request that they came from. */
function answerOf(conversation: Conversation, event: StoredEvent) {
  const requestId = fieldOf<string>(event.private ?? {}, "request_id") ?? event.id;
  const last = conversation.items.at(-1);
  if (last?.kind === "assistant" && last.requestId === requestId) return last;
  const item = {
    kind: "assistant" as const,
    seq: event.seq,
    requestId,
    text: "",
    reasoning: null,
    calls: [] as Call[],
  };
  conversation.items.push(item);
  return item;
}

function addCall(conversation: Conversation, event: StoredEvent, kind: Call["kind"]): void {
  const details = event.private ?? {};
  const invalidInput = fieldOf<string>(details, "invalid_input");
  const permission = fieldOf<EvaluatedPermission>(event.payload, "evaluated_permission");
  const server = fieldOf<string>(event.payload, "mcp_server_name");
  const call: Call = {
    id: event.id,
    callId: fieldOf<string>(details, "call_id") ?? event.id,
    kind,
    name: fieldOf<string>(event.payload, "name") ?? "",
    input: fieldOf<Record<string, unknown>>(event.payload, "input") ?? {},
    permission: permission === "allow" || permission === "deny" ? permission : "ask",
    ...(invalidInput === undefined ? {} : { invalidInput }),
    ...(server === undefined ? {} : { mcp: { server, calledAs: fieldOf<string>(details, "called_as") ?? "" } }),
  };
  answerOf(conversation, event).calls.push(call);
  conversation.pending.set(event.id, { ...call, confirmation: null });
}

/** Clients own these calls, so no event of ours gives them a result: after an interrupt nobody waits for one any more. */
function abandonCustomCalls(conversation: Conversation, seq: number): void {
  for (const call of conversation.pending.values()) {
    if (call.kind !== "custom") continue;
    conversation.pending.delete(call.id);
    conversation.results.set(call.id, { seq, content: [{ type: "text", text: INTERRUPTED }], isError: true });
  }
}

function addResult(conversation: Conversation, event: StoredEvent, callEventId: string): void {
  if (!conversation.pending.delete(callEventId)) return;
  conversation.results.set(callEventId, {
    seq: event.seq,
    content: fieldOf<ResultBlock[]>(event.payload, "content") ?? [],
    isError: event.payload.is_error === true,
  });
}

/** A field of an event that we ourselves, or the API after parsing it, wrote; so its type is known. Null reads as absent. */
function fieldOf<T>(payload: Record<string, unknown>, name: string): T | undefined {
  return (payload[name] ?? undefined) as T | undefined;
}
