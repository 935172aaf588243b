// Which events have previews, and what is one. Apart from what is parsed with zod, which browsers need not load.
import type { PreviewEvent, StreamEvent, ToolOutputDelta } from "./events.ts";

/** The types of events that streams can be asked to preview, with `event_deltas[]`. `agent.tool_result` is Berth's own. */
export const PREVIEWED_TYPES = ["agent.message", "agent.thinking", "agent.tool_result"] as const;

export function isPreview(event: StreamEvent): event is PreviewEvent {
  return event.type === "event_start" || event.type === "event_delta";
}

export function isToolOutput(event: PreviewEvent): event is ToolOutputDelta {
  return event.type === "event_delta" && "tool_use_id" in event;
}
