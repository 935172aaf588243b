// `GET /v1/sessions/stream`: every change of the team's sessions and, on the same connection, the events of some of them.
import type { IncomingMessage, ServerResponse } from "node:http";
import { PlatformError } from "../lib/errors.ts";
import { answerStream, type StreamAnswering } from "./answer-stream.ts";
import type { ChangeHub } from "./change-hub.ts";
import { expectedError, toErrorAnswer } from "./errors.ts";
import type { EventHub } from "./event-hub.ts";
import { parsePreviews } from "./event-stream.ts";
import { parseQueryString } from "./parse.ts";
import { refusedBytes } from "./sse-frame.ts";
import type { Sink } from "./subscriber.ts";

const TEAM_STREAM_PATH = /^\/(?:v1|api)\/sessions\/stream$/;
const KNOWN_QUERY = new Set(["after", "event_deltas", "session_ids"]);
export const MAX_FOLLOWED = 100;

export const isTeamStream = (pathname: string) => TEAM_STREAM_PATH.test(pathname);

export type TeamStreamOptions = StreamAnswering & {
  changes: ChangeHub;
  events: EventHub;
  /** Throws `not_found` unless the team has this session. */
  checkSession: (teamId: string, sessionId: string) => Promise<unknown>;
};

export function createTeamStream(options: TeamStreamOptions) {
  const { changes, events, checkSession } = options;

  return async function streamTeam(request: IncomingMessage, response: ServerResponse, search: string): Promise<void> {
    await answerStream(options, request, response, async ({ teamId }, lastEventId, begin) => {
      const { cursor, previews, followed } = parseTeamStreamRequest(lastEventId, search);
      // One listener for each session that is followed.
      response.setMaxListeners(0);
      begin();
      const leaves = [await changes.subscribe({ teamId, cursor, sink: response })];
      const sink = sharing(response);
      const backlog = { lastPieceBytes: 0 };
      try {
        await Promise.all(
          [...followed].map(async ([sessionId, after]) => {
            try {
              await checkSession(teamId, sessionId);
              leaves.push(await events.subscribe({ sessionId, after, previews, sink, backlog }));
            } catch (error) {
              const expected = expectedError(error, options.translate);
              if (expected.code !== "not_found") throw error;
              response.write(refusedBytes(sessionId, toErrorAnswer(expected, "").body.error));
            }
          }),
        );
      } catch (error) {
        for (const leave of leaves) leave();
        throw error;
      }
      return () => {
        for (const leave of leaves) leave();
      };
    });
  };
}

/** `Last-Event-ID` (or `?after=`), `session_ids[]` (`<id>` from now on, or `<id>:<seq>` after that event), `event_deltas[]`. Pure. */
export function parseTeamStreamRequest(
  lastEventId: string | undefined,
  search: string,
): { cursor: string | null; previews: ReadonlySet<string>; followed: ReadonlyMap<string, number | null> } {
  const query = parseQueryString(search, new Set(["event_deltas", "session_ids"]));
  const unknown = Object.keys(query).find((name) => !KNOWN_QUERY.has(name));
  if (unknown !== undefined) throw new PlatformError("invalid_request", `${unknown}: unknown field`);
  if (query.after !== undefined && typeof query.after !== "string")
    throw new PlatformError("invalid_request", "after: must be the id of an event of this stream");
  const asked = Array.isArray(query.session_ids) ? query.session_ids.map(String) : [];
  if (asked.length > MAX_FOLLOWED)
    throw new PlatformError("invalid_request", `session_ids: at most ${MAX_FOLLOWED} sessions`);
  const followed = new Map<string, number | null>();
  for (const text of asked) {
    const [, sessionId, seq] = /^([^:]{1,100})(?::(\d{1,15}))?$/.exec(text) ?? [];
    if (sessionId === undefined)
      throw new PlatformError("invalid_request", "session_ids: must be session ids, or <session id>:<seq of an event>");
    followed.set(sessionId, seq === undefined ? null : Number(seq));
  }
  return { cursor: lastEventId || query.after || null, previews: parsePreviews(query.event_deltas), followed };
}

/** The same response for the stream of one session: its end is not the end of the connection. */
function sharing(response: ServerResponse): Sink {
  return new Proxy<ServerResponse>(response, {
    get(target, name) {
      if (name === "end") return () => target;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
