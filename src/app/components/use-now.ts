// The current time by the server's clock, drawn again at an interval; null interval stops the clock.
"use client";

import { useEffect, useState, useSyncExternalStore } from "react";
import { useServerClock } from "../providers.tsx";

export function useNow(intervalMs: number | null): number {
  const clock = useServerClock();
  const offsetMs = useSyncExternalStore(clock.subscribe, clock.offsetMs, () => 0);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (intervalMs === null) return;
    const timer = setInterval(() => setNow(Date.now()), intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs]);
  return now + offsetMs;
}
