// What is running now: read anew shortly after something changed, and now and then, since workers and memory tell nothing by themselves.
"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useBerth, useLive } from "../providers.tsx";

/** Many changes become one reading. */
const AFTER_CHANGE_MS = 1_000;
export const OVERVIEW_WATCHED_S = 10;

export function useOverview() {
  const berth = useBerth();
  const live = useLive();
  const queries = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const leave = live.onChanges(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: ["overview"] });
      }, AFTER_CHANGE_MS);
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  }, [live, queries]);
  return useQuery({
    queryKey: ["overview"],
    queryFn: ({ signal }) => berth.overview.get({}, signal),
    refetchInterval: OVERVIEW_WATCHED_S * 1_000,
  });
}
