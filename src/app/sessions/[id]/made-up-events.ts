// Events for tests, as the server would send them.
import type { StreamEvent } from "../../../contract/events.ts";
import type { SequencedEvent } from "./fold-events.ts";
import type { Item, SessionView } from "./session-view.ts";

let clock = 0;
export const at = () => new Date(Date.UTC(2026, 0, 1, 0, 0, clock++)).toISOString();

/** Numbers the stored events as the server does. */
export function sequence(events: StreamEvent[]): SequencedEvent[] {
  let seq = 0;
  return events.map((event) => ({ seq: event.type.startsWith("event_") ? null : ++seq, event }));
}

export const say = (id: string, text: string, processed = true): StreamEvent => ({
  id,
  type: "user.message",
  content: [{ type: "text", text }],
  processed_at: processed ? at() : null,
});
export const running = (id: string): StreamEvent => ({ id, type: "session.status_running", processed_at: at() });
export const idle = (id: string, askedIds: string[] = []): StreamEvent => ({
  id,
  type: "session.status_idle",
  processed_at: at(),
  stop_reason: askedIds.length > 0 ? { type: "requires_action", event_ids: askedIds } : { type: "end_turn" },
  stop_details: null,
});
export const answer = (id: string, text: string): StreamEvent => ({
  id,
  type: "agent.message",
  content: [{ type: "text", text }],
  processed_at: at(),
});
export const start = (id: string, type: "agent.message" | "agent.thinking" = "agent.message"): StreamEvent => ({
  type: "event_start",
  event: { type, id },
});
export const delta = (id: string, text: string): StreamEvent => ({
  type: "event_delta",
  event_id: id,
  delta: { type: "content_delta", index: 0, content: { type: "text", text } },
});
export const call = (id: string, permission: "allow" | "ask" | "deny" = "allow"): StreamEvent => ({
  id,
  type: "agent.tool_use",
  name: "bash",
  input: { command: "ls" },
  evaluated_permission: permission,
  processed_at: at(),
});
export const result = (id: string, toolUseId: string, isError = false): StreamEvent => ({
  id,
  type: "agent.tool_result",
  tool_use_id: toolUseId,
  content: [{ type: "text", text: "out" }],
  is_error: isError,
  processed_at: at(),
});
export const confirm = (id: string, toolUseId: string, allow: boolean, processed = true): StreamEvent => ({
  id,
  type: "user.tool_confirmation",
  tool_use_id: toolUseId,
  result: allow ? "allow" : "deny",
  deny_message: allow ? null : "not now",
  processed_at: processed ? at() : null,
});
export const requestStart = (id: string): StreamEvent => ({ id, type: "span.model_request_start", processed_at: at() });
export const requestEnd = (id: string, startId: string): StreamEvent => ({
  id,
  type: "span.model_request_end",
  model_request_start_id: startId,
  is_error: false,
  model_usage: { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 1, cache_creation_input_tokens: 0 },
  processed_at: at(),
});

export const items = (view: SessionView): Item[] => view.turns.flatMap((turn) => [...turn.items]);
export const find = (view: SessionView, id: string) => items(view).find((item) => item.id === id);
