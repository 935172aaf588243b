// j and k move the focus through the rows of a list; Enter is the link's own.
"use client";

import type { RefObject } from "react";
import { useShortcuts } from "./use-shortcuts.ts";

/** The focusable element of each row carries `data-row`. */
export function useRowKeys(list: RefObject<HTMLElement | null>): void {
  function move(by: 1 | -1) {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = at === -1 ? (by === 1 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
    rows[next]?.focus();
  }
  useShortcuts({ j: () => move(1), k: () => move(-1) });
}
