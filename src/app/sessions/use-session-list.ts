// Sessions in pages, newest first, as a filter chooses them; kept live.
"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { patchPage, patchPages } from "../live/patch-pages.ts";
import { useBerth, useLive } from "../providers.tsx";
import { belongsTo, filterQuery, type SessionFilter } from "./session-filter.ts";

const PAGE = 50;

export function useSessionList(filter: SessionFilter) {
  const berth = useBerth();
  const live = useLive();
  const belongs = (session: Parameters<typeof belongsTo>[1]) => belongsTo(filter, session);
  return useInfiniteQuery({
    queryKey: ["sessions", "list", filter],
    queryFn: async ({ pageParam, signal }) => {
      const mark = live.mark();
      const query = { ...filterQuery(filter), limit: PAGE, ...(pageParam ? { page: pageParam } : {}) };
      const page = await berth.sessions.list(query, signal);
      const chosen = { ...page, data: page.data.filter(belongs) };
      // What came in by the stream meanwhile may be newer than the answer.
      return live.changesSince(mark).reduce(patchPage(belongs), chosen);
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page,
    staleTime: Number.POSITIVE_INFINITY,
    meta: { patch: patchPages(belongs) },
  });
}
