// Environments of the team, newest first as the API lists them; with or without archived ones.
"use client";

import { useQuery } from "@tanstack/react-query";
import type { Environment } from "../../contract/environments.ts";
import { useBerth } from "../providers.tsx";

export function useEnvironments({ archived = false }: { archived?: boolean } = {}) {
  const berth = useBerth();
  return useQuery({
    queryKey: ["environments", { archived }],
    queryFn: async ({ signal }) => {
      const environments: Environment[] = [];
      let page: string | undefined;
      do {
        const query = { limit: 100, ...(archived ? { include_archived: true } : {}), ...(page ? { page } : {}) };
        const answer = await berth.environments.list(query, signal);
        environments.push(...answer.data);
        page = answer.next_page ?? undefined;
      } while (page);
      return environments;
    },
  });
}
