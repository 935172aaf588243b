// A search finds words where a person sees them: in messages, calls and results.
import { expect, test } from "vitest";
import { searchItems } from "./search-items.ts";
import type { Turn } from "./session-view.ts";

const turn: Turn = {
  id: "t",
  startedAt: null,
  endedAt: null,
  openRequests: [],
  items: [
    { kind: "user_message", id: "user", content: [{ type: "text", text: "Fix the Parser" }], at: null },
    {
      kind: "tool_call",
      id: "call",
      requestId: null,
      owner: "agent",
      name: "bash",
      input: { command: 'echo "a\nb"' },
      state: "done",
      askedAt: "2026-01-01T00:00:00Z",
      startedAt: null,
      endedAt: null,
      output: null,
      exitCode: null,
      durationMs: null,
      result: [{ type: "text", text: "parser ok" }],
      confirmation: null,
    },
    { kind: "agent_message", id: "agent", text: "Done.", state: "done", at: null },
  ],
};

test.each([
  ["parser", ["user", "call"]],
  ['"a\nb"', ["call"]],
  ["BASH", ["call"]],
  ["done.", ["agent"]],
  ["nowhere", []],
  ["  ", []],
])("%j", (query, expected) => {
  expect(searchItems([turn], query)).toEqual(expected);
});
