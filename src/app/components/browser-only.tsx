// Draws its children in the browser only. A room shows what the API answers to this person, which the server that
// sends the page does not ask; leaving the rooms out there saves their libraries (20 MB) and the work.
"use client";

import { type ReactNode, useSyncExternalStore } from "react";

const neverChanges = () => () => undefined;

export function BrowserOnly({ children }: { children: ReactNode }) {
  const inBrowser = useSyncExternalStore(
    neverChanges,
    () => true,
    () => false,
  );
  return inBrowser ? children : null;
}
