// Previews: the first piece at once, then batches, and nothing after the end.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Preview } from "../db/wakeups.ts";
import { createPreviews } from "./previews.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function open() {
  const sent: Preview["data"][] = [];
  const previews = createPreviews({
    sessionId: "s",
    messageId: "m",
    thinkingId: "t",
    send: (preview) => sent.push(preview.data),
  });
  const text = () =>
    sent.flatMap((data) => ("delta" in data ? [(data.delta as { content: { text: string } }).content.text] : []));
  return { previews, sent, text };
}

test("the first piece goes at once, the next ones together", () => {
  const { previews, sent, text } = open();
  previews.text("a");
  expect(sent[0]).toEqual({ type: "event_start", event: { type: "agent.message", id: "m" } });
  expect(text()).toEqual(["a"]);
  previews.text("b");
  previews.text("c");
  expect(text()).toEqual(["a"]);
  vi.advanceTimersByTime(30);
  expect(text()).toEqual(["a", "bc"]);
});

test("the end sends what is left, and nothing comes after it", () => {
  const { previews, text } = open();
  previews.text("a");
  previews.text("b");
  previews.close();
  previews.text("c");
  vi.advanceTimersByTime(100);
  expect(text()).toEqual(["a", "b"]);
});

test("thinking is said once, without its text", () => {
  const { previews, sent } = open();
  previews.thinking();
  previews.thinking();
  expect(sent).toEqual([{ type: "event_start", event: { type: "agent.thinking", id: "t" } }]);
});
