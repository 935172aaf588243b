// An earlier message of a session, as a place to go back to.
import type { Database } from "../db/database.ts";
import { findEvent } from "../db/events.ts";
import { listRewinds } from "../db/rewinds.ts";
import { PlatformError } from "../lib/errors.ts";

/**
 * Where a message entered the conversation; what comes from there on is left behind. Throws `not_found` for events that
 * are unknown, foreign, or were taken back already; `invalid_request` for anything but a message that the agent has read.
 */
export async function placeOfMessage(db: Database, input: { sessionId: string; eventId: string }): Promise<number> {
  const { sessionId, eventId } = input;
  const unknown = new PlatformError("not_found", `Session ${sessionId} has no message ${eventId}.`);
  const found = await findEvent(db, input);
  if (!found) throw unknown;
  if (found.type !== "user.message")
    throw new PlatformError(
      "invalid_request",
      `event_id: ${eventId} is a ${found.type}; only a user.message is a place to go back to.`,
    );
  if (!found.echo || found.payload.withdrawn === true)
    throw new PlatformError("invalid_request", `event_id: the agent has not read message ${eventId}.`);
  const rewinds = await listRewinds(db, { sessionId });
  if (rewinds.some(({ seq, toSeq }) => found.seq >= toSeq && found.seq < seq)) throw unknown;
  return found.seq;
}
