// Keeps every list and every session that was read up to date with what the server tells; reads anew where that is unknown.
"use client";

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { TeamChange } from "../../client/stream-sessions.ts";
import { goToLoginWhenSignedOut, useLive } from "../providers.tsx";
import { forgetUnsent } from "../sessions/[id]/forget-unsent.ts";
import { queriesToRead } from "./queries-to-read.ts";
import { readAgain } from "./read-again.ts";
import { useLiveState } from "./use-live-state.ts";

export function LiveLists() {
  const live = useLive();
  const queries = useQueryClient();
  const { connection, error } = useLiveState();
  useEffect(() => live.start(), [live]);
  useEffect(
    () =>
      live.onChanges((changes) => {
        for (const change of changes) takeIn(queries, change);
      }),
    [live, queries],
  );
  useEffect(() => {
    if (connection === "closed") goToLoginWhenSignedOut(error);
    // The server was away, or was started anew: its parts may do otherwise now.
    if (connection === "open") void queries.invalidateQueries({ queryKey: ["health"] });
  }, [connection, error, queries]);
  return null;
}

function takeIn(queries: QueryClient, change: TeamChange): void {
  if (change.type === "session_deleted") forgetUnsent(change.id);
  for (const queryKey of queriesToRead(change)) readAgain(queries, queryKey);
  if (change.type !== "session_changed" && change.type !== "session_deleted") return;
  for (const query of queries.getQueryCache().findAll({ queryKey: ["sessions"] })) {
    const patch = query.meta?.patch;
    // Each is made for the data of its own query.
    if (query.state.data !== undefined && typeof patch === "function")
      queries.setQueryData(query.queryKey, patch(query.state.data, change));
  }
  if (change.type === "session_changed")
    queries.setQueryData(["session", change.session.id], (known: unknown) => known && change.session);
}
