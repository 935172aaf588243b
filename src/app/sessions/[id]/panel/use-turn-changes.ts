// What the last turn changed; read again when the server tells that a snapshot was taken.
"use client";

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useBerth } from "../../../providers.tsx";
import type { PanelTabProps } from "./panel-tabs.ts";
import { turnChanges } from "./turn-changes.ts";

/** More than a turn is ever kept in, but for one that waited for a person for long. */
const LIMIT = 10;

export function useTurnChanges({ session, view, log }: PanelTabProps) {
  const berth = useBerth();
  const snapshots = useQuery({
    queryKey: ["snapshots", session.id],
    queryFn: ({ signal }) => berth.sessions.snapshots(session.id, { limit: LIMIT }, signal),
  });
  const known = snapshots.data?.data;
  return useMemo(() => known && turnChanges(known, view, log), [known, view, log]) ?? null;
}
