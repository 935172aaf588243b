// A conversation as JSON: the session as the API has it, and the events of its log as the API lists them.
import type { StreamEvent } from "../../../../contract/events.ts";
import type { Transcript } from "./transcript.ts";

export function toJson({ session, title, log, at }: Transcript): string {
  return `${JSON.stringify({ exported_at: at, session: { ...session, title }, events: listed(log) }, null, 2)}\n`;
}

/** What a person sent is stored twice, when it was accepted and where it entered the conversation; only the latter is listed. */
function listed(log: readonly StreamEvent[]): StreamEvent[] {
  const last = new Map<string, StreamEvent>();
  // Places whose event has not come are empty.
  for (const event of log) if (event && "id" in event) last.set(event.id, event);
  return log.filter((event) => event && "id" in event && last.get(event.id) === event);
}
