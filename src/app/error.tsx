// A room that failed to draw: the others still work.
"use client";

import { FailureNote } from "./components/failure-note.tsx";

export default function RoomFailure({ error, reset }: { error: Error; reset: () => void }) {
  return <FailureNote error={error} onRetry={reset} />;
}
