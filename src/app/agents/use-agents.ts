// Agents that are not archived, newest first as the API lists them.
"use client";

import { useQuery } from "@tanstack/react-query";
import type { Agent } from "../../contract/agents.ts";
import { useBerth } from "../providers.tsx";

export function useAgents() {
  const berth = useBerth();
  return useQuery({
    queryKey: ["agents"],
    queryFn: async ({ signal }) => {
      const agents: Agent[] = [];
      let page: string | undefined;
      do {
        const answer = await berth.agents.list({ limit: 100, ...(page ? { page } : {}) }, signal);
        agents.push(...answer.data);
        page = answer.next_page ?? undefined;
      } while (page);
      return agents;
    },
  });
}
