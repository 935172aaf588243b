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
    list: (sessionId: string, query: EventQuery = {}, signal?: AbortSignal) =>
      transport.json<Page<SessionEvent>>("GET", `${sessionPath(sessionId)}/events`, {
        query,
        ...(signal ? { signal } : {}),
      }),
    /** Follows a session until the signal is aborted or the session is deleted; see `streamEvents`. */
    stream: (options: StreamOptions) => streamEvents(transport, options),
  };
}
