// `GET /v1/sessions/{id}/events/stream`: server-sent events, written on the raw connection. Resumable by Last-Event-ID.
import type { IncomingMessage, ServerResponse } from "node:http";
import { PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import type { Logger } from "../lib/logger.ts";
import type { Access } from "../teams/access.ts";
import { authenticate } from "./authenticate.ts";
import { expectedError, type TranslateError, toErrorAnswer } from "./errors.ts";
import type { EventHub } from "./event-hub.ts";
import { parseQueryString } from "./parse.ts";

const STREAM_PATH = /^\/(?:v1|api)\/sessions\/([^/?]+)\/events\/stream$/;
const KNOWN_QUERY = new Set(["after", "event_deltas"]);
const PREVIEWED_TYPES = ["agent.message", "agent.thinking"] as const;

export type EventStreamOptions = {
  access: Access;
  hub: EventHub;
  /** Throws `not_found` unless the team has this session. */
  checkSession: (teamId: string, sessionId: string) => Promise<unknown>;
  translate: TranslateError;
  logger: Logger;
};

/** The session of a stream request; null for every other path. */
export function streamedSession(pathname: string): string | null {
  const id = STREAM_PATH.exec(pathname)?.[1];
  return id === undefined ? null : safelyDecoded(id);
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not a valid escape: then it is no id of ours either, and is answered 404 as it stands.
    return text;
  }
}

export function createEventStream(options: EventStreamOptions) {
  return async function streamEvents(
    request: IncomingMessage,
    response: ServerResponse,
    { sessionId, search }: { sessionId: string; search: string },
  ): Promise<void> {
    const requestId = newId("request");
    try {
      const header = (name: string) => singleHeader(request.headers[name]);
      const { teamId } = await authenticate(options.access, { method: "GET", header });
      const { after, previews } = parseStreamRequest(header("last-event-id"), search);
      await options.checkSession(teamId, sessionId);
      response.statusCode = 200;
      response.setHeader("content-type", "text/event-stream; charset=utf-8");
      response.setHeader("cache-control", "no-cache, no-transform");
      response.setHeader("x-accel-buffering", "no");
      response.setHeader("x-content-type-options", "nosniff");
      response.setHeader("request-id", requestId);
      request.socket.setNoDelay(true);
      request.socket.setTimeout(0);
      if (response.destroyed) return;
      const leave = await options.hub.subscribe({ sessionId, after, previews, sink: response });
      response.once("close", leave);
      // The client was faster: its close came before there was anybody to hear it.
      if (response.destroyed) leave();
      // Only now may the client believe that it is subscribed.
      else response.write(": subscribed\n\n");
    } catch (error) {
      const expected = expectedError(error, options.translate);
      if (expected.code === "internal") options.logger.error({ err: error, requestId }, "event stream failed");
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const answer = toErrorAnswer(expected, requestId);
      response.writeHead(answer.status, {
        "content-type": "application/json",
        "cache-control": "no-store",
        ...answer.headers,
      });
      response.end(JSON.stringify(answer.body));
    }
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
  const asked = Array.isArray(query.event_deltas) ? query.event_deltas : [];
  for (const type of asked) {
    if (!PREVIEWED_TYPES.some((known) => known === type))
      throw new PlatformError("invalid_request", `event_deltas: must be ${PREVIEWED_TYPES.join(" or ")}`);
  }
  return { after: place === undefined ? null : Number(place), previews: new Set(asked.map(String)) };
}

function singleHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}
