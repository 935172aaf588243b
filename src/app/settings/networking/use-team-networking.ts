// What the team's environments get without a choice, and what none of them may exceed.
"use client";

import { useQuery } from "@tanstack/react-query";
import { useBerth } from "../../providers.tsx";

export const TEAM_NETWORKING = ["team-networking"];

export function useTeamNetworking() {
  const berth = useBerth();
  return useQuery({ queryKey: TEAM_NETWORKING, queryFn: ({ signal }) => berth.teamNetworking.get(signal) });
}
