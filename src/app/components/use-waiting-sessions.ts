// Sessions that wait for a person or for the result of a tool, oldest change first.
"use client";

import { useQuery } from "@tanstack/react-query";
import type { Session } from "../../contract/sessions.ts";
import { useBerth } from "../providers.tsx";
import { sessionState } from "./status-chip.tsx";

const REFRESH_MS = 5_000;
const PAGE = 100;
/** The list has no filter by stop reason, so idle sessions are looked through, newest first, so many at most. */
const MAX_PAGES = 5;

/** `inBackground`: goes on while the page is hidden, for whoever wants to be notified. */
export function useWaitingSessions({ inBackground = false }: { inBackground?: boolean } = {}) {
  const berth = useBerth();
  return useQuery({
    queryKey: ["sessions", "waiting"],
    refetchInterval: REFRESH_MS,
    refetchIntervalInBackground: inBackground,
    queryFn: async ({ signal }) => {
      const waiting: Session[] = [];
      let page: string | undefined;
      for (let count = 0; count < MAX_PAGES; count++) {
        const answer = await berth.sessions.list(
          { statuses: ["idle"], limit: PAGE, ...(page ? { page } : {}) },
          signal,
        );
        waiting.push(...answer.data.filter((session) => sessionState(session) === "waiting"));
        page = answer.next_page ?? undefined;
        if (!page) break;
      }
      return {
        sessions: waiting.sort((one, other) => one.updated_at.localeCompare(other.updated_at)),
        /** There are older sessions that were not looked at. */
        more: page !== undefined,
      };
    },
  });
}
