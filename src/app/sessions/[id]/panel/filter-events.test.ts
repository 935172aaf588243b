// The events tab shows what was asked for.
import { expect, test } from "vitest";
import type { SessionEvent } from "../../../../contract/events.ts";
import { filterEvents, type LoggedEvent, listTypes } from "./filter-events.ts";

const at = "2026-01-01T00:00:00Z";
const events: SessionEvent[] = [
  { id: "a", type: "user.message", content: [{ type: "text", text: "Build IT" }], processed_at: at },
  { id: "b", type: "session.status_running", processed_at: at },
  { id: "c", type: "agent.message", content: [{ type: "text", text: "built" }], processed_at: at },
];
const log: LoggedEvent[] = events.map((event, index) => ({ seq: index + 1, event }));
const ids = (type: string, text: string) => filterEvents(log, { type, text }).map(({ event }) => event.id);

test.each<[string, string, string[]]>([
  ["", "", ["a", "b", "c"]],
  ["agent.message", "", ["c"]],
  ["", "build it", ["a"]],
  ["", "  BUIL ", ["a", "c"]],
  ["agent.message", 'it"', []],
])("type %j, text %j", (type, text, found) => expect(ids(type, text)).toEqual(found));

test("types are listed once", () => {
  expect(listTypes([...log, ...log])).toEqual(["agent.message", "session.status_running", "user.message"]);
});
