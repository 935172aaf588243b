// The sessions that a filter chooses, in the order in which people need them; live.
"use client";

import { useWaitingSessions } from "../components/use-waiting-sessions.ts";
import { orderSessions } from "./order-sessions.ts";
import { belongsTo, type SessionFilter } from "./session-filter.ts";
import { useSessionList } from "./use-session-list.ts";

export function useOrderedSessions(filter: SessionFilter) {
  const query = useSessionList(filter);
  const waiting = useWaitingSessions().data?.sessions.filter((session) => belongsTo(filter, session)) ?? [];
  const listed = query.data?.pages.flatMap((page) => page.data) ?? [];
  return { query, sessions: query.data ? orderSessions(listed, waiting) : [] };
}
