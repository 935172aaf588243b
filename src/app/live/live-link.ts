// A tab's side of the live connection: who in it reads which session, what changed lately, how the connection is.
import { ApiError } from "../../client/api-error.ts";
import type { ConnectionState } from "../../client/follow-stream.ts";
import type { StreamedEvent } from "../../client/stream-events.ts";
import type { TeamChange } from "../../client/stream-sessions.ts";
import type { Session } from "../../contract/sessions.ts";
import type { FeedLink, FeedMessage, Follow, LiveError } from "./live-messages.ts";

/** Said again this often: a feed forgets tabs that say nothing. */
const REPEAT_MS = 20_000;
/** Changes are remembered for answers that are on their way. */
const REMEMBERED = 500;

export type LiveState = { connection: ConnectionState; error: unknown };
export type Reader = {
  sessionId: string;
  after: number;
  onEvents: (events: StreamedEvent[]) => void;
  onState: (state: ConnectionState) => void;
  /** The log as it was when the reading began is there; what comes from now on is new. */
  onCaughtUp: () => void;
  /** The session is not there. */
  onRefused: (error: unknown) => void;
};
export type LiveLink = ReturnType<typeof createLiveLink>;

export function createLiveLink(open: (onMessage: (message: FeedMessage) => void) => FeedLink) {
  const readers = new Map<string, { follow: Follow; reader: Reader }>();
  const changeListeners = new Set<(changes: TeamChange[]) => void>();
  const stateListeners = new Set<() => void>();
  let feed: FeedLink | null = null;
  let state: LiveState = { connection: "connecting", error: null };
  let remembered: TeamChange[] = [];
  let forgotten = 0;
  let asking: ReturnType<typeof setTimeout> | undefined;
  let count = 0;

  function say(): void {
    clearTimeout(asking);
    asking = undefined;
    feed ??= open(receive);
    const follows = [...readers.values()].map(({ follow }) => ({ ...follow }));
    feed.send({ type: "want", follows, shown: document.visibilityState === "visible" });
  }

  /** What is wanted changes several times while a page is drawn. */
  function saySoon(): void {
    asking ??= setTimeout(say, 0);
  }

  function receive(message: FeedMessage): void {
    if (message.type === "events") {
      const entry = readers.get(message.followId);
      if (!entry) return;
      const last = message.events.findLast(({ seq }) => seq !== null)?.seq;
      entry.follow.after = Math.max(entry.follow.after, last ?? 0);
      entry.reader.onEvents(message.events);
    } else if (message.type === "caught_up") readers.get(message.followId)?.reader.onCaughtUp();
    else if (message.type === "refused") readers.get(message.followId)?.reader.onRefused(toError(message.error));
    else if (message.type === "changes") {
      remembered.push(...message.changes);
      const tooMany = Math.max(0, remembered.length - REMEMBERED);
      remembered = remembered.slice(tooMany);
      forgotten += tooMany;
      for (const listener of changeListeners) listener(message.changes);
    } else {
      state = { connection: message.state, error: message.error && toError(message.error) };
      for (const listener of stateListeners) listener();
      for (const { reader } of readers.values()) reader.onState(message.state);
    }
  }

  function changesSince(mark: number): TeamChange[] {
    return remembered.slice(Math.max(0, mark - forgotten));
  }

  return {
    /** Keeps the tab attached; the answer ends that. */
    start(): () => void {
      const repeat = setInterval(say, REPEAT_MS);
      const bye = () => feed?.send({ type: "bye" });
      say();
      window.addEventListener("pagehide", bye);
      // Back from the browser's cache of pages.
      window.addEventListener("pageshow", say);
      document.addEventListener("visibilitychange", say);
      return () => {
        clearInterval(repeat);
        clearTimeout(asking);
        asking = undefined;
        window.removeEventListener("pagehide", bye);
        window.removeEventListener("pageshow", say);
        document.removeEventListener("visibilitychange", say);
        bye();
      };
    },

    /** Events of one session after a place; the answer ends it. */
    read(reader: Reader): () => void {
      const id = `${++count}`;
      readers.set(id, { follow: { id, sessionId: reader.sessionId, after: reader.after }, reader });
      reader.onState(state.connection);
      saySoon();
      return () => {
        readers.delete(id);
        saySoon();
      };
    },

    onChanges(listener: (changes: TeamChange[]) => void): () => void {
      changeListeners.add(listener);
      return () => changeListeners.delete(listener);
    },

    onState(listener: () => void): () => void {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
    state: () => state,

    /** For `changesSince`: taken before a list is asked for. */
    mark: () => forgotten + remembered.length,
    /** What an answer that was asked for at `mark` may not know yet. */
    changesSince,

    /** A session as it was asked for at `mark`, or as it was told since. */
    newest(session: Session, mark: number): Session {
      const told = changesSince(mark).findLast(
        (change) => change.type === "session_changed" && change.session.id === session.id,
      );
      return told?.type === "session_changed" ? told.session : session;
    },
  };
}

function toError({ status, type, message }: LiveError): unknown {
  return status === null ? new Error(message) : new ApiError({ status, type, message, requestId: null });
}
