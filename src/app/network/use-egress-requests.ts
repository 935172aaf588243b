// What sessions asked of the outside, newest first in pages. The first page is read again and again; older ones stay as they are.
"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import type { EgressRequestFilter } from "../../client/egress-requests.ts";
import { useBerth } from "../providers.tsx";

const PAGE = 50;
export const NETWORK_WATCHED_S = 3;

export function useEgressRequests(filter: EgressRequestFilter) {
  const berth = useBerth();
  return useInfiniteQuery({
    queryKey: ["egress-requests", filter],
    queryFn: ({ pageParam, signal }) =>
      berth.egressRequests.list({ ...filter, limit: PAGE, ...(pageParam ? { page: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 1) > 1 ? false : NETWORK_WATCHED_S * 1_000),
  });
}
