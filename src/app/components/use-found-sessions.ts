// Sessions for the palette: the latest ones, and those whose title has what is typed, however old.
"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Session } from "../../contract/sessions.ts";
import { patchPage } from "../live/patch-pages.ts";
import { useBerth, useLive } from "../providers.tsx";
import { useDebounced } from "./use-debounced.ts";

const LATEST = 30;
const FOUND = 100;
/** While somebody types. */
const PAUSE_MS = 150;
const patchLatest = patchPage((session) => session.archived_at === null);

export type FoundSessions = { sessions: readonly Session[]; searching: boolean; error: unknown };

export function useFoundSessions(typed: string): FoundSessions {
  const berth = useBerth();
  const live = useLive();
  const words = typed.trim();
  const asked = useDebounced(words, PAUSE_MS);
  const latest = useQuery({
    queryKey: ["sessions", "palette"],
    queryFn: async ({ signal }) => {
      const mark = live.mark();
      const page = await berth.sessions.list({ limit: LATEST }, signal);
      return live.changesSince(mark).reduce(patchLatest, page);
    },
    staleTime: Number.POSITIVE_INFINITY,
    meta: { patch: patchLatest },
  });
  const found = useQuery({
    queryKey: ["session-search", asked],
    queryFn: ({ signal }) => berth.sessions.list({ search: asked, include_archived: true, limit: FOUND }, signal),
    enabled: asked !== "",
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });
  const known = latest.data?.data ?? [];
  const others = words === "" ? [] : (found.data?.data ?? []).filter(({ id }) => !known.some((each) => each.id === id));
  return {
    sessions: [...known, ...others],
    searching: words !== "" && (words !== asked || found.isFetching),
    error: found.error ?? latest.error,
  };
}
