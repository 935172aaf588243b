// The state of a session in a person's words: the same in the dashboard and in the terminal. Pure.
import type { Session, WaitingFor } from "../contract/sessions.ts";

export const STATE_WORDS = {
  running: "Running",
  waiting_for_you: "Waiting for you",
  waiting_for_program: "Waiting for your program",
  retrying: "Retrying",
  idle: "Idle",
  failed: "Failed",
  refused: "Refused",
  budget_reached: "Budget reached",
  ended: "Ended",
  archived: "Archived",
} as const;
export type SessionState = keyof typeof STATE_WORDS;

type StateFacts = Pick<Session, "archived_at" | "waiting_for"> & {
  status: Session["status"] | "deleted";
  stop_reason: { type: string } | null;
};

export function sessionState({ archived_at, status, stop_reason, waiting_for }: StateFacts): SessionState {
  if (archived_at !== null) return "archived";
  switch (status) {
    case "terminated":
    case "deleted":
      return "ended";
    case "running":
      return "running";
    case "rescheduling":
      return "retrying";
    case "idle":
      return restingState(stop_reason?.type, waiting_for);
  }
}

function restingState(stopReason: string | undefined, waitingFor: WaitingFor | null): SessionState {
  switch (stopReason) {
    case "requires_action":
      // Only where it is known that nobody but a program has to answer, no person is called.
      return waitingFor && waitingFor.tool_confirmations.count === 0 && waitingFor.custom_tool_results.count > 0
        ? "waiting_for_program"
        : "waiting_for_you";
    case "retries_exhausted":
      return "failed";
    case "refusal":
      return "refused";
    case "budget_reached":
      return "budget_reached";
    default:
      return "idle";
  }
}

/** The tools whose calls wait, in the state's own sense; empty while the session waits for nobody. */
export function waitingTools(state: SessionState, waitingFor: WaitingFor | null): readonly string[] {
  if (state === "waiting_for_you") return waitingFor?.tool_confirmations.tools ?? [];
  return state === "waiting_for_program" ? (waitingFor?.custom_tool_results.tools ?? []) : [];
}
