// A session's events, folded as they arrive.
"use client";

import { useEffect, useReducer, useRef } from "react";
import type { ConnectionState } from "../../../client/follow-stream.ts";
import type { StreamedEvent } from "../../../client/stream-events.ts";
import type { StreamEvent } from "../../../contract/events.ts";
import { useLive } from "../../providers.tsx";
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
/** Hidden pages get no animation frames, but their title still tells when a person is needed. */
const HIDDEN_FLUSH_MS = 200;
/** Before the log is there nothing of it is drawn: what comes is folded in a few large pieces. */
const LOADING_FLUSH_MS = 400;
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

/** `log`: the stored events as they came, for whoever wants to see one whole. */
export function useSessionEvents(sessionId: string): State & { log: readonly StreamEvent[] } {
  const live = useLive();
  const [state, dispatch] = useReducer(reduce, initialState);
  const lastSeq = useRef(0);
  const log = useRef<StreamEvent[]>([]);
  useEffect(() => {
    lastSeq.current = state.view.lastSeq;
  }, [state.view.lastSeq]);
  useEffect(() => {
    let loading = true;
    const batch = createBatch(
      (events) => dispatch({ type: "events", events }),
      () => loading,
    );
    const leave = live.read({
      sessionId,
      after: lastSeq.current,
      onEvents(events) {
        for (const { seq, event } of events) if (seq !== null) log.current[seq] = event;
        batch.add(events);
      },
      onState(connection) {
        batch.flush();
        dispatch({ type: "connection", state: connection });
      },
      onCaughtUp() {
        loading = false;
        batch.flush();
        dispatch({ type: "caught_up" });
      },
      onRefused: (error) => dispatch({ type: "failed", error }),
    });
    return () => {
      leave();
      batch.drop();
    };
  }, [live, sessionId]);
  // Places in the log begin at 1, and a place is filled once: what comes again is the same.
  return { ...state, log: log.current };
}

/** Gathers what arrives between two frames, so that a fast stream is drawn once a frame. */
function createBatch(deliver: (events: StreamedEvent[]) => void, isLoading: () => boolean) {
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
    if (document.hidden || isLoading()) {
      const timer = setTimeout(flush, isLoading() ? LOADING_FLUSH_MS : HIDDEN_FLUSH_MS);
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
