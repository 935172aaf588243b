// Every item has its row, in order; calls of one answer stand together and are counted right, however many there are.
import { expect, test } from "vitest";
import { estimateRowPx } from "./estimate-row.ts";
import type { Item, ToolCallItem, Turn } from "./session-view.ts";
import { countItems, indexOfRow, type Row, toRows } from "./to-rows.ts";

const call = (id: string, requestId: string | null): ToolCallItem => ({
  kind: "tool_call",
  id,
  requestId,
  owner: "agent",
  name: "bash",
  input: {},
  state: "done",
  askedAt: "2026-01-01T00:00:00Z",
  startedAt: null,
  endedAt: null,
  output: null,
  exitCode: null,
  durationMs: null,
  result: null,
  confirmation: null,
});
const text = (id: string): Item => ({ kind: "agent_message", id, text: "", state: "done", at: null });
const turn = (id: string, items: readonly Item[], others: Partial<Turn> = {}): Turn => ({
  id,
  items,
  startedAt: null,
  endedAt: "2026-01-01T00:00:00Z",
  openRequests: [],
  ...others,
});
const rowsOf = (...turns: Turn[]) => toRows({ turns, queued: [] }, []);
const inShort = (rows: readonly Row[]) =>
  rows.map((row) => (row.kind === "calls" ? row.calls.map(({ id }) => id).join(" + ") : row.key));

test.each([
  ["calls of one request", [call("a", "r1"), call("b", "r1")], ["a + b"]],
  ["three of them", [call("a", "r1"), call("b", "r1"), call("c", "r1")], ["a + b", "c"]],
  ["calls of two requests", [call("a", "r1"), call("b", "r2")], ["a", "b"]],
  ["something between", [call("a", "r1"), text("m"), call("b", "r1")], ["a", "m", "b"]],
  ["calls whose request was not seen", [call("a", null), call("b", null)], ["a", "b"]],
  ["no items", [], []],
])("%s", (_name, items, expected) => {
  expect(inShort(rowsOf(turn("t", items)))).toEqual(expected);
});

test("5,000 calls of one answer are rows of a few, each of which knows all of them", () => {
  const calls = Array.from({ length: 5_000 }, (_, index) => call(`c${index}`, "r"));
  const turns = [turn("before", [text("m")]), turn("t", calls), turn("after", [text("n")])];
  const rows = rowsOf(...turns);
  expect(countItems(turns)).toBe(5_002);
  expect(rows).toHaveLength(2_502);
  expect(rows.every((row) => row.kind !== "calls" || (row.total === 5_000 && row.calls.length <= 2))).toBe(true);
  expect(rows.slice(1, 4).map((row) => row.kind === "calls" && row.first)).toEqual([0, 2, 4]);
  const found = rows[indexOfRow(rows, "c4321")];
  expect(found?.kind === "calls" && found.calls.map(({ id }) => id)).toEqual(["c4320", "c4321"]);
  expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
});

test("turns that did not change keep their rows; the one under way gets new ones", () => {
  const done = turn("done", [text("a"), text("b")]);
  const before = rowsOf(done, turn("now", [text("c")]));
  const after = rowsOf(done, turn("now", [text("c"), text("d")]));
  expect(after.slice(0, 2).every((row, index) => row === before[index])).toBe(true);
  expect(inShort(after)).toEqual(["a", "b", "c", "d"]);
});

test("what waits and what is on its way stands at the end, and can be found", () => {
  const queued = { kind: "user_message" as const, id: "q", content: [], at: null };
  const message = { key: "key", content: [], uploads: [], createdAtMs: 0, failure: null, eventId: null };
  const rows = toRows({ turns: [turn("t", [text("a")])], queued: [queued] }, [message]);
  expect(rows.map(({ kind }) => kind)).toEqual(["item", "queued", "outgoing"]);
  expect([indexOfRow(rows, "a"), indexOfRow(rows, "q"), indexOfRow(rows, "nowhere")]).toEqual([0, 1, -1]);
});

test.each([
  ["was asked and is silent", { openRequests: ["r"], endedAt: null }, [text("a")], true],
  [
    "is writing",
    { openRequests: ["r"], endedAt: null },
    [{ kind: "agent_message" as const, id: "a", text: "", state: "writing" as const, at: null }],
    false,
  ],
  [
    "is thinking",
    { openRequests: ["r"], endedAt: null },
    [{ kind: "thinking" as const, id: "a", state: "thinking" as const, at: null }],
    false,
  ],
  ["was not asked", { openRequests: [], endedAt: null }, [text("a")], false],
])("the model that %s", (_what, others, items, waits) => {
  expect(rowsOf(turn("t", items, others)).some(({ kind }) => kind === "working")).toBe(waits);
});

test("a row's height is guessed by what it says, within what is drawn of it", () => {
  const height = (words: string) =>
    estimateRowPx({
      kind: "item",
      key: "m",
      item: { kind: "agent_message", id: "m", text: words, state: "done", at: null },
    });
  expect(height("one\ntwo\nthree")).toBeGreaterThan(height("one"));
  expect(height("word ".repeat(100))).toBeGreaterThan(height("word"));
  expect(height("x\n".repeat(1_000_000))).toBeLessThan(2_000);
});
