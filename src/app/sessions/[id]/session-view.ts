// What the session page shows: turns with items, what waits for a person, status and usage.
import type { MessageBlock, ResultBlock } from "../../../contract/content.ts";
import type { SessionErrorEvent, SessionRestoredEvent, StopReason, UsageSnapshot } from "../../../contract/events.ts";
import type { Sender } from "../../../contract/sender.ts";

export type ToolState =
  /** A person has to allow or deny it. */
  | "asking"
  | "running"
  /** A custom tool: the program that owns the session has to answer. */
  | "awaiting_result"
  | "done"
  | "failed"
  | "denied"
  /** The turn ended before a result came. */
  | "unfinished";

export type UserMessageItem = { kind: "user_message"; id: string; content: MessageBlock[]; at: string | null };
export type AgentMessageItem = {
  kind: "agent_message";
  id: string;
  text: string;
  /** `writing`: a preview that grows; `cut`: a preview whose message never came or is still to come after a broken connection. */
  state: "writing" | "cut" | "done";
  at: string | null;
};
export type ThinkingItem = { kind: "thinking"; id: string; state: "thinking" | "done"; at: string | null };
export type Confirmation = {
  result: "allow" | "deny";
  message: string | null;
  /** Absent in logs of earlier releases. */
  by: Sender | null;
  /** When the agent took it in. */
  at: string | null;
};
/** Output of a command that runs, its end at least. `before`: bytes that were left out before this text. */
export type LiveOutput = {
  /** The preview that it comes from. */
  eventId: string;
  parts: readonly { before: number; text: string }[];
  /** The byte after the last one. */
  reached: number;
};
export type ToolCallItem = {
  kind: "tool_call";
  id: string;
  /** The model request whose answer asked for it; calls of one request run in parallel. Null when it was not seen. */
  requestId: string | null;
  owner: "agent" | "client";
  name: string;
  input: Record<string, unknown>;
  state: ToolState;
  askedAt: string;
  /** When it began to run: at once, or when a person allowed it. */
  startedAt: string | null;
  endedAt: string | null;
  /** While it runs; the result replaces it. */
  output: LiveOutput | null;
  result: ResultBlock[] | null;
  /** Of a command that ended by itself. */
  exitCode: number | null;
  /** How long it ran in the sandbox, as the result tells. */
  durationMs: number | null;
  confirmation: Confirmation | null;
};
export type ErrorItem = {
  kind: "error";
  id: string;
  errorType: string;
  /** Null: its message says it all. */
  title: string | null;
  /** Where it is mended; null: nowhere in the dashboard. */
  mendedAt: { place: "environment" | "vault"; id: string } | null;
  message: string;
  retry: "retrying" | "exhausted" | "terminal";
  at: string;
};
export type NoteItem = { kind: "note"; id: string; text: string; at: string | null };
/** Files came back from a snapshot. `text`: the receipt in a sentence or two. */
export type ReceiptItem = { kind: "receipt"; id: string; text: string; receipt: SessionRestoredEvent; at: string };

export type Item =
  | UserMessageItem
  | AgentMessageItem
  | ThinkingItem
  | ToolCallItem
  | ErrorItem
  | NoteItem
  | ReceiptItem;

/** From the first thing that happened after the agent rested to its next rest. */
export type Turn = {
  id: string;
  items: readonly Item[];
  startedAt: string | null;
  endedAt: string | null;
  /** Requests to the model that are under way, by the id of their start. */
  openRequests: readonly string[];
};

type Tokens = Pick<UsageSnapshot, "input_tokens" | "output_tokens" | "cache_read_input_tokens"> & {
  cache_creation_input_tokens: number;
};

export type SessionView = {
  /** Place in the log of the last event that was folded in; 0 before the first. */
  lastSeq: number;
  status: "idle" | "running" | "rescheduling" | "terminated" | "deleted";
  stopReason: StopReason | null;
  turns: readonly Turn[];
  /** Messages that are accepted and not yet in the conversation. */
  queued: readonly UserMessageItem[];
  /** Tokens of the model requests that were seen, and the latest snapshot of the server's own count. */
  tokens: Tokens;
  usage: UsageSnapshot | null;
  /** Repositories that are being cloned, by the id of their resource. */
  cloning: readonly string[];
  /** Undefined until an event says otherwise. */
  title: string | null | undefined;
};

export const emptyView: SessionView = {
  lastSeq: 0,
  status: "idle",
  stopReason: null,
  turns: [],
  queued: [],
  tokens: { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 },
  usage: null,
  cloning: [],
  title: undefined,
};

export function mendedAt({ environment_id, vault_id }: SessionErrorEvent["error"]): ErrorItem["mendedAt"] {
  if (environment_id) return { place: "environment", id: environment_id };
  return vault_id ? { place: "vault", id: vault_id } : null;
}

/** Calls in this state, oldest first. Only the turn under way has calls that are still open. */
export function openCalls(view: SessionView, state: "asking" | "awaiting_result"): ToolCallItem[] {
  const items = view.turns.at(-1)?.items ?? [];
  return items.filter((item): item is ToolCallItem => item.kind === "tool_call" && item.state === state);
}

/** The failure after which the last turn was given up; null when it was not. */
export function retryableFailure(view: SessionView): string | null {
  if (view.status !== "idle" || view.stopReason?.type !== "retries_exhausted") return null;
  return view.turns.at(-1)?.items.findLast((item) => item.kind === "error")?.id ?? null;
}
