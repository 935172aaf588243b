// Which requests are streams, and what they ask for.
import { expect, test } from "vitest";
import { parseStreamRequest, streamedSession } from "./event-stream.ts";

test.each([
  ["/v1/sessions/sesn_1/events/stream", "sesn_1"],
  ["/api/sessions/sesn_1/events/stream", "sesn_1"],
  ["/v1/sessions/a%20b/events/stream", "a b"],
  ["/v1/sessions/%zz/events/stream", "%zz"],
  ["/v1/sessions/sesn_1/events", null],
  ["/v1/sessions/a/b/events/stream", null],
  ["/v2/sessions/sesn_1/events/stream", null],
])("%s streams %s", (path, session) => expect(streamedSession(path)).toBe(session));

test.each<[string | undefined, string, number | null, string[]]>([
  [undefined, "", null, []],
  ["0", "", 0, []],
  ["12", "?after=3", 12, []],
  [undefined, "?after=3", 3, []],
  [undefined, "?event_deltas[]=agent.message&event_deltas[]=agent.thinking", null, ["agent.message", "agent.thinking"]],
  [undefined, "?event_deltas=agent.message&beta=true", null, ["agent.message"]],
])("Last-Event-ID %s, query %s", (header, search, after, previews) =>
  expect(parseStreamRequest(header, search)).toEqual({ after, previews: new Set(previews) }),
);

test.each([
  ["-1", ""],
  ["1.5", ""],
  ["abc", ""],
  [undefined, "?after=x"],
  [undefined, "?event_deltas[]=agent.tool_use"],
])("Last-Event-ID %s, query %s is refused", (header, search) =>
  expect(() => parseStreamRequest(header, search)).toThrow(/must be/),
);

test("an unknown field of the query is refused by name", () =>
  expect(() => parseStreamRequest(undefined, "?event_delta[]=agent.message")).toThrow(/event_delta.*: unknown field/));
