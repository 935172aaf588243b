// Models that the gateway offers.
"use client";

import { useQuery } from "@tanstack/react-query";
import { useBerth } from "../providers.tsx";

export function useModels({ enabled = true }: { enabled?: boolean } = {}) {
  const berth = useBerth();
  return useQuery({
    queryKey: ["models"],
    enabled,
    queryFn: ({ signal }) => berth.models.list(signal),
    staleTime: 60_000,
  });
}
