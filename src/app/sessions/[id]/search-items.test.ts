// A search finds words where a person sees them: in messages, calls and results.
import { expect, test } from "vitest";
import { createSearch } from "./search-items.ts";
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
  expect(createSearch(query)([turn])).toEqual(expected);
});

test.each(["a.b", "a[b", "(", "\\", "a-b/c", "^$"])("%j is looked for as it is written", (query) => {
  const said = (id: string, text: string) => ({
    kind: "agent_message" as const,
    id,
    text,
    state: "done" as const,
    at: null,
  });
  const search = createSearch(query);
  expect(search([{ ...turn, items: [said("with", `x ${query} y`), said("without", "axb a b c")] }])).toEqual(["with"]);
});

test("documents are looked through as well", () => {
  const block = {
    type: "document",
    title: "notes.md",
    source: { type: "text", media_type: "text/plain", data: "hidden words" },
  };
  const item = { kind: "user_message", id: "doc", content: [block], at: null } as Turn["items"][number];
  expect(createSearch("HIDDEN")([{ ...turn, items: [item] }])).toEqual(["doc"]);
});

test("what was looked through is not looked through again; what has changed is", () => {
  let reads = 0;
  const item = (id: string, text: string) =>
    ({
      kind: "agent_message",
      id,
      state: "writing",
      at: null,
      get text() {
        reads++;
        return text;
      },
    }) as const;
  const search = createSearch("word");
  const old = item("old", "a word");
  expect(search([{ ...turn, items: [old, item("new", "a wo")] }])).toEqual(["old"]);
  expect(search([{ ...turn, items: [old, item("new", "a word")] }])).toEqual(["old", "new"]);
  expect(reads).toBe(3);
});
