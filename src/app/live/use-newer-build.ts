// True once the server serves another build of the dashboard than the one that this tab runs: looked at after each lost connection.
"use client";

import { useEffect, useRef, useState } from "react";
import { askServedBuild, ownBuild } from "./served-build.ts";
import { useLiveState } from "./use-live-state.ts";

export function useNewerBuild(): boolean {
  const { connection } = useLiveState();
  const [newer, setNewer] = useState(false);
  const wasOpen = useRef(false);
  useEffect(() => {
    if (connection !== "open") return;
    const again = wasOpen.current;
    wasOpen.current = true;
    // The first connection is to the server that has just sent the page.
    if (!again) return;
    const asking = new AbortController();
    void askServedBuild(asking.signal).then((served) => {
      const own = ownBuild();
      if (own !== null && served !== null && served !== own) setNewer(true);
    });
    return () => asking.abort();
  }, [connection]);
  return newer;
}
