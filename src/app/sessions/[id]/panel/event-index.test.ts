// The events tab finds what it is asked for, looks at each event once, and takes new ones in as they come.
import { expect, test } from "vitest";
import type { StreamEvent } from "../../../../contract/events.ts";
import { createEventIndex, type EventFilter } from "./event-index.ts";

const at = "2026-01-01T00:00:00Z";
const log: StreamEvent[] = [];
log[1] = { id: "a", type: "session.status_running", processed_at: at };
log[2] = { id: "b", type: "user.message", content: [{ type: "text", text: 'Say "Hello\nthere"' }], processed_at: at };
log[3] = { id: "c", type: "agent.message", content: [{ type: "text", text: "Hello yourself" }], processed_at: at };

test.each<[string, EventFilter, number[]]>([
  ["everything", { type: "", text: "" }, [1, 2, 3]],
  ["a type", { type: "agent.message", text: "" }, [3]],
  ["a text, whatever its case", { type: "", text: " hello " }, [2, 3]],
  ["both", { type: "user.message", text: "hello" }, [2]],
  ["a text over two lines", { type: "", text: 'hello\nthere"' }, [2]],
  ["the name of a field", { type: "", text: "processed_at" }, [1, 2, 3]],
  ["an id", { type: "", text: "b" }, [2]],
  ["signs that mean something to patterns", { type: "", text: "(.*" }, []],
  ["nothing", { type: "session.error", text: "" }, []],
])("%s", (_what, filter, seqs) => {
  const found = createEventIndex(log, filter)(3);
  expect(found.events.map(({ seq }) => seq)).toEqual(seqs);
  expect(found.total).toBe(3);
  expect(found.types).toEqual(["agent.message", "session.status_running", "user.message"]);
});

test("what was looked at is not looked at again; what did not change stays the same object", () => {
  let reads = 0;
  const growing: StreamEvent[] = [];
  const add = (type: string, text: string) => {
    const event = {
      id: `e${growing.length}`,
      type,
      processed_at: at,
      get content() {
        reads++;
        return [{ type: "text", text }];
      },
    };
    growing[Math.max(1, growing.length)] = event as unknown as StreamEvent;
  };
  const index = createEventIndex(growing, { type: "", text: "word" });
  for (let seq = 1; seq <= 1_000; seq++) add("agent.message", seq % 2 === 0 ? "a word" : "nothing");
  const first = index(1_000);
  expect([first.events.length, first.total, reads]).toEqual([500, 1_000, 1_000]);
  expect(index(1_000)).toBe(first);
  add("agent.message", "nothing");
  const second = index(1_001);
  expect([second.events, second.types]).toEqual([first.events, first.types]);
  expect([second.events === first.events, second.types === first.types, reads]).toEqual([true, true, 1_001]);
  add("session.error", "another word");
  expect(index(1_002)).toMatchObject({ total: 1_002, types: ["agent.message", "session.error"] });
  expect(index(1_002).events).toHaveLength(501);
});

test("a place of the log that is still empty is not taken for an event", () => {
  const sparse: StreamEvent[] = [];
  sparse[2] = log[2] as StreamEvent;
  expect(createEventIndex(sparse, { type: "", text: "" })(2).events.map(({ seq }) => seq)).toEqual([2]);
});
