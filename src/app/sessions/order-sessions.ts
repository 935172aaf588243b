// In which order sessions are listed: first those that wait for a person, longest first, then the others, newest first. Pure.
import { sessionState } from "../../client/session-state.ts";
import type { Session } from "../../contract/sessions.ts";

/**
 * `listed`: what was read of the list, newest first. `waiting`: all that wait, longest first, also those that lie in pages that
 * were not read yet. What changes in a session that does not begin or end to wait moves no row.
 */
export function orderSessions(listed: readonly Session[], waiting: readonly Session[]): Session[] {
  const known = new Set(waiting.map(({ id }) => id));
  const others = listed.filter(({ id }) => !known.has(id));
  const waits = (session: Session) => sessionState(session) === "waiting_for_you";
  return [...waiting, ...others.filter(waits), ...others.filter((session) => !waits(session))];
}
