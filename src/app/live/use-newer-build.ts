// True once the server serves another build of the dashboard than the one that this tab runs: looked at after each lost connection.
"use client";

import { useEffect, useRef, useState } from "react";
import { BUILD_HEADER } from "../build-header.ts";
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
    void isNewer(asking.signal).then((answer) => {
      if (answer) setNewer(true);
    });
    return () => asking.abort();
  }, [connection]);
  return newer;
}

async function isNewer(signal: AbortSignal): Promise<boolean> {
  const own = document.querySelector<HTMLMetaElement>(`meta[name="${BUILD_HEADER}"]`)?.content;
  try {
    const answer = await fetch("/login", { method: "HEAD", cache: "no-store", signal });
    const served = answer.headers.get(BUILD_HEADER);
    return own !== undefined && served !== null && served !== own;
  } catch {
    // No answer says nothing about the build; the next connection asks again.
    return false;
  }
}
