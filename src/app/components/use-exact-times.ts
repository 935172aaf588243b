// Whether times are written out in full instead of "4 min ago"; kept in the browser, the same in all its tabs.
"use client";

import { useSyncExternalStore } from "react";

const KEY = "berth:exact-times";
const CHANGED = "berth:exact-times-changed";

export function useExactTimes(): { exact: boolean; toggle: () => void } {
  const exact = useSyncExternalStore(subscribe, isExact, () => false);
  return { exact, toggle: toggleExactTimes };
}

export function toggleExactTimes(): void {
  localStorage.setItem(KEY, isExact() ? "off" : "on");
  window.dispatchEvent(new Event(CHANGED));
}

function isExact(): boolean {
  return localStorage.getItem(KEY) === "on";
}

function subscribe(onChange: () => void): () => void {
  // `storage` tells of other tabs only.
  window.addEventListener("storage", onChange);
  window.addEventListener(CHANGED, onChange);
  return () => {
    window.removeEventListener("storage", onChange);
    window.removeEventListener(CHANGED, onChange);
  };
}
