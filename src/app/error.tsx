// A room that failed to draw: the others still work.
"use client";

import { FailureNote } from "./components/failure-note.tsx";

export default function RoomFailure({ error, reset }: { error: Error; reset: () => void }) {
  // After an update the server has other files than those that an open tab asks for.
  if (error.name !== "ChunkLoadError") return <FailureNote error={error} onRetry={reset} />;
  const told = new Error("A part of this page could not be loaded. Berth may have been updated: load the page again.");
  return <FailureNote error={told} onRetry={() => window.location.reload()} />;
}
