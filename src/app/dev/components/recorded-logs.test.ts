// The recorded logs show every kind of item in every state that it can have.
import { expect, test } from "vitest";
import { foldEvents } from "../../sessions/[id]/fold-events.ts";
import { emptyView, type Item, type SessionView, type ToolState } from "../../sessions/[id]/session-view.ts";
import { recordedLogs } from "./recorded-logs.ts";

const views = recordedLogs(Date.UTC(2026, 0, 1)).map(({ events }) => foldEvents(emptyView, events));
const items = views.flatMap((view) => view.turns.flatMap((turn) => turn.items));

/** Records, so that a kind or a state that is new is missed here by the compiler. */
const kinds: Record<Item["kind"], true> = {
  user_message: true,
  agent_message: true,
  thinking: true,
  tool_call: true,
  error: true,
  note: true,
  receipt: true,
};
const toolStates: Record<ToolState, true> = {
  asking: true,
  running: true,
  awaiting_result: true,
  done: true,
  failed: true,
  denied: true,
  unfinished: true,
};
const messageStates: Record<Extract<Item, { kind: "agent_message" }>["state"], true> = {
  writing: true,
  cut: true,
  done: true,
};
const thinkingStates: Record<Extract<Item, { kind: "thinking" }>["state"], true> = { thinking: true, done: true };
const retries: Record<Extract<Item, { kind: "error" }>["retry"], true> = {
  retrying: true,
  exhausted: true,
  terminal: true,
};
const statuses: Record<Exclude<SessionView["status"], "deleted">, true> = {
  idle: true,
  running: true,
  rescheduling: true,
  terminated: true,
};

test.each<[string, Record<string, true>, string[]]>([
  ["kinds of item", kinds, items.map((item) => item.kind)],
  ["states of a call", toolStates, items.flatMap((item) => (item.kind === "tool_call" ? [item.state] : []))],
  ["states of an answer", messageStates, items.flatMap((item) => (item.kind === "agent_message" ? [item.state] : []))],
  ["states of thinking", thinkingStates, items.flatMap((item) => (item.kind === "thinking" ? [item.state] : []))],
  ["failures", retries, items.flatMap((item) => (item.kind === "error" ? [item.retry] : []))],
  [
    "owners of a call",
    { agent: true, client: true },
    items.flatMap((item) => (item.kind === "tool_call" ? [item.owner] : [])),
  ],
  ["queued messages", { queued: true }, views.flatMap((view) => view.queued.map(() => "queued"))],
])("all %s", (_what, wanted, found) => expect([...new Set(found)].sort()).toEqual(Object.keys(wanted).sort()));

test("all states of a session that can be looked at", () => {
  const found = views.map((view) => view.status);
  // A session that is tried again is running again before its log ends.
  expect(new Set([...found, "rescheduling"])).toEqual(new Set(Object.keys(statuses)));
});
