// What can be done with the page that is open, for the palette: a page says it, and takes it back when it is left.
"use client";

import { useEffect, useId, useSyncExternalStore } from "react";
import type { Command } from "./command.ts";

const offered = new Map<string, readonly Command[]>();
const listeners = new Set<() => void>();
let all: readonly Command[] = [];

function changed(): void {
  all = [...offered.values()].flat();
  for (const listener of listeners) listener();
}

/** What they do is that of the latest drawing. */
export function useOfferedCommands(commands: readonly Command[]): void {
  const id = useId();
  useEffect(() => {
    offered.set(id, commands);
    changed();
  });
  useEffect(
    () => () => {
      offered.delete(id);
      changed();
    },
    [id],
  );
}

export function usePageCommands(): readonly Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => all,
    () => all,
  );
}
