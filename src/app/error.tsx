// A room that failed to draw: the others still work.
"use client";

import { FailureNote } from "./components/failure-note.tsx";
import { isNotLoaded } from "./live/load-part.ts";
import { PageAway } from "./live/page-away.tsx";

type RoomFailureProps = {
  error: Error;
  /** Draws again what is there. */
  reset: () => void;
  /** Asks the server for the page, then draws it. */
  retry: () => void;
};

export default function RoomFailure({ error, reset, retry }: RoomFailureProps) {
  if (isNotLoaded(error)) return <PageAway retry={retry} />;
  return <FailureNote error={error} onRetry={reset} />;
}
