// Credentials of one vault, newest first as the API lists them; with or without archived ones.
import { queryOptions } from "@tanstack/react-query";
import type { BerthClient } from "../../client/berth.ts";
import type { Credential } from "../../contract/credentials.ts";

type Asked = { vaultId: string; archived?: boolean };

export function credentialsQuery(berth: BerthClient, { vaultId, archived = false }: Asked) {
  return queryOptions({
    queryKey: ["credentials", vaultId, { archived }],
    queryFn: async ({ signal }) => {
      const credentials: Credential[] = [];
      let page: string | undefined;
      do {
        const query = { limit: 100, ...(archived ? { include_archived: true } : {}), ...(page ? { page } : {}) };
        const answer = await berth.vaults.credentials.list(vaultId, query, signal);
        credentials.push(...answer.data);
        page = answer.next_page ?? undefined;
      } while (page);
      return credentials;
    },
  });
}
