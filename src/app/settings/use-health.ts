// Health of the server's parts, kept fresh.
"use client";

import { useQuery } from "@tanstack/react-query";
import { useBerth } from "../providers.tsx";

export function useHealth() {
  const berth = useBerth();
  const query = useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => berth.health.get(signal),
    refetchInterval: 10_000,
  });
  return { ...query, demoModel: query.data?.parts.gateway?.demo === true };
}
