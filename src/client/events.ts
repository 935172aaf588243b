// `/v1/sessions/{id}/events`: write to a session and read its log.
import type { EventInput, SessionEvent, SessionEventType, UserEvent } from "../contract/events.ts";
import type { Page } from "./page.ts";
import { sessionPath } from "./sessions.ts";
import { type StreamOptions, streamEvents } from "./stream-events.ts";
import type { Transport } from "./transport.ts";

export type EventQuery = { order?: "asc" | "desc"; types?: SessionEventType[]; limit?: number; page?: string };

export function createEventsClient(transport: Transport) {
  return {
    /** With the same key a second time, the first answer comes again and nothing is sent twice. */
    send: (sessionId: string, events: EventInput[], options: { idempotencyKey?: string } = {}) =>
      transport.json<{ data: UserEvent[] }>("POST", `${sessionPath(sessionId)}/events`, {
        body: { events },
        ...(options.idempotencyKey ? { headers: { "idempotency-key": options.idempotencyKey } } : {}),
      }),
    /** Takes a message back that is still queued; 409 once the agent has read it. */
    withdraw: (sessionId: string, eventId: string) =>
      transport.json<UserEvent>("POST", `${sessionPath(sessionId)}/events/${encodeURIComponent(eventId)}/withdraw`),
    list: (sessionId: string, query: EventQuery = {}, signal?: AbortSignal) =>
      transport.json<Page<SessionEvent>>("GET", `${sessionPath(sessionId)}/events`, {
        query,
        ...(signal ? { signal } : {}),
      }),
    /** Follows a session until the signal is aborted or the session is deleted; see `streamEvents`. */
    stream: (options: StreamOptions) => streamEvents(transport, options),
  };
}
