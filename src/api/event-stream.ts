// `GET /v1/sessions/{id}/events/stream`: server-sent events, written on the raw connection. Resumable by Last-Event-ID.
import type { IncomingMessage, ServerResponse } from "node:http";
import { PREVIEWED_TYPES } from "../contract/previews.ts";
import { PlatformError } from "../lib/errors.ts";
import { answerStream, decodedSegment, type StreamAnswering } from "./answer-stream.ts";
import type { EventHub } from "./event-hub.ts";
import { parseQueryString } from "./parse.ts";

const STREAM_PATH = /^\/(?:v1|api)\/sessions\/([^/?]+)\/events\/stream$/;
const KNOWN_QUERY = new Set(["after", "event_deltas"]);

export type EventStreamOptions = StreamAnswering & {
  hub: EventHub;
  /** Throws `not_found` unless the team has this session. */
  checkSession: (teamId: string, sessionId: string) => Promise<unknown>;
};

/** The session of a stream request; null for every other path. */
export function streamedSession(pathname: string): string | null {
  const id = STREAM_PATH.exec(pathname)?.[1];
  return id === undefined ? null : decodedSegment(id);
}

export function createEventStream(options: EventStreamOptions) {
  return async function streamEvents(
    request: IncomingMessage,
    response: ServerResponse,
    { sessionId, search }: { sessionId: string; search: string },
  ): Promise<void> {
    await answerStream(options, request, response, async (caller, lastEventId, begin) => {
      const { after, previews } = parseStreamRequest(lastEventId, search);
      await options.checkSession(caller.teamId, sessionId);
      begin();
      return options.hub.subscribe({ sessionId, after, previews, sink: response });
    });
  };
}

/** `Last-Event-ID` (or `?after=`) and `event_deltas[]`. Pure. */
export function parseStreamRequest(
  lastEventId: string | undefined,
  search: string,
): { after: number | null; previews: ReadonlySet<string> } {
  const query = parseQueryString(search, new Set(["event_deltas"]));
  const unknown = Object.keys(query).find((name) => !KNOWN_QUERY.has(name));
  if (unknown !== undefined) throw new PlatformError("invalid_request", `${unknown}: unknown field`);
  const place = lastEventId || query.after;
  if (place !== undefined && (typeof place !== "string" || !/^\d{1,15}$/.test(place)))
    throw new PlatformError(
      "invalid_request",
      "Last-Event-ID: must be the id of an event of this stream, or 0 for all",
    );
  return { after: place === undefined ? null : Number(place), previews: parsePreviews(query.event_deltas) };
}

/** The types of events whose previews are wanted. */
export function parsePreviews(eventDeltas: unknown): ReadonlySet<string> {
  const asked = Array.isArray(eventDeltas) ? eventDeltas : [];
  for (const type of asked) {
    if (!PREVIEWED_TYPES.some((known) => known === type))
      throw new PlatformError("invalid_request", `event_deltas: must be ${PREVIEWED_TYPES.join(", ")}`);
  }
  return new Set(asked.map(String));
}
