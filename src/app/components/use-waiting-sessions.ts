// Sessions that wait for a person, oldest change first; kept live.
"use client";

import { useQuery } from "@tanstack/react-query";
import { sessionState } from "../../client/session-state.ts";
import type { TeamChange } from "../../client/stream-sessions.ts";
import type { Session } from "../../contract/sessions.ts";
import { useBerth, useLive } from "../providers.tsx";

const PAGE = 100;
/** More than a person decides in a day. */
const MAX_PAGES = 5;

type Waiting = {
  sessions: Session[];
  /** There are older sessions that were not looked at. */
  more: boolean;
};

export function useWaitingSessions() {
  const berth = useBerth();
  const live = useLive();
  return useQuery({
    queryKey: ["sessions", "waiting"],
    queryFn: async ({ signal }) => {
      const mark = live.mark();
      const sessions: Session[] = [];
      let page: string | undefined;
      for (let count = 0; count < MAX_PAGES; count++) {
        const answer = await berth.sessions.list(
          { waiting_for: "tool_confirmation", limit: PAGE, ...(page ? { page } : {}) },
          signal,
        );
        sessions.push(...answer.data);
        page = answer.next_page ?? undefined;
        if (!page) break;
      }
      const waiting: Waiting = { sessions: sessions.sort(longestFirst), more: page !== undefined };
      return live.changesSince(mark).reduce(patchWaiting, waiting);
    },
    staleTime: Number.POSITIVE_INFINITY,
    meta: { patch: patchWaiting },
  });
}

/** Pure. */
export function patchWaiting(waiting: Waiting, change: TeamChange): Waiting {
  if (change.type !== "session_changed" && change.type !== "session_deleted") return waiting;
  const id = change.type === "session_changed" ? change.session.id : change.id;
  const others = waiting.sessions.filter((session) => session.id !== id);
  if (change.type === "session_changed" && sessionState(change.session) === "waiting_for_you")
    return { ...waiting, sessions: [...others, change.session].sort(longestFirst) };
  return others.length === waiting.sessions.length ? waiting : { ...waiting, sessions: others };
}

const longestFirst = (one: Session, other: Session) => one.updated_at.localeCompare(other.updated_at);
