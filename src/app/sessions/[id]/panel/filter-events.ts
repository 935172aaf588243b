// Which events of a log are shown. Pure.
import type { SessionEvent } from "../../../../contract/events.ts";

export type LoggedEvent = { seq: number; event: SessionEvent };

/** Types that occur, in the order of the alphabet. */
export function listTypes(events: readonly LoggedEvent[]): string[] {
  return [...new Set(events.map(({ event }) => event.type))].sort();
}

/** `type`: empty for all. `text`: anywhere in the event's JSON, whatever its case. */
export function filterEvents(events: readonly LoggedEvent[], wanted: { type: string; text: string }): LoggedEvent[] {
  const text = wanted.text.trim().toLowerCase();
  return events.filter(
    ({ event }) =>
      (wanted.type === "" || event.type === wanted.type) &&
      (text === "" || JSON.stringify(event).toLowerCase().includes(text)),
  );
}
