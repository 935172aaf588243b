// What time it is on the server, learned from the Date header of its answers: this machine's clock may be hours off.

/** One answer: its Date (whole seconds), and when by the own clock its request was sent and its head received. */
export type ServerTime = { serverMs: number; sentMs: number; receivedMs: number };
/** The server's clock minus the own one lies between. */
export type OffsetRange = { minMs: number; maxMs: number };

const SECOND_MS = 1_000;

/** Pure: each answer narrows the range; one that contradicts it (a clock was set) begins anew. */
export function narrowOffset(known: OffsetRange | null, { serverMs, sentMs, receivedMs }: ServerTime): OffsetRange {
  const seen = { minMs: serverMs - receivedMs, maxMs: serverMs + SECOND_MS - sentMs };
  if (!known) return seen;
  const both = { minMs: Math.max(known.minMs, seen.minMs), maxMs: Math.min(known.maxMs, seen.maxMs) };
  return both.minMs <= both.maxMs ? both : seen;
}

/** What to add to the own clock. Clocks that may agree are taken to agree, so that nothing flickers. */
export function offsetOf(range: OffsetRange | null): number {
  if (!range || (range.minMs <= 0 && range.maxMs >= 0)) return 0;
  return Math.round((range.minMs + range.maxMs) / 2);
}

export type ServerClock = ReturnType<typeof createServerClock>;

export function createServerClock() {
  const listeners = new Set<() => void>();
  let range: OffsetRange | null = null;
  let offsetMs = 0;
  return {
    observe(time: ServerTime): void {
      range = narrowOffset(range, time);
      const next = offsetOf(range);
      if (next === offsetMs) return;
      offsetMs = next;
      for (const listener of listeners) listener();
    },
    offsetMs: () => offsetMs,
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
