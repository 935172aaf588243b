// How the live connection of this tab is.
"use client";

import { useSyncExternalStore } from "react";
import { useLive } from "../providers.tsx";
import type { LiveState } from "./live-link.ts";

const onServer: LiveState = { connection: "connecting", error: null };

export function useLiveState(): LiveState {
  const live = useLive();
  return useSyncExternalStore(live.onState, live.state, () => onServer);
}
