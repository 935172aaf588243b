// Follows a session's event stream through broken connections, without a gap and without a repetition.
import type { StreamEvent } from "../contract/events.ts";
import { type ConnectionState, EVENT_DELTAS, followStream } from "./follow-stream.ts";
import { sessionPath } from "./sessions.ts";
import type { Transport } from "./transport.ts";

/** `seq` is the event's place in the log; null for previews, which have none. */
export type StreamedEvent = { seq: number | null; event: StreamEvent };

export type StreamOptions = {
  sessionId: string;
  /** Gives the events after this place in the log, then the new ones; 0 gives all, null only new ones. */
  after: number | null;
  /** Asks for previews: of messages and thinking while they are written, of output of commands while they run. */
  deltas: boolean;
  signal: AbortSignal;
  /** Events that arrived together, in order. */
  onEvents: (events: StreamedEvent[]) => void;
  onState?: (state: ConnectionState, error: unknown) => void;
};

/** Ends when the signal is aborted or the session is deleted; throws what a new attempt cannot mend (401, 403, 404). */
export async function streamEvents(transport: Transport, options: StreamOptions): Promise<void> {
  let after = options.after;
  await followStream(transport, {
    path: `${sessionPath(options.sessionId)}/events/stream`,
    request: () => ({
      ...(options.deltas ? { query: { event_deltas: EVENT_DELTAS } } : {}),
      headers: after === null ? {} : { "last-event-id": String(after) },
    }),
    signal: options.signal,
    onState: options.onState,
    onFrames(frames) {
      const events: StreamedEvent[] = [];
      for (const { id, data } of frames) {
        const seq = id === null ? null : Number.parseInt(id, 10);
        const event = toStreamEvent(JSON.parse(data));
        if (event) events.push({ seq, event });
        if (seq !== null) after = seq;
      }
      if (events.length > 0) options.onEvents(events);
      return events.some(({ event }) => event.type === "session.deleted");
    },
  });
}

/** Whatever has a type is an event of the API; types that this release does not know are the reader's to skip. */
function toStreamEvent(parsed: unknown): StreamEvent | null {
  return typeof parsed === "object" && parsed !== null && "type" in parsed ? (parsed as StreamEvent) : null;
}
