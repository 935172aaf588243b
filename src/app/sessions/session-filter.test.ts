// The address says which sessions are shown; what the server chooses and what the page keeps are the same.
import { expect, test } from "vitest";
import type { Session } from "../../contract/sessions.ts";
import { belongsTo, FILTER_STATES, filterPath, filterQuery, readFilter } from "./session-filter.ts";

const all = { state: "all", agentId: null, archived: false } as const;
// Only what filters look at.
const session = (fields: Partial<Session>) =>
  ({
    status: "idle",
    stop_reason: null,
    waiting_for: null,
    archived_at: null,
    agent: { id: "agent_a" },
    ...fields,
  }) as Session;
const nobody = { count: 0, tools: [] };
const asks = session({
  stop_reason: { type: "requires_action", event_ids: ["sevt_1"] },
  waiting_for: { tool_confirmations: { count: 1, tools: ["bash"] }, custom_tool_results: nobody },
});
const program = session({
  stop_reason: { type: "requires_action", event_ids: ["sevt_1"] },
  waiting_for: { tool_confirmations: nobody, custom_tool_results: { count: 1, tools: ["deploy"] } },
});

test("every filter comes back from its own address", () => {
  for (const { state } of FILTER_STATES)
    for (const agentId of [null, "agent_x&state=idle"])
      for (const archived of [false, true]) {
        const filter = { state, agentId, archived };
        expect(readFilter(new URL(filterPath(filter), "http://berth").searchParams)).toEqual(filter);
      }
});

test.each(["?state=dancing", "?state=", "?agent=", "?archived=yes", "?state=__proto__"])(
  "what %s says is no filter",
  (search) => expect(readFilter(new URLSearchParams(search))).toEqual(all),
);

test.each([
  ["all", asks, true],
  ["waiting", asks, true],
  ["waiting", program, false],
  ["program", program, true],
  ["program", asks, false],
  ["idle", program, false],
  ["idle", asks, false],
  ["idle", session({}), true],
  ["waiting", session({}), false],
  ["running", session({ status: "rescheduling" }), true],
  ["running", session({ status: "terminated" }), false],
  ["all", session({ archived_at: "2026-01-01T00:00:00Z" }), false],
] as const)("%s", (state, row, belongs) => expect(belongsTo({ ...all, state }, row)).toBe(belongs));

test("archived ones belong where they are wanted, other agents' never", () => {
  const archived = session({ archived_at: "2026-01-01T00:00:00Z" });
  expect(belongsTo({ ...all, archived: true }, archived)).toBe(true);
  expect(belongsTo({ ...all, agentId: "agent_b" }, session({}))).toBe(false);
});

test("the server is asked for as little as it can choose", () => {
  expect(filterQuery({ state: "waiting", agentId: "agent_a", archived: true })).toEqual({
    waiting_for: "tool_confirmation",
    agent_id: "agent_a",
    include_archived: true,
  });
});
