// Use case: a turn that was given up after failures of the model is tried again, from where it stopped, without a new message.
import type { Session } from "../contract/sessions.ts";
import { afterCommit, type DatabaseTransaction } from "../db/database.ts";
import { appendEvents } from "../db/events.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import type { LogGrowth } from "./send-events.ts";
import { getSession, toSession } from "./sessions.ts";

export type RetryTurn = ReturnType<typeof createRetryTurn>;

/** `onLogGrew` is called once the retry is committed. */
export function createRetryTurn({ clock, onLogGrew }: { clock: Clock; onLogGrew: (growth: LogGrowth) => void }) {
  return async function retryTurn(tx: DatabaseTransaction, teamId: string, sessionId: string): Promise<Session> {
    const session = await getSession(tx, { teamId, sessionId, forUpdate: true });
    if (session.archivedAt)
      throw new PlatformError("invalid_request", `Session ${sessionId} is archived: nothing can be tried again in it.`);
    if (session.status !== "idle" || session.stopReason?.type !== "retries_exhausted")
      throw new PlatformError(
        "conflict",
        `The last turn of session ${sessionId} was not given up, so there is nothing to try again. Send a message to go on.`,
      );
    const event = {
      id: newId("event", clock.now()),
      type: "session.status_rescheduled",
      payload: { reason: "retry_requested" },
      processedAt: new Date(clock.now()),
    };
    const changes = { status: "rescheduling" as const, stopReason: null, wakeAt: "now" as const, retryAttempt: 0 };
    const lastSeq = await appendEvents(tx, { sessionId, events: [event], changes });
    if (lastSeq === null) throw new PlatformError("not_found", `Session ${sessionId} is gone.`);
    afterCommit(tx, () => onLogGrew({ sessionId, lastSeq, added: [event] }));
    return toSession(await getSession(tx, { teamId, sessionId }), clock.now());
  };
}
