// How the broker's V8 takes care of memory, given to Node where the process is started. Nearly all of it is bytes on their way, which V8 counts as
// "external": by default 64 MB of them begin a mark-compact, one for each 7 MB that are carried, and that took half of the processor's time.

/** Bytes on their way count like any others, and the first mark-compact waits for 128 MB; a young generation of 4 MB frees them before. */
export const EGRESS_HEAP_FLAGS = [
  "--external-memory-accounted-in-global-limit",
  "--initial-old-space-size=128",
  "--max-semi-space-size=4",
] as const;
