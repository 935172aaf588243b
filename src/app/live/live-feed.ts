// The one live connection that all tabs share: it follows the team and every session that some tab shows, and hands each
// tab what it lacks. Runs in a SharedWorker, or in the page itself where there is none.
import { ApiError } from "../../client/api-error.ts";
import type { ConnectionState } from "../../client/follow-stream.ts";
import type { FollowedEvent, RefusedSession, TeamMessage, TeamStreamOptions } from "../../client/stream-sessions.ts";
import type { FeedLink, FeedMessage, Follow, LiveError, TabMessage } from "./live-messages.ts";

/** Changes of what is wanted that come together are one new connection. */
const GATHER_MS = 15;
/** A page that is left for the next one is no reason to end the connection. */
const IDLE_MS = 5_000;
/** Hidden tabs may say something once a minute only. */
const FORGET_TAB_MS = 180_000;
const LOOK_MS = 30_000;
/** The server takes no more on one connection; then the tabs that somebody saw last are served. */
const MAX_FOLLOWED = 100;
const OF_ONE_SESSION: ReadonlySet<TeamMessage["type"]> = new Set([
  "session_event",
  "session_caught_up",
  "session_refused",
]);

type Tab = {
  send: (message: FeedMessage) => void;
  follows: Map<string, Follow & { caughtUp: boolean }>;
  /** When it last said something. */
  heardMs: number;
  /** When somebody last saw it. */
  shownMs: number;
};
type Connection = {
  stop: AbortController;
  /** How far each session has come. */
  places: Map<string, number>;
  /** Sessions whose log, as it was when the connection began, is through. */
  caughtUp: Set<string>;
};
export type LiveFeed = ReturnType<typeof createLiveFeed>;

export function createLiveFeed(stream: (options: TeamStreamOptions) => Promise<void>) {
  const tabs = new Set<Tab>();
  let cursor: string | null = null;
  let current: Connection | null = null;
  /** Takes over from `current` once it is open. */
  let next: Connection | null = null;
  let state: { state: ConnectionState; error: LiveError | null } = { state: "connecting", error: null };
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let idle: ReturnType<typeof setTimeout> | undefined;

  function tell(message: FeedMessage): void {
    for (const tab of tabs) tab.send(message);
  }

  function setState(now: ConnectionState, error: LiveError | null): void {
    state = { state: now, error };
    tell({ type: "state", ...state });
  }

  /** Each session that is shown, after the earliest place that one of its readers has. */
  function wanted(): Map<string, number> {
    const places = new Map<string, number>();
    for (const tab of [...tabs].sort((a, b) => a.shownMs - b.shownMs)) {
      for (const { sessionId, after } of tab.follows.values()) {
        const earliest = Math.min(after, places.get(sessionId) ?? after);
        // The last of a map is what was put in last.
        places.delete(sessionId);
        places.set(sessionId, earliest);
      }
    }
    return new Map([...places].slice(-MAX_FOLLOWED));
  }

  function brings(connection: Connection | null): boolean {
    if (!connection) return false;
    for (const [sessionId, after] of wanted()) {
      const place = connection.places.get(sessionId);
      if (place === undefined || place > after) return false;
    }
    return true;
  }

  function arrange(): void {
    clearTimeout(gathering);
    clearTimeout(idle);
    if (tabs.size === 0) idle = setTimeout(stop, IDLE_MS);
    else if (!brings(next ?? current)) gathering = setTimeout(connect, GATHER_MS);
  }

  function stop(): void {
    clearTimeout(gathering);
    clearTimeout(idle);
    for (const connection of [current, next]) connection?.stop.abort();
    current = null;
    next = null;
    cursor = null;
    state = { state: "connecting", error: null };
  }

  function connect(): void {
    next?.stop.abort();
    const connection: Connection = { stop: new AbortController(), places: wanted(), caughtUp: new Set() };
    next = connection;
    const live = () => !connection.stop.signal.aborted;
    const ended = stream({
      after: cursor,
      follow: new Map(connection.places),
      deltas: true,
      signal: connection.stop.signal,
      onMessages: (messages, reached) => {
        if (!live()) return;
        cursor = reached;
        handOut(connection, messages);
      },
      onState: (now) => {
        if (!live()) return;
        if (now === "open" && next === connection) {
          current?.stop.abort();
          current = connection;
          next = null;
        }
        // While the old connection works nobody needs to know how the new one gets on.
        if (connection === current || current === null) setState(now, null);
      },
    });
    ended.catch((error: unknown) => {
      if (!live()) return;
      stop();
      setState("closed", plainError(error));
    });
  }

  /** A reader that has all of a log that is through. One that lacks what came before this connection waits for the next. */
  function tellCaughtUp(): void {
    for (const tab of tabs) {
      for (const follow of tab.follows.values()) {
        const place = current?.caughtUp.has(follow.sessionId) ? current.places.get(follow.sessionId) : undefined;
        if (follow.caughtUp || place === undefined || place > follow.after) continue;
        follow.caughtUp = true;
        tab.send({ type: "caught_up", followId: follow.id });
      }
    }
  }

  function handOut(connection: Connection, messages: TeamMessage[]): void {
    const changes = messages.filter(({ type }) => !OF_ONE_SESSION.has(type));
    // What is left are the types of a change.
    if (changes.length > 0) tell({ type: "changes", changes } as FeedMessage);
    for (const message of messages) if (message.type === "session_refused") refuse(connection, message);
    const events = messages.filter((message) => message.type === "session_event");
    for (const [sessionId, own] of Map.groupBy(events, (event) => event.session_id)) give(connection, sessionId, own);
    for (const message of messages)
      if (message.type === "session_caught_up") connection.caughtUp.add(message.session_id);
    tellCaughtUp();
  }

  /** Each reader gets what comes after its own place. */
  function give(connection: Connection, sessionId: string, events: FollowedEvent[]): void {
    const place = connection.places.get(sessionId) ?? Number.POSITIVE_INFINITY;
    const last = events.findLast(({ seq }) => seq !== null)?.seq ?? null;
    if (last !== null) connection.places.set(sessionId, last);
    for (const tab of tabs) {
      for (const follow of tab.follows.values()) {
        // Who lacks what came before this connection waits for the next one.
        if (follow.sessionId !== sessionId || follow.after < place) continue;
        const lacking = events.filter(({ seq }) => seq === null || seq > follow.after);
        if (last !== null) follow.after = Math.max(follow.after, last);
        if (lacking.length > 0)
          tab.send({ type: "events", followId: follow.id, events: lacking.map(({ seq, event }) => ({ seq, event })) });
      }
    }
  }

  function refuse(connection: Connection, { session_id, error }: RefusedSession): void {
    // As far as anybody can get: it is not asked for again.
    connection.places.set(session_id, 0);
    for (const tab of tabs)
      for (const follow of tab.follows.values())
        if (follow.sessionId === session_id)
          tab.send({ type: "refused", followId: follow.id, error: { status: 404, ...error } });
  }

  function forgetSleepers(): void {
    const before = Date.now() - FORGET_TAB_MS;
    for (const tab of tabs) if (tab.heardMs < before) tabs.delete(tab);
    const shown = wanted();
    const stale = current && !next && [...current.places.keys()].some((sessionId) => !shown.has(sessionId));
    if (stale && tabs.size > 0) connect();
    else arrange();
  }

  setInterval(forgetSleepers, LOOK_MS);

  return {
    /** A tab that has just come, or was forgotten, counts from its first word on. */
    attach(send: (message: FeedMessage) => void): FeedLink {
      const tab: Tab = { send, follows: new Map(), heardMs: 0, shownMs: Date.now() };
      return {
        send(message: TabMessage): void {
          if (message.type === "bye") tabs.delete(tab);
          else welcome(tab, message);
          arrange();
        },
      };
    },
  };

  function welcome(tab: Tab, { follows, shown }: Extract<TabMessage, { type: "want" }>): void {
    const isNew = !tabs.has(tab);
    tab.heardMs = Date.now();
    if (shown) tab.shownMs = tab.heardMs;
    // What a reader was given already may still be on its way to the tab.
    tab.follows = new Map(
      follows.map((follow) => [
        follow.id,
        {
          ...follow,
          after: Math.max(follow.after, (!isNew && tab.follows.get(follow.id)?.after) || 0),
          caughtUp: !isNew && tab.follows.get(follow.id)?.caughtUp === true,
        },
      ]),
    );
    if (!isNew) {
      tellCaughtUp();
      return;
    }
    tabs.add(tab);
    // Somebody may have logged in again.
    if (state.state === "closed") state = { state: "connecting", error: null };
    tab.send({ type: "state", ...state });
    tellCaughtUp();
    // Where the stream does not begin with it: what happened before this moment is in the lists.
    if (current) tab.send({ type: "changes", changes: [{ type: "resync", reason: "start" }] });
  }
}

function plainError(error: unknown): LiveError {
  if (error instanceof ApiError) return { status: error.status, type: error.type, message: error.message };
  return { status: null, type: "error", message: error instanceof Error ? error.message : String(error) };
}
