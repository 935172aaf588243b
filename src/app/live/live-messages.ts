// What tabs and the feed say to each other. Everything here can be cloned from one thread to another.
import type { ConnectionState } from "../../client/follow-stream.ts";
import type { StreamedEvent } from "../../client/stream-events.ts";
import type { TeamChange } from "../../client/stream-sessions.ts";

/** One reader of one session's events in a tab. */
export type Follow = { id: string; sessionId: string; after: number };

export type TabMessage =
  /** Everything that the tab wants, said anew whenever it changes and every now and then: a feed may have forgotten a tab that slept. `shown`: somebody sees it. */
  { type: "want"; follows: Follow[]; shown: boolean } | { type: "bye" };

/** An `ApiError` in plain words; others have no status. */
export type LiveError = { status: number | null; type: string; message: string };

export type FeedMessage =
  | { type: "state"; state: ConnectionState; error: LiveError | null }
  | { type: "changes"; changes: TeamChange[] }
  | { type: "events"; followId: string; events: StreamedEvent[] }
  /** The log as it was when this reader began has been given to it. */
  | { type: "caught_up"; followId: string }
  | { type: "refused"; followId: string; error: LiveError };

/** A tab's end of the way to the feed. */
export type FeedLink = { send(message: TabMessage): void };
