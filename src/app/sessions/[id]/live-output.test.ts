// Live output: whole while it is short, then its end; what is missing is named, and nothing is counted twice.
import { expect, test } from "vitest";
import type { ToolOutputDelta } from "../../../contract/events.ts";
import { addOutput, onScreen } from "./live-output.ts";
import type { LiveOutput } from "./session-view.ts";

const piece = (byte_offset: number, text: string, event_id = "result"): ToolOutputDelta => ({
  type: "event_delta",
  event_id,
  tool_use_id: "call",
  delta: {
    type: "content_delta",
    index: 0,
    content: { type: "text", text },
    byte_offset,
    byte_count: new TextEncoder().encode(text).length,
  },
});
const add = (...pieces: ToolOutputDelta[]) => pieces.reduce<LiveOutput | null>(addOutput, null);

test("pieces that follow each other are one text", () => {
  expect(add(piece(0, "one "), piece(4, "zwö"), piece(8, "!"))).toEqual({
    eventId: "result",
    parts: [{ before: 0, text: "one zwö!" }],
    reached: 9,
  });
});

test("a jump begins a new part, also at the beginning", () => {
  expect(add(piece(100, "a"), piece(301, "b"))?.parts).toEqual([
    { before: 100, text: "a" },
    { before: 200, text: "b" },
  ]);
});

test("what was told before changes nothing", () => {
  const once = add(piece(0, "one"), piece(3, "two"));
  expect([piece(0, "one"), piece(3, "two")].reduce<LiveOutput | null>(addOutput, once)).toBe(once);
});

test("a call that goes on at another worker begins anew", () => {
  expect(add(piece(0, "old"), piece(0, "old and new", "other"))).toEqual({
    eventId: "other",
    parts: [{ before: 0, text: "old and new" }],
    reached: 11,
  });
});

test("of long output the end is kept, and the rest counts as left out", () => {
  let output: LiveOutput | null = null;
  let offset = 0;
  for (let index = 0; index < 1_000; index++) {
    const next = piece(offset, `${String(index).padStart(4, "0")}${"ä".repeat(95)}\n`);
    output = addOutput(output, next);
    offset += next.delta.byte_count;
  }
  const [part, ...more] = output?.parts ?? [];
  expect(more).toEqual([]);
  expect(part?.text.length).toBeLessThanOrEqual(32_000);
  expect(part?.text.length).toBeGreaterThanOrEqual(16_000);
  expect(part?.text.endsWith(`0999${"ä".repeat(95)}\n`)).toBe(true);
  expect((part?.before ?? 0) + new TextEncoder().encode(part?.text).length).toBe(offset);
});

test.each([
  ["progress that is written over", "10%\r50%\r100%\ndone", "100%\ndone"],
  ["a line that is to be written over", "10%\r", "10%"],
  ["lines of Windows", "a\r\nb\r\n", "a\nb\n"],
  ["colours, and one that is not whole yet", "\u001b[31mred\u001b[0m\u001b[3", "\u001b[31mred\u001b[0m"],
])("a screen shows %s", (_name, text, shown) => {
  expect(onScreen(text)).toBe(shown);
});
