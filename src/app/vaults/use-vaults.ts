// Vaults of the team, newest first as the API lists them; with or without archived ones.
"use client";

import { useQuery } from "@tanstack/react-query";
import type { Vault } from "../../contract/vaults.ts";
import { useBerth } from "../providers.tsx";

export function useVaults({ archived = false }: { archived?: boolean } = {}) {
  const berth = useBerth();
  return useQuery({
    queryKey: ["vaults", { archived }],
    queryFn: async ({ signal }) => {
      const vaults: Vault[] = [];
      let page: string | undefined;
      do {
        const query = { limit: 100, ...(archived ? { include_archived: true } : {}), ...(page ? { page } : {}) };
        const answer = await berth.vaults.list(query, signal);
        vaults.push(...answer.data);
        page = answer.next_page ?? undefined;
      } while (page);
      return vaults;
    },
  });
}
