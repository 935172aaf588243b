// Use case: a message that still waits in the queue is taken back. Its second entry in the log says so, and the agent never sees it.
import { toWireEvent } from "../contract/events.ts";
import { afterCommit, type DatabaseTransaction } from "../db/database.ts";
import { appendEvents, findEvent, markProcessed } from "../db/events.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import type { LogGrowth } from "./send-events.ts";
import { getSession } from "./sessions.ts";

export type WithdrawMessage = ReturnType<typeof createWithdrawMessage>;

/** A second withdrawal answers as the first did. `onLogGrew` is called once the entry is committed. */
export function createWithdrawMessage({ clock, onLogGrew }: { clock: Clock; onLogGrew: (growth: LogGrowth) => void }) {
  return async function withdrawMessage(
    tx: DatabaseTransaction,
    teamId: string,
    { sessionId, eventId }: { sessionId: string; eventId: string },
  ): Promise<Record<string, unknown>> {
    // The row lock keeps the worker's append away: either the message is in the conversation by now, or it never will be.
    await getSession(tx, { teamId, sessionId, forUpdate: true });
    const found = await findEvent(tx, { sessionId, eventId });
    if (!found) throw new PlatformError("not_found", `Session ${sessionId} has no event ${eventId}.`);
    if (found.type !== "user.message")
      throw new PlatformError(
        "invalid_request",
        `Event ${eventId} is a ${found.type}; only a user.message can be withdrawn.`,
      );
    if (found.payload.withdrawn === true) return toWireEvent(found);
    if (found.echo)
      throw new PlatformError(
        "conflict",
        `The agent has read message ${eventId} already, so it cannot be withdrawn. A user.interrupt stops what the agent does.`,
      );
    const processedAt = new Date(clock.now());
    const payload = { ...found.payload, withdrawn: true };
    const echo = { id: eventId, type: found.type, payload, processedAt, echo: true };
    const lastSeq = await appendEvents(tx, { sessionId, events: [echo] });
    if (lastSeq === null) throw new PlatformError("not_found", `Session ${sessionId} is gone.`);
    await markProcessed(tx, { sessionId, eventIds: [eventId], at: processedAt });
    afterCommit(tx, () => onLogGrew({ sessionId, lastSeq, added: [echo] }));
    return toWireEvent(echo);
  };
}
