// Health of the server's parts: asked when a page is opened or seen again, and, where a person watches it, now and then.
"use client";

import { useQuery } from "@tanstack/react-query";
import { useBerth } from "../providers.tsx";

export const HEALTH_WATCHED_S = 10;

export function useHealth({ watched = false }: { watched?: boolean } = {}) {
  const berth = useBerth();
  const query = useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => berth.health.get(signal),
    ...(watched ? { refetchInterval: HEALTH_WATCHED_S * 1_000 } : {}),
  });
  return { ...query, demoModel: query.data?.parts.gateway?.demo === true };
}
