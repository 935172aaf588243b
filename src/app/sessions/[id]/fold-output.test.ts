// What a command prints while it runs stands in its call until the result does.
import { expect, test } from "vitest";
import type { StreamEvent } from "../../../contract/events.ts";
import { cutPreviews, foldEvents } from "./fold-events.ts";
import { call, result, running, sequence } from "./made-up-events.ts";
import { emptyView, type SessionView } from "./session-view.ts";

const output = (id: string, toolUseId: string, byte_offset: number, text: string): StreamEvent => ({
  type: "event_delta",
  event_id: id,
  tool_use_id: toolUseId,
  delta: { type: "content_delta", index: 0, content: { type: "text", text }, byte_offset, byte_count: text.length },
});

test("a command's output grows in its call until the result is there, also after the connection was lost", () => {
  const callOf = (view: SessionView) => view.turns[0]?.items.find((item) => item.kind === "tool_call");
  const begun = sequence([
    running("run"),
    call("c"),
    { type: "event_start", event: { type: "agent.tool_result", id: "r", tool_use_id: "c" } },
    output("r", "c", 0, "one"),
  ]);
  const before = foldEvents(emptyView, begun);
  expect(callOf(before)?.output).toEqual({ eventId: "r", parts: [{ before: 0, text: "one" }], reached: 3 });
  const later = foldEvents(cutPreviews(before), [{ seq: null, event: output("r", "c", 10, "two") }]);
  expect(callOf(later)?.output?.parts).toEqual([
    { before: 0, text: "one" },
    { before: 7, text: "two" },
  ]);
  expect(callOf(before)?.output?.parts).toHaveLength(1);
  const measured = { ...result("r", "c", true), exit_code: 7, duration_ms: 4_200 } as StreamEvent;
  const ended = foldEvents(later, [
    { seq: 3, event: measured },
    { seq: null, event: output("r", "c", 13, "late") },
  ]);
  expect(callOf(ended)).toMatchObject({ state: "failed", output: null, exitCode: 7, durationMs: 4_200 });
});
