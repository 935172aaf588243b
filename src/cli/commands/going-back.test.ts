// Which messages a session can go back to, from its log.
import { expect, test } from "vitest";
import type { SessionEvent } from "../../contract/events.ts";
import { messagesOnTheLine } from "./going-back.ts";

const AT = "2026-01-01T00:00:00Z";
const said = (id: string, processed_at: string | null = AT): SessionEvent => ({
  id,
  type: "user.message",
  content: [{ type: "text", text: id }],
  processed_at,
});
const rewound = (event_id: string): SessionEvent => ({
  id: `rewound-${event_id}`,
  type: "session.rewound",
  event_id,
  processed_at: AT,
});

test.each([
  ["all that was read", [said("a"), said("b")], ["a", "b"]],
  ["not what was withdrawn", [said("a"), { ...said("b"), withdrawn: true } as SessionEvent], ["a"]],
  ["not what is queued", [said("a"), said("b", null)], ["a"]],
  [
    "not what was taken back, nor what followed it",
    [said("a"), said("b"), said("c"), rewound("b"), said("d")],
    ["a", "d"],
  ],
  ["taken back twice", [said("a"), said("b"), rewound("b"), said("c"), rewound("a"), said("d")], ["d"]],
  ["a rewind to what is not there changes nothing", [said("a"), rewound("z")], ["a"]],
])("%s", (_name, events, expected) => {
  expect(messagesOnTheLine(events).map(({ id }) => id)).toEqual(expected);
});
