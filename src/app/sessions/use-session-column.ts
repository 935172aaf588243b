// Whether the list of sessions stands beside the open one: kept in the browser, the same for all who ask in this tab.
"use client";

import { useSyncExternalStore } from "react";

const KEY = "berth:session-column";
const CHANGED = "berth:session-column-changed";

export function useSessionColumn(): { open: boolean; toggle: () => void } {
  const open = useSyncExternalStore(subscribe, isOpen, () => true);
  return { open, toggle };
}

function isOpen(): boolean {
  return localStorage.getItem(KEY) !== "closed";
}

function toggle(): void {
  localStorage.setItem(KEY, isOpen() ? "closed" : "open");
  window.dispatchEvent(new Event(CHANGED));
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener(CHANGED, onChange);
  return () => window.removeEventListener(CHANGED, onChange);
}
