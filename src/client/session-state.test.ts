// One table of states for dashboard and terminal.
import { expect, test } from "vitest";
import type { WaitingFor } from "../contract/sessions.ts";
import { type SessionState, sessionState, waitingTools } from "./session-state.ts";

const nobody = { count: 0, tools: [] };
const person: WaitingFor = { tool_confirmations: { count: 2, tools: ["bash"] }, custom_tool_results: nobody };
const program: WaitingFor = { tool_confirmations: nobody, custom_tool_results: { count: 1, tools: ["deploy"] } };
const both: WaitingFor = { ...person, custom_tool_results: program.custom_tool_results };
const rest = { archived_at: null, status: "idle", stop_reason: null, waiting_for: null } as const;
const waits = { ...rest, stop_reason: { type: "requires_action" } };
const stopped = (type: string) => ({ ...rest, stop_reason: { type } });

test.each<[SessionState, Parameters<typeof sessionState>[0]]>([
  ["idle", rest],
  ["idle", stopped("end_turn")],
  ["running", { ...rest, status: "running" }],
  ["retrying", { ...rest, status: "rescheduling" }],
  ["ended", { ...stopped("retries_exhausted"), status: "terminated" }],
  ["archived", { ...waits, waiting_for: person, archived_at: "2026-01-01T00:00:00Z" }],
  ["failed", stopped("retries_exhausted")],
  ["refused", stopped("refusal")],
  ["budget_reached", stopped("budget_reached")],
  ["waiting_for_you", { ...waits, waiting_for: person }],
  ["waiting_for_you", { ...waits, waiting_for: both }],
  ["waiting_for_program", { ...waits, waiting_for: program }],
  // Nobody knows for whom: rather call a person than let it wait for ever.
  ["waiting_for_you", waits],
])("%s", (state, facts) => expect(sessionState(facts)).toBe(state));

test("it is said which tools wait for whom", () => {
  expect(waitingTools("waiting_for_you", both)).toEqual(["bash"]);
  expect(waitingTools("waiting_for_program", program)).toEqual(["deploy"]);
  expect(waitingTools("idle", both)).toEqual([]);
});
