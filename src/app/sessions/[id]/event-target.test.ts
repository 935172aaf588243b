// A link to any event leads to what shows it, or to the event itself.
import { expect, test } from "vitest";
import type { StreamEvent } from "../../../contract/events.ts";
import { findEventTarget } from "./event-target.ts";
import { foldEvents } from "./fold-events.ts";
import { emptyView } from "./session-view.ts";
import { toRows } from "./to-rows.ts";

const at = "2026-01-01T00:00:00Z";
const events = [
  { id: "running", type: "session.status_running", processed_at: at },
  { id: "said", type: "user.message", content: [{ type: "text", text: "go" }], processed_at: at },
  { id: "request", type: "span.model_request_start", processed_at: at },
  { id: "call", type: "agent.tool_use", name: "bash", input: {}, evaluated_permission: "ask", processed_at: at },
  { id: "custom", type: "agent.custom_tool_use", name: "deploy", input: {}, processed_at: at },
  { id: "allowed", type: "user.tool_confirmation", tool_use_id: "call", result: "allow", processed_at: at },
  { id: "result", type: "agent.tool_result", tool_use_id: "call", content: [], is_error: false, processed_at: at },
  { id: "answer", type: "user.custom_tool_result", custom_tool_use_id: "custom", content: [], processed_at: at },
  { id: "stray", type: "agent.tool_result", tool_use_id: "nobody", content: [], is_error: false, processed_at: at },
  { id: "idle", type: "session.status_idle", stop_reason: { type: "end_turn" }, stop_details: null, processed_at: at },
] as StreamEvent[];
// As the page has it: places begin at 1.
const log: StreamEvent[] = [];
for (const [index, event] of events.entries()) log[index + 1] = event;
const view = foldEvents(
  emptyView,
  events.map((event, index) => ({ seq: index + 1, event })),
);
const rows = toRows(view, []);

test.each([
  ["said", { index: 0, itemId: "said", open: false }],
  ["call", { index: 1, itemId: "call", open: false }],
  ["custom", { index: 1, itemId: "custom", open: false }],
  ["result", { index: 1, itemId: "call", open: true }],
  ["allowed", { index: 1, itemId: "call", open: true }],
  ["answer", { index: 1, itemId: "custom", open: true }],
  ["running", "log"],
  ["request", "log"],
  ["idle", "log"],
  ["stray", "log"],
  ["nowhere", null],
])("%s", (id, expected) => expect(findEventTarget(rows, log, id)).toEqual(expected));
