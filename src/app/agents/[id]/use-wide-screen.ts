// Whether there is room for two panes, beside the navigation.
"use client";

import { useSyncExternalStore } from "react";

const WIDE = "(min-width: 1280px)";

export function useWideScreen(): boolean {
  return useSyncExternalStore(
    (onChange) => {
      const query = window.matchMedia(WIDE);
      query.addEventListener("change", onChange);
      return () => query.removeEventListener("change", onChange);
    },
    () => window.matchMedia(WIDE).matches,
    () => false,
  );
}
