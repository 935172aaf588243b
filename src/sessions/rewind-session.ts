// Use case: a session goes back to just before an earlier message. The log only grows: an entry says what was taken back.
import type { Session } from "../contract/sessions.ts";
import { afterCommit, type DatabaseTransaction } from "../db/database.ts";
import { appendEvents } from "../db/events.ts";
import { listQueued } from "../db/rewinds.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import { placeOfMessage } from "./earlier-message.ts";
import { askToSetBack, filesAwaited, filesThen, toFilesThen, waitsForSource } from "./files-then.ts";
import type { LogGrowth } from "./send-events.ts";
import { getSession, toSession } from "./sessions.ts";

export type RewindSession = ReturnType<typeof createRewindSession>;

/** `onLogGrew`, and then `onFilesWanted`, are called once the rewind is committed. */
export function createRewindSession({
  clock,
  onLogGrew,
  onFilesWanted,
}: {
  clock: Clock;
  onLogGrew: (growth: LogGrowth) => void;
  onFilesWanted: (sessionId: string) => void;
}) {
  return async function rewindSession(
    tx: DatabaseTransaction,
    teamId: string,
    { sessionId, eventId }: { sessionId: string; eventId: string },
  ): Promise<Session> {
    const session = await getSession(tx, { teamId, sessionId, forUpdate: true });
    if (session.archivedAt)
      throw new PlatformError("invalid_request", `Session ${sessionId} is archived and cannot be rewound.`);
    if (session.status === "terminated")
      throw new PlatformError("invalid_request", `Session ${sessionId} has ended. Fork it at the message instead.`);
    if (await waitsForSource(tx, { sessionId })) throw filesAwaited(sessionId, "rewound");
    const toSeq = await placeOfMessage(tx, { sessionId, eventId });
    const queued = await listQueued(tx, { sessionId });
    if (session.status !== "idle" || session.leased || session.workWaits || queued.length > 0)
      throw new PlatformError(
        "conflict",
        `Session ${sessionId} is running and cannot be rewound: send user.interrupt, or withdraw what is queued, and wait for session.status_idle.`,
      );
    const then = await filesThen(tx, { sessionId, beforeSeq: toSeq });
    const processedAt = new Date(clock.now());
    const rewound = {
      id: newId("event", clock.now()),
      type: "session.rewound",
      payload: { event_id: eventId, files: toFilesThen(then) },
      private: { to_seq: toSeq },
      processedAt,
    };
    const idle = {
      id: newId("event", clock.now()),
      type: "session.status_idle",
      payload: { stop_reason: { type: "end_turn" }, stop_details: null },
      processedAt,
    };
    const events = [rewound, idle];
    const changes = { status: "idle" as const, stopReason: { type: "end_turn" }, retryAttempt: 0, wakeAt: null };
    const lastSeq = await appendEvents(tx, { sessionId, events, changes });
    if (lastSeq === null) throw new PlatformError("not_found", `Session ${sessionId} is gone.`);
    await askToSetBack(tx, then, { teamId, sessionId, seq: lastSeq - 1, nowMs: clock.now() });
    afterCommit(tx, () => onLogGrew({ sessionId, lastSeq, added: events }));
    afterCommit(tx, () => onFilesWanted(sessionId));
    return toSession(await getSession(tx, { teamId, sessionId }), clock.now());
  };
}
