// Whatever a change can make out of date is read again, and nothing else.
import { QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";
import type { TeamChange } from "../../client/stream-sessions.ts";
import type { Session } from "../../contract/sessions.ts";
import { queriesToRead } from "./queries-to-read.ts";

const keys = [
  ["agents"],
  ["agent", "agent_a"],
  ["agent", "agent_b"],
  ["agent-versions", "agent_a"],
  ["environments"],
  ["environments", "archived"],
  ["environment", "env_a"],
  ["team-networking"],
  ["api-keys"],
  ["sessions", "list", { state: "all" }],
  ["session", "sesn_a"],
  ["snapshots", "sesn_a"],
  ["snapshots", "sesn_b"],
  ["models"],
];

test.each<[TeamChange, string[][]]>([
  [{ type: "agent_changed", id: "agent_a" }, [["agents"], ["agent", "agent_a"], ["agent-versions", "agent_a"]]],
  [
    { type: "environment_changed", id: "env_a" },
    [["environments"], ["environments", "archived"], ["environment", "env_a"], ["team-networking"]],
  ],
  [{ type: "api_key_changed", id: "key_a" }, [["api-keys"]]],
  [{ type: "session_changed", session: { id: "sesn_a", status: "idle" } as Session }, [["snapshots", "sesn_a"]]],
  [{ type: "session_changed", session: { id: "sesn_a", status: "running" } as Session }, []],
  [{ type: "session_deleted", id: "sesn_a" }, []],
])("after %j", (change, expected) => expect(outOfDate(change)).toEqual(expected));

test("when changes were missed all lists are read again, the gateway's models are not", () => {
  expect(outOfDate({ type: "resync", reason: "start" })).toEqual(keys.slice(0, -1));
});

function outOfDate(change: TeamChange) {
  const queries = new QueryClient();
  for (const key of keys) queries.setQueryData(key, "known");
  for (const queryKey of queriesToRead(change)) void queries.invalidateQueries({ queryKey });
  return keys.filter((key) => queries.getQueryState(key)?.isInvalidated);
}
