// What an item can ask of the timeline it stands in.
"use client";

import { createContext } from "react";

export type TimelineActions = {
  /** The item that a link or a search led to. */
  highlighted: string | null;
  showDetails: (id: string) => void;
  /** The failure that can be tried again; null while there is none. */
  retryable: string | null;
};

/** Null outside of a session's own page. */
export const TimelineContext = createContext<TimelineActions | null>(null);
