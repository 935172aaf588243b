// One agent, kept live. A form that is being filled in does not change under the hands: see use-agent-editing.ts.
"use client";

import { useQuery } from "@tanstack/react-query";
import { useBerth } from "../../providers.tsx";

export function useAgent(agentId: string) {
  const berth = useBerth();
  return useQuery({
    queryKey: ["agent", agentId],
    queryFn: ({ signal }) => berth.agents.get(agentId, signal),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: "always",
  });
}
