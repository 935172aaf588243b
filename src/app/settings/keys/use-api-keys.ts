// All API keys of the team, newest first.
"use client";

import { useQuery } from "@tanstack/react-query";
import type { ApiKey } from "../../../contract/api-keys.ts";
import { useBerth } from "../../providers.tsx";

export function useApiKeys() {
  const berth = useBerth();
  return useQuery({
    queryKey: ["api-keys"],
    queryFn: async ({ signal }) => {
      const keys: ApiKey[] = [];
      let page: string | undefined;
      do {
        const answer = await berth.apiKeys.list({ limit: 100, ...(page ? { page } : {}) }, signal);
        keys.push(...answer.data);
        page = answer.next_page ?? undefined;
      } while (page);
      return keys;
    },
  });
}
