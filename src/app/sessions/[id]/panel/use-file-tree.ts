// Directories of a session's sandbox, read as they are opened, and again when a tool has ended or files came back.
"use client";

import { type QueryClient, useQueries, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { FileEntry, FileList } from "../../../../contract/files.ts";
import { useBerth } from "../../../providers.tsx";
import type { Item, SessionView } from "../session-view.ts";
import { treeRows } from "./tree-rows.ts";

export const ROOTS = ["/workspace", "/home/agent"];

export function useFileTree(sessionId: string, view: SessionView) {
  const berth = useBerth();
  const queries = useQueryClient();
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => new Set(["/workspace"]));
  // One that was removed is not asked for any more; if it comes back it is open again.
  const paths = [...opened].filter((path) => isListed(queries, sessionId, opened, path));
  const listings = useQueries({
    queries: paths.map((path) => ({
      queryKey: ["files", sessionId, path],
      queryFn: ({ signal }: { signal: AbortSignal }) => berth.files.list(sessionId, path, signal),
    })),
  });
  const turn = view.turns.at(-1);
  const ended = turn?.items.filter(mayHaveChanged).length ?? 0;
  const turnId = turn?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each call that ends, and each restore, may have changed files
  useEffect(() => {
    if (ended === 0) return;
    const newer = new AbortController();
    void readAgain(queries, sessionId, opened, newer.signal);
    return () => newer.abort();
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
    reload: () => readAgain(queries, sessionId, opened),
    /** Opens the directories that a file is in. */
    reveal(path: string) {
      setOpened(new Set([...opened, ...parentsOf(path)]));
    },
    toggle(path: string) {
      const next = new Set(opened);
      if (!next.delete(path)) next.add(path);
      setOpened(next);
    },
  };
}

function mayHaveChanged(item: Item): boolean {
  return item.kind === "receipt" || (item.kind === "tool_call" && item.endedAt !== null);
}

/** The directories that a path is in, from its root on. */
function parentsOf(path: string): string[] {
  const root = ROOTS.find((one) => path.startsWith(`${one}/`));
  if (root === undefined) return [];
  const parents = [root];
  for (let at = path.indexOf("/", root.length + 1); at > 0; at = path.indexOf("/", at + 1))
    parents.push(path.slice(0, at));
  return parents;
}

/** It is open, and there as far as is known. */
function isListed(queries: QueryClient, sessionId: string, opened: ReadonlySet<string>, path: string): boolean {
  if (ROOTS.includes(path)) return opened.has(path);
  const parents = parentsOf(path);
  return [...parents, path].every((each, index) => {
    const parent = parents[index - 1];
    if (!opened.has(each)) return false;
    if (parent === undefined) return true;
    const list = queries.getQueryData<FileList>(["files", sessionId, parent]);
    return list?.data.some((entry) => entry.path === each && entry.kind === "directory") ?? false;
  });
}

/** From the roots down: what an outer directory does not hold any more is not asked for. A newer reading ends this one. */
async function readAgain(
  queries: QueryClient,
  sessionId: string,
  opened: ReadonlySet<string>,
  newer?: AbortSignal,
): Promise<void> {
  const depthOf = (path: string) => parentsOf(path).length;
  const deepest = Math.max(...[...opened].map(depthOf));
  for (let depth = 0; depth <= deepest && !newer?.aborted; depth++) {
    const level = [...opened].filter((path) => depthOf(path) === depth);
    const there = level.filter((path) => isListed(queries, sessionId, opened, path));
    await Promise.all(
      there.map((path) => queries.invalidateQueries({ queryKey: ["files", sessionId, path], exact: true })),
    );
  }
}
