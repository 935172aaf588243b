// Where an event is shown: in its own item, in the card of the call that it belongs to, or nowhere but in the log.
import type { StreamEvent } from "../../../contract/events.ts";
import { indexOfRow, type Row } from "./to-rows.ts";

export type EventTarget = { index: number; itemId: string; open: boolean } | "log";

/** `log`: stored events by their place. Null: there is no such event, or not yet. */
export function findEventTarget(rows: readonly Row[], log: readonly StreamEvent[], id: string): EventTarget | null {
  const own = indexOfRow(rows, id);
  if (own !== -1) return { index: own, itemId: id, open: false };
  const event = log.find((each) => each !== undefined && "id" in each && each.id === id);
  if (!event) return null;
  const call = callOf(event);
  const index = call === null ? -1 : indexOfRow(rows, call);
  return call === null || index === -1 ? "log" : { index, itemId: call, open: true };
}

/** The call that it answers. */
function callOf(event: StreamEvent): string | null {
  if ("tool_use_id" in event) return event.tool_use_id;
  if ("mcp_tool_use_id" in event) return event.mcp_tool_use_id;
  return "custom_tool_use_id" in event ? event.custom_tool_use_id : null;
}
