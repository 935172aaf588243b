// The key that opens the palette, as this machine's keyboards call it.
"use client";

import { useSyncExternalStore } from "react";

const neverChanges = () => () => undefined;

export function useCommandKey(): "⌘K" | "Ctrl K" {
  return useSyncExternalStore(
    neverChanges,
    () => (/mac|iphone|ipad/i.test(navigator.platform) ? "⌘K" : "Ctrl K"),
    () => "Ctrl K",
  );
}
