// The terminal says the state of a session in the dashboard's words.
import { expect, test } from "vitest";
import { stateOf } from "./ls.ts";

const idle = { archived_at: null, status: "idle", stop_reason: null, waiting_for: null } as const;
const nobody = { count: 0, tools: [] };

test.each([
  ["idle", idle],
  ["retrying", { ...idle, status: "rescheduling" as const }],
  ["refused", { ...idle, stop_reason: { type: "refusal" } }],
  ["budget reached", { ...idle, stop_reason: { type: "budget_reached" } }],
  [
    "waiting for you: bash, write",
    {
      ...idle,
      stop_reason: { type: "requires_action" },
      waiting_for: { tool_confirmations: { count: 3, tools: ["bash", "write"] }, custom_tool_results: nobody },
    },
  ],
  [
    "waiting for your program: deploy",
    {
      ...idle,
      stop_reason: { type: "requires_action" },
      waiting_for: { tool_confirmations: nobody, custom_tool_results: { count: 1, tools: ["deploy"] } },
    },
  ],
])("%s", (words, session) => expect(stateOf(session)).toBe(words));
