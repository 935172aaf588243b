// What a person should know about the live connection: nothing, until trouble has lasted long enough to matter.
"use client";

import { useEffect, useState } from "react";
import { useLiveState } from "./use-live-state.ts";

const VISIBLE_AFTER_MS = 2_000;

/** `lost`: it is being made again. `ended`: only loading the page helps. */
export function useConnectionTrouble(): "lost" | "ended" | null {
  const { connection, error } = useLiveState();
  const lost = connection !== "open";
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    if (!lost) {
      setVisible(false);
      return;
    }
    const timer = setTimeout(() => setVisible(true), VISIBLE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [lost]);
  if (!visible) return null;
  return connection === "closed" && error !== null ? "ended" : "lost";
}
