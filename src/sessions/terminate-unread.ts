// Ends a session without reading its log, as its workers die of that.
import type { Database } from "../db/database.ts";
import { appendEvents, type NewEvent } from "../db/events.ts";
import type { Claim } from "../db/leases.ts";
import { newId } from "../lib/ids.ts";
import { failedAlone } from "./next-step.ts";

/** The error that is told, and the end. */
export function terminationEvents(message: string, now: number): NewEvent[] {
  const error = { type: "unknown_error", message, retry_status: { type: "terminal" } };
  const event = (type: string, payload: Record<string, unknown>): NewEvent => ({
    id: newId("event", now),
    type,
    payload,
    processedAt: new Date(now),
  });
  return [event("session.error", { error }), event("session.status_terminated", {})];
}

/** Calls and requests that are open stay so. Returns the seq of the last event. Throws `lease_lost`. */
export function terminateUnread(
  db: Database,
  input: { claim: Claim; times: number; now: number },
): Promise<number | null> {
  const { sessionId, fence } = input.claim;
  const events = terminationEvents(failedAlone(input.times), input.now);
  const changes = { status: "terminated", wakeAt: null, releaseLease: true } as const;
  return appendEvents(db, { sessionId, fence, events, changes });
}
