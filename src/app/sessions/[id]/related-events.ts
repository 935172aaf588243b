// The stored events that an item of the timeline is made of, in the order of the log.
import type { StreamEvent } from "../../../contract/events.ts";

const REFERENCES = ["id", "tool_use_id", "mcp_tool_use_id", "custom_tool_use_id"] as const;

/** The event itself, its echo, and what answers it. */
export function relatedEvents(log: readonly StreamEvent[], id: string): StreamEvent[] {
  return log.filter((event) => {
    const fields: Readonly<Record<string, unknown>> = { ...event };
    return REFERENCES.some((name) => fields[name] === id);
  });
}
