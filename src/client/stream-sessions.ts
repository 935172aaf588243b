// Follows the lists of the team, and the events of some of its sessions, on one connection that comes back by itself.
import type { StreamEvent } from "../contract/events.ts";
import type { Session } from "../contract/sessions.ts";
import { type ConnectionState, EVENT_DELTAS, followStream } from "./follow-stream.ts";
import type { Transport } from "./transport.ts";

/** Read the list now; or what became of one session. */
export type TeamChange =
  | { type: "resync"; reason: string }
  | { type: "session_changed"; session: Session }
  | { type: "session_deleted"; id: string }
  /** Something of another list was made, changed, archived, revoked or deleted: read it again. */
  | { type: "agent_changed" | "environment_changed" | "vault_changed" | "api_key_changed"; id: string };
export type FollowedEvent = { type: "session_event"; session_id: string; seq: number | null; event: StreamEvent };
/** The log of a followed session, as it was when this connection began, is through; `seq` is where it ended. */
export type CaughtUpSession = { type: "session_caught_up"; session_id: string; seq: number };
export type RefusedSession = {
  type: "session_refused";
  session_id: string;
  error: { type: string; message: string };
};
export type TeamMessage = TeamChange | FollowedEvent | CaughtUpSession | RefusedSession;

export type TeamStreamOptions = {
  /** Where an earlier stream ended; null: begins with `resync`. */
  after: string | null;
  /** Sessions whose events come too, each after this place in its log; null: new ones only. */
  follow: ReadonlyMap<string, number | null>;
  /** Asks for previews in the followed sessions, as `streamEvents` does. */
  deltas: boolean;
  signal: AbortSignal;
  /** What arrived together, in order, and where the stream stands after it. */
  onMessages: (messages: TeamMessage[], cursor: string | null) => void;
  onState?: (state: ConnectionState, error: unknown) => void;
};

/** Ends when the signal is aborted; throws what a new attempt cannot mend (401, 403). */
export async function streamSessions(transport: Transport, options: TeamStreamOptions): Promise<void> {
  let cursor = options.after;
  const follow = new Map(options.follow);

  function takePlace(message: TeamMessage): void {
    if (message.type === "session_refused") follow.delete(message.session_id);
    if (message.type !== "session_event") return;
    if (message.event.type === "session.deleted") follow.delete(message.session_id);
    else if (message.seq !== null) follow.set(message.session_id, message.seq);
  }

  await followStream(transport, {
    path: "/v1/sessions/stream",
    request: () => ({
      query: {
        session_ids: [...follow].map(([id, seq]) => (seq === null ? id : `${id}:${seq}`)),
        event_deltas: options.deltas ? EVENT_DELTAS : [],
      },
      headers: cursor === null ? {} : { "last-event-id": cursor },
    }),
    signal: options.signal,
    onState: options.onState,
    onFrames(frames) {
      const messages: TeamMessage[] = [];
      for (const { id, event, data } of frames) {
        cursor = id ?? cursor;
        if (!MESSAGE_TYPES.has(event)) continue;
        // The name of the event is its type; the server is trusted to keep its contract.
        const message = JSON.parse(data) as TeamMessage;
        takePlace(message);
        messages.push(message);
      }
      if (messages.length > 0) options.onMessages(messages, cursor);
      return false;
    },
  });
}

/** Others, of a later release, are skipped. */
const MESSAGE_TYPES: ReadonlySet<string> = new Set([
  "resync",
  "session_changed",
  "session_deleted",
  "agent_changed",
  "environment_changed",
  "vault_changed",
  "api_key_changed",
  "session_event",
  "session_caught_up",
  "session_refused",
]);
