// One agent, as it was when its room was opened: a form that is being filled in must not change under the hands.
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
