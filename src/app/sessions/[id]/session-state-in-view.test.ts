// The page knows at once for whom a session waits, also between an answer and what becomes of it.
import { expect, test } from "vitest";
import type { SessionEvent } from "../../../contract/events.ts";
import { foldEvents } from "./fold-events.ts";
import { stateInView } from "./session-state-in-view.ts";
import { emptyView } from "./session-view.ts";

const at = "2026-01-01T00:00:00Z";
const running: SessionEvent = { id: "r", type: "session.status_running", processed_at: at };
const ask = (id: string, name = "bash"): SessionEvent => ({
  id,
  type: "agent.tool_use",
  name,
  input: {},
  evaluated_permission: "ask",
  processed_at: at,
});
const custom: SessionEvent = { id: "c", type: "agent.custom_tool_use", name: "deploy", input: {}, processed_at: at };
const waits = (...event_ids: string[]): SessionEvent => ({
  id: "w",
  type: "session.status_idle",
  stop_reason: { type: "requires_action", event_ids },
  stop_details: null,
  processed_at: at,
});
const allow = (tool_use_id: string): SessionEvent => ({
  id: `a-${tool_use_id}`,
  type: "user.tool_confirmation",
  tool_use_id,
  result: "allow",
  processed_at: null,
});
const stateOf = (...events: SessionEvent[]) =>
  stateInView(
    foldEvents(
      emptyView,
      events.map((event, index) => ({ seq: index + 1, event })),
    ),
    null,
  );

test("it waits for a person as soon as one has to decide, also beside a program", () => {
  expect(stateOf(running, ask("1"), ask("2", "write"), ask("3"), custom)).toEqual({
    state: "waiting_for_you",
    waitingFor: {
      tool_confirmations: { count: 3, tools: ["bash", "write"] },
      custom_tool_results: { count: 1, tools: ["deploy"] },
    },
  });
});

test("with the last decision it runs, or waits for its program", () => {
  expect(stateOf(running, ask("1"), waits("1")).state).toBe("waiting_for_you");
  expect(stateOf(running, ask("1"), waits("1"), allow("1")).state).toBe("running");
  expect(stateOf(running, ask("1"), custom, waits("1", "c"), allow("1")).state).toBe("waiting_for_program");
  expect(stateOf(running, custom, waits("c")).state).toBe("waiting_for_program");
});

test("what is archived waits for nobody", () => {
  expect(stateInView({ ...emptyView, stopReason: { type: "refusal" } }, at).state).toBe("archived");
  expect(stateInView({ ...emptyView, stopReason: { type: "refusal" } }, null).state).toBe("refused");
});
