// Whether the agent works, waits or is through is read from the log alone.
import { expect, test } from "vitest";
import type { SessionEvent, StopReason } from "../contract/events.ts";
import { createTurnWatch } from "./turn-watch.ts";

const at = "2026-01-01T00:00:00Z";
const said = (processed: boolean): SessionEvent => ({
  id: "m1",
  type: "user.message",
  content: [{ type: "text", text: "hi" }],
  processed_at: processed ? at : null,
});
const running: SessionEvent = { id: "r", type: "session.status_running", processed_at: at };
const call = (id: string): SessionEvent => ({
  id,
  type: "agent.tool_use",
  name: "bash",
  input: { command: "ls" },
  evaluated_permission: "ask",
  processed_at: at,
});
const idle = (stop_reason: StopReason): SessionEvent => ({
  id: "i",
  type: "session.status_idle",
  stop_reason,
  stop_details: null,
  processed_at: at,
});
const failed = (message: string): SessionEvent => ({
  id: "e",
  type: "session.error",
  error: { type: "unknown_error", message, retry_status: { type: "exhausted" } },
  processed_at: at,
});
const allowed = (id: string): SessionEvent => ({
  id: "c",
  type: "user.tool_confirmation",
  tool_use_id: id,
  result: "allow",
  processed_at: null,
});
const interrupt: SessionEvent = { id: "x", type: "user.interrupt", processed_at: at };
const waits = idle({ type: "requires_action", event_ids: ["a", "b"] });
const end = idle({ type: "end_turn" });

test.each<[string, SessionEvent[], unknown]>([
  ["nothing was said", [], { kind: "ended" }],
  ["a message was accepted", [said(false)], null],
  ["the agent works", [said(false), running, said(true)], null],
  ["the turn has ended", [said(false), running, said(true), end], { kind: "ended" }],
  ["a message came during the turn", [running, said(false), end], null],
  ["calls wait", [running, call("a"), call("b"), waits], { kind: "waiting", calls: [call("a"), call("b")] }],
  [
    "one of two calls was answered",
    [running, call("a"), call("b"), waits, allowed("a")],
    { kind: "waiting", calls: [call("b")] },
  ],
  ["all calls were answered", [running, call("a"), call("b"), waits, allowed("a"), allowed("b")], null],
  ["a message waits behind calls", [running, call("a"), waits, said(false)], { kind: "waiting", calls: [call("a")] }],
  [
    "retries were in vain",
    [running, failed("no gateway"), idle({ type: "retries_exhausted" })],
    { kind: "failed", why: "no gateway" },
  ],
  ["an error was overcome", [running, failed("slow"), end], { kind: "ended" }],
  [
    "the budget is used up",
    [running, idle({ type: "budget_reached" })],
    { kind: "failed", why: "The session's budget is used up." },
  ],
  ["a person interrupted", [running, interrupt, end], { kind: "interrupted" }],
  [
    "an interrupted session went on",
    [running, interrupt, end, said(false), running, said(true), end],
    { kind: "ended" },
  ],
  [
    "the session was terminated",
    [running, { id: "t", type: "session.status_terminated", processed_at: at }],
    { kind: "failed", why: "The session has ended." },
  ],
])("when %s", (_when, events, expected) => {
  const watch = createTurnWatch();
  for (const event of events) watch.take(event);
  expect(watch.outcome()).toEqual(expected);
});
