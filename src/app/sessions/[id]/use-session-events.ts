// A session's events, folded as they arrive.
"use client";

import { useEffect, useReducer } from "react";
import type { ConnectionState, StreamedEvent } from "../../../client/stream-events.ts";
import { goToLoginWhenSignedOut, useBerth } from "../../providers.tsx";
import { cutPreviews, foldEvents } from "./fold-events.ts";
import { emptyView, type SessionView } from "./session-view.ts";

type State = {
  view: SessionView;
  connection: ConnectionState;
  /** The log as it was when the page was opened is there. */
  caughtUp: boolean;
  error: unknown;
};
type Action =
  | { type: "events"; events: StreamedEvent[] }
  | { type: "connection"; state: ConnectionState }
  | { type: "caught_up" }
  | { type: "failed"; error: unknown };

const initialState: State = { view: emptyView, connection: "connecting", caughtUp: false, error: null };
/** A stored log comes in one rush; a pause this long after the start means that it is through. */
const CAUGHT_UP_AFTER_MS = 150;
/** Hidden pages get no animation frames, but their title still tells when a person is needed. */
const HIDDEN_FLUSH_MS = 200;

function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "events":
      return { ...state, view: foldEvents(state.view, action.events) };
    case "connection":
      return {
        ...state,
        connection: action.state,
        view: action.state === "waiting" ? cutPreviews(state.view) : state.view,
      };
    case "caught_up":
      return { ...state, caughtUp: true };
    case "failed":
      return { ...state, error: action.error };
  }
}

export function useSessionEvents(sessionId: string): State {
  const berth = useBerth();
  const [state, dispatch] = useReducer(reduce, initialState);
  useEffect(() => {
    const leaving = new AbortController();
    const batch = createBatch((events) => dispatch({ type: "events", events }));
    const caughtUp = createPause(CAUGHT_UP_AFTER_MS, () => dispatch({ type: "caught_up" }));
    const stream = berth.events.stream({
      sessionId,
      after: 0,
      deltas: true,
      signal: leaving.signal,
      onEvents(events) {
        batch.add(events);
        caughtUp.postpone();
      },
      onState(connection) {
        batch.flush();
        dispatch({ type: "connection", state: connection });
        if (connection === "open") caughtUp.start();
      },
    });
    stream.catch((error: unknown) => {
      goToLoginWhenSignedOut(error);
      dispatch({ type: "failed", error });
    });
    return () => {
      leaving.abort();
      caughtUp.stop();
      batch.drop();
    };
  }, [berth, sessionId]);
  return state;
}

/** Gathers what arrives between two frames, so that a fast stream is drawn once a frame. */
function createBatch(deliver: (events: StreamedEvent[]) => void) {
  let events: StreamedEvent[] = [];
  let cancel: (() => void) | null = null;
  function flush() {
    cancel?.();
    cancel = null;
    if (events.length === 0) return;
    const ready = events;
    events = [];
    deliver(ready);
  }
  function schedule(): () => void {
    if (document.hidden) {
      const timer = setTimeout(flush, HIDDEN_FLUSH_MS);
      return () => clearTimeout(timer);
    }
    const frame = requestAnimationFrame(flush);
    // A page that is hidden before its next frame would keep the events to itself.
    const timer = setTimeout(flush, HIDDEN_FLUSH_MS);
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }
  return {
    add(more: StreamedEvent[]) {
      events.push(...more);
      cancel ??= schedule();
    },
    flush,
    drop() {
      cancel?.();
      events = [];
    },
  };
}

/** Calls once, after the first pause of this length since its start. */
function createPause(pauseMs: number, onPause: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let done = false;
  const restart = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      done = true;
      onPause();
    }, pauseMs);
  };
  return {
    start() {
      if (!done) restart();
    },
    postpone() {
      if (timer !== undefined && !done) restart();
    },
    stop: () => clearTimeout(timer),
  };
}
