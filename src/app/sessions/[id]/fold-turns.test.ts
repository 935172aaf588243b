// Turns: when they begin, who takes them up, what their calls belong to.
import { expect, test } from "vitest";
import type { SessionAgent } from "../../../contract/agents.ts";
import type { StreamEvent } from "../../../contract/events.ts";
import { foldEvents } from "./fold-events.ts";
import { at, call, items, requestEnd, requestStart, result, running, say, sequence } from "./made-up-events.ts";
import { emptyView, retryableFailure } from "./session-view.ts";

test("a change of the agent begins no turn, and a turn that was given up can still be tried again", () => {
  const error: StreamEvent = {
    id: "e",
    type: "session.error",
    error: { type: "model_request_failed_error", message: "no", retry_status: { type: "exhausted" } },
    processed_at: at(),
  };
  const gaveUp: StreamEvent = {
    id: "i",
    type: "session.status_idle",
    stop_reason: { type: "retries_exhausted" },
    stop_details: null,
    processed_at: at(),
  };
  const agent = { model: { id: "other" } } as SessionAgent;
  const changed: StreamEvent = { id: "u", type: "session.updated", agent, processed_at: at() };
  const view = foldEvents(emptyView, sequence([running("s"), say("m", "hi"), error, gaveUp, changed]));
  expect(view.turns).toHaveLength(1);
  expect(items(view).at(-1)).toMatchObject({ kind: "note", text: expect.stringContaining("other") });
  expect(retryableFailure(view)).toBe("e");
  expect(retryableFailure(foldEvents(view, [{ seq: 6, event: running("s2") }]))).toBeNull();
});

test("a turn that another worker takes up says so, and runs on", () => {
  const rescheduled: StreamEvent = {
    id: "x",
    type: "session.status_rescheduled",
    reason: "worker_changed",
    processed_at: at(),
  };
  const view = foldEvents(emptyView, sequence([running("s"), call("c"), rescheduled, running("s2"), result("r", "c")]));
  expect(view.status).toBe("running");
  expect(view.turns).toHaveLength(1);
  expect(items(view).map((item) => (item.kind === "note" ? item.text : item.id))).toEqual([
    "c",
    "Worker changed, nothing lost.",
  ]);
});

test("calls of one answer carry the request that they came from", () => {
  const events = [
    running("s"),
    requestStart("r1"),
    call("a"),
    call("b"),
    requestEnd("r1e", "r1"),
    requestStart("r2"),
    call("c"),
    requestEnd("r2e", "r2"),
    call("d"),
  ];
  const items = foldEvents(emptyView, sequence(events)).turns.flatMap((turn) => turn.items);
  const requests = items.map((item) => (item.kind === "tool_call" ? item.requestId : item.kind));
  expect(requests).toEqual(["r1", "r1", "r2", null]);
});
