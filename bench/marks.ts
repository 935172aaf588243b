// Marks in the text of an event: which round it belongs to and when it was sent, readable without parsing the frame.
import { monotonicMs } from "./child.ts";

export const MARK = "bench-mark:";

/** `bench-mark:<round>:<sent, monotonic ms>:` */
export function markNow(round: number): string {
  return `${MARK}${round}:${monotonicMs().toFixed(3)}:`;
}

export type SubscribersOptions = { url: string; headers: Record<string, string>; count: number };
export type Round = { round: number; deliveries: number };
/** `lastMs` is on the monotonic clock; latencies are from sending the event to reading it. */
export type RoundDone = Round & { lastMs: number; p50Ms: number; p99Ms: number };
