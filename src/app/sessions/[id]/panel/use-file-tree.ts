// Directories of a session's sandbox, read as they are opened, and again when a tool has ended.
"use client";

import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { FileEntry } from "../../../../contract/files.ts";
import { useBerth } from "../../../providers.tsx";
import type { SessionView } from "../session-view.ts";
import { treeRows } from "./tree-rows.ts";

export const ROOTS = ["/workspace", "/home/agent"];

export function useFileTree(sessionId: string, view: SessionView) {
  const berth = useBerth();
  const queries = useQueryClient();
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => new Set(["/workspace"]));
  const paths = [...opened];
  const listings = useQueries({
    queries: paths.map((path) => ({
      queryKey: ["files", sessionId, path],
      queryFn: ({ signal }: { signal: AbortSignal }) => berth.files.list(sessionId, path, signal),
    })),
  });
  const turn = view.turns.at(-1);
  const ended = turn?.items.filter((item) => item.kind === "tool_call" && item.endedAt !== null).length ?? 0;
  const turnId = turn?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each call that ends may have changed files
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: ["files", sessionId] });
  }, [queries, sessionId, turnId, ended]);

  const known = new Map<string, readonly FileEntry[]>();
  for (const [index, path] of paths.entries()) {
    const data = listings[index]?.data;
    if (data) known.set(path, data.data);
  }
  return {
    rows: treeRows(ROOTS, opened, known),
    loading: listings.some(({ isPending }) => isPending),
    error: listings.find(({ error }) => error)?.error ?? null,
    truncated: listings.some(({ data }) => data?.truncated),
    empty: known.size > 0 && [...known.values()].every((entries) => entries.length === 0),
    reload: () => queries.invalidateQueries({ queryKey: ["files", sessionId] }),
    toggle(path: string) {
      const next = new Set(opened);
      if (!next.delete(path)) next.add(path);
      setOpened(next);
    },
  };
}
