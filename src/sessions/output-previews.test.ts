// Previews of output: a few a second, bounded, never half a character, and nothing after the end.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isToolOutput } from "../contract/previews.ts";
import type { Preview } from "../db/wakeups.ts";
import { createOutputPreviews } from "./output-previews.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function open() {
  const sent: Preview["data"][] = [];
  const previews = createOutputPreviews({
    sessionId: "s",
    toolUseId: "call",
    resultId: "result",
    send: (preview) => sent.push(preview.data),
  });
  let offset = 0;
  /** Output that follows what came before. */
  const print = (output: string | Uint8Array) => {
    const bytes = Buffer.from(output);
    previews.take({ offset, bytes });
    offset += bytes.length;
  };
  const pieces = () =>
    sent.flatMap((data) => {
      if (data.type !== "event_delta" || !isToolOutput(data)) return [];
      const { byte_offset, byte_count, content } = data.delta;
      return [{ at: byte_offset, count: byte_count, text: content.text }];
    });
  const skip = (count: number) => {
    offset += count;
  };
  return { previews, sent, print, skip, pieces };
}

test("the first output goes at once with its start, what follows ten times a second", () => {
  const { sent, print, pieces } = open();
  print("one\n");
  expect(sent).toEqual([
    { type: "event_start", event: { type: "agent.tool_result", id: "result", tool_use_id: "call" } },
    {
      type: "event_delta",
      event_id: "result",
      tool_use_id: "call",
      delta: {
        type: "content_delta",
        index: 0,
        content: { type: "text", text: "one\n" },
        byte_offset: 0,
        byte_count: 4,
      },
    },
  ]);
  print("two\n");
  print("three\n");
  expect(pieces()).toHaveLength(1);
  vi.advanceTimersByTime(100);
  expect(pieces().slice(1)).toEqual([{ at: 4, count: 10, text: "two\nthree\n" }]);
  vi.advanceTimersByTime(100);
  print("four");
  expect(pieces().at(-1)).toEqual({ at: 14, count: 4, text: "four" });
  expect(sent.filter((data) => data.type === "event_start")).toHaveLength(1);
});

test("however much comes, what is sent in a second is bounded, fits into a notification each, and is the newest", () => {
  const { print, pieces, sent } = open();
  const megabyte = Buffer.alloc(1 << 20, "x");
  for (let tick = 0; tick < 10; tick++) {
    for (let index = 0; index < 20; index++) print(megabyte);
    print(`end ${tick}`);
    vi.advanceTimersByTime(100);
  }
  expect(pieces().reduce((sum, piece) => sum + piece.count, 0)).toBeLessThanOrEqual(11 * 32 * 1024);
  expect(Math.max(...sent.map((data) => Buffer.byteLength(JSON.stringify(data))))).toBeLessThan(7_000);
  expect(pieces().at(-1)?.text).toMatch(/x{100}end 9$/);
  expect((pieces().at(-1)?.at ?? 0) + (pieces().at(-1)?.count ?? 0)).toBe(10 * (20 * (1 << 20) + 5));
});

test("what is six times as long in JSON still fits", () => {
  const { print, pieces, sent } = open();
  print(Buffer.alloc(20_000, "\u001b"));
  print(Buffer.alloc(10_000, 0xff));
  print("x");
  vi.advanceTimersByTime(100);
  expect(Math.max(...sent.map((data) => Buffer.byteLength(JSON.stringify(data))))).toBeLessThan(7_000);
  let reached = 0;
  for (const { at, count } of pieces()) {
    expect(at).toBe(reached);
    reached = at + count;
  }
  expect(reached).toBe(30_001);
});

test("a character that is cut between two pieces waits for its rest; one whose rest is left out is marked", () => {
  const { print, skip, pieces, previews } = open();
  const euro = Buffer.from("€");
  print(Buffer.concat([Buffer.from("a"), euro.subarray(0, 2)]));
  expect(pieces()).toEqual([{ at: 0, count: 1, text: "a" }]);
  vi.advanceTimersByTime(300);
  print(euro.subarray(2));
  expect(pieces().slice(1)).toEqual([{ at: 1, count: 3, text: "€" }]);
  vi.advanceTimersByTime(100);
  print(euro.subarray(0, 1));
  skip(1_000);
  print(Buffer.concat([euro.subarray(1), Buffer.from("b\0")]));
  vi.advanceTimersByTime(100);
  expect(pieces().slice(2)).toEqual([
    { at: 4, count: 1, text: "\uFFFD" },
    { at: 1_007, count: 2, text: "b\uFFFD" },
  ]);
  previews.close();
  expect(vi.getTimerCount()).toBe(0);
});

test("what is left out shows as a jump", () => {
  const { print, skip, pieces } = open();
  print("head\n");
  skip(5_000);
  print("tail\n");
  vi.advanceTimersByTime(100);
  expect(pieces()).toEqual([
    { at: 0, count: 5, text: "head\n" },
    { at: 5_005, count: 5, text: "tail\n" },
  ]);
});

test("who comes later is told the start and the end of the output again, and nothing where there was none", () => {
  const { previews, print, sent, pieces } = open();
  previews.repeat();
  expect(sent).toEqual([]);
  for (let index = 0; index < 10; index++) {
    print(`${index}${"y".repeat(3_999)}`);
    vi.advanceTimersByTime(100);
  }
  sent.length = 0;
  previews.repeat();
  expect(sent[0]).toMatchObject({ type: "event_start" });
  expect(pieces().map((piece) => piece.text[0])).toEqual(["6", "7", "8", "9"]);
});

test("nothing comes after the end: the result tells it", () => {
  const { previews, print, sent } = open();
  print("a");
  print("b");
  previews.close();
  print("c");
  previews.repeat();
  vi.advanceTimersByTime(1_000);
  expect(sent).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(0);
});
