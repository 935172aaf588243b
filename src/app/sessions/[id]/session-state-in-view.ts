// For whom a session waits and how it is, as its own events tell. They say more than the session's object: also what was
// answered just now. Pure.
import { type SessionState, sessionState } from "../../../client/session-state.ts";
import type { Session, WaitingFor } from "../../../contract/sessions.ts";
import { openCalls, type SessionView } from "./session-view.ts";

export function stateInView(
  view: SessionView,
  archivedAt: Session["archived_at"],
): { state: SessionState; waitingFor: WaitingFor } {
  const waits = (state: "asking" | "awaiting_result") => {
    const names = openCalls(view, state).map(({ name }) => name);
    return { count: names.length, tools: [...new Set(names)] };
  };
  const waitingFor = { tool_confirmations: waits("asking"), custom_tool_results: waits("awaiting_result") };
  const { status, stopReason } = view;
  const state = sessionState({ archived_at: archivedAt, status, stop_reason: stopReason, waiting_for: waitingFor });
  if (state === "archived" || state === "ended") return { state, waitingFor };
  if (waitingFor.tool_confirmations.count > 0) return { state: "waiting_for_you", waitingFor };
  // Everything is answered: the agent is about to go on.
  return { state: state === "waiting_for_you" ? "running" : state, waitingFor };
}
