// Calls of one answer stand together; nothing is lost or moved.
import { expect, test } from "vitest";
import { groupItems, type ItemGroup } from "./group-items.ts";
import type { Item, ToolCallItem } from "./session-view.ts";

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
const note = (id: string): Item => ({ kind: "note", id, text: "", at: null });
const ids = (group: ItemGroup) => (group.kind === "single" ? group.item.id : group.calls.map((each) => each.id));

test.each<[string, Item[], unknown]>([
  ["calls of one request", [call("a", "r1"), call("b", "r1"), note("n")], [["a", "b"], "n"]],
  ["one call alone is no group", [call("a", "r1"), call("b", "r2")], ["a", "b"]],
  ["what stands between parts the group", [call("a", "r1"), note("n"), call("b", "r1")], ["a", "n", "b"]],
  ["calls of an unknown request", [call("a", null), call("b", null)], ["a", "b"]],
])("%s", (_name, items, expected) => {
  expect(groupItems(items).map(ids)).toEqual(expected);
});
