// The log as the events tab shows it: which events pass a filter, kept up to date as the log grows, without looking twice at any.
import type { SessionEvent, StreamEvent } from "../../../../contract/events.ts";
import { findWords, toWordsPattern } from "../find-words.ts";

export type LoggedEvent = { seq: number; event: SessionEvent };
/** `type`: empty for all. `text`: anywhere in the event's fields and values, whatever its case. */
export type EventFilter = { type: string; text: string };
type Found = {
  /** Those that pass, in the order of the log; a new array when it has grown. */
  events: readonly LoggedEvent[];
  total: number;
  /** Types that occur, in the order of the alphabet. */
  types: readonly string[];
};

/** `log`: stored events by their place, which begins at 1; it grows in place. */
export function createEventIndex(log: readonly StreamEvent[], filter: EventFilter): (lastSeq: number) => Found {
  const passes = createTest(filter);
  const types = new Set<string>();
  let found: Found = { events: [], total: 0, types: [] };
  let looked = 0;
  return (lastSeq) => {
    const fresh: LoggedEvent[] = [];
    for (let seq = looked + 1; seq <= lastSeq; seq++) {
      const event = log[seq];
      if (event && "id" in event) fresh.push({ seq, event });
    }
    looked = Math.max(looked, lastSeq);
    if (fresh.length === 0) return found;
    const passing = fresh.filter(({ event }) => passes(event));
    const known = types.size;
    for (const { event } of fresh) types.add(event.type);
    found = {
      events: passing.length === 0 ? found.events : [...found.events, ...passing],
      total: found.total + fresh.length,
      types: types.size === known ? found.types : [...types].sort(),
    };
    return found;
  };
}

function createTest({ type, text }: EventFilter): (event: SessionEvent) => boolean {
  const pattern = toWordsPattern(text);
  return (event) => (type === "" || event.type === type) && (pattern === null || holds(event, pattern));
}

/** Values as they are, not as JSON escapes them. */
function holds(value: unknown, pattern: RegExp): boolean {
  if (typeof value === "string") return findWords(value, pattern) !== -1;
  if (typeof value !== "object" || value === null) return findWords(String(value), pattern) !== -1;
  return Object.entries(value).some(
    ([name, own]) => (!Array.isArray(value) && findWords(name, pattern) !== -1) || holds(own, pattern),
  );
}
