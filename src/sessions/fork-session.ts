// Use case: a new session that begins as a copy of another one, up to an earlier message or up to now.
import type { Session } from "../contract/sessions.ts";
import { afterCommit, type DatabaseTransaction } from "../db/database.ts";
import { appendEvents, markProcessed } from "../db/events.ts";
import { copyLog, listQueued, noteFork } from "../db/rewinds.ts";
import { insertSession } from "../db/sessions.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import { copyResources } from "./attach-resources.ts";
import { placeOfMessage } from "./earlier-message.ts";
import { askToCopy, filesAwaited, filesThen, shareSnapshots, toFilesThen, waitsForSource } from "./files-then.ts";
import type { LogGrowth } from "./send-events.ts";
import { getSession, toSession } from "./sessions.ts";

/** A log is copied in one transaction. */
export const MAX_FORKED_ENTRIES = 100_000;

export type ForkSession = ReturnType<typeof createForkSession>;

/**
 * With `eventId`, also while the source runs: what came before a message does not change any more. Without, the source must
 * rest. `onLogGrew`, and then `onFilesWanted`, are called once the fork is committed.
 */
export function createForkSession({
  clock,
  onLogGrew,
  onFilesWanted,
}: {
  clock: Clock;
  onLogGrew: (growth: LogGrowth) => void;
  onFilesWanted: (sessionId: string) => void;
}) {
  return async function forkSession(
    tx: DatabaseTransaction,
    teamId: string,
    input: { sessionId: string; eventId?: string | undefined; title?: string | null | undefined },
  ): Promise<Session> {
    const { eventId } = input;
    // The end of a log has to stand still while it is copied; what came before a message does.
    const source = await getSession(tx, { teamId, sessionId: input.sessionId, forUpdate: eventId === undefined });
    const busy = source.status === "running" || source.status === "rescheduling" || source.leased || source.workWaits;
    const waits = source.stopReason?.type === "requires_action";
    if (eventId === undefined && (busy || waits))
      throw new PlatformError(
        "conflict",
        `Session ${source.id} ${waits ? "waits for answers" : "is running"}: wait for session.status_idle with end_turn, or name the message to fork at as event_id.`,
      );
    const beforeSeq =
      eventId === undefined ? source.lastSeq + 1 : await placeOfMessage(tx, { sessionId: source.id, eventId });
    if (beforeSeq > MAX_FORKED_ENTRIES)
      throw new PlatformError(
        "invalid_request",
        `event_id: ${beforeSeq - 1} entries of the log come before it; a fork copies at most ${MAX_FORKED_ENTRIES}.`,
      );
    if (await waitsForSource(tx, { sessionId: source.id })) throw filesAwaited(source.id, "forked");
    const then = await filesThen(tx, { sessionId: source.id, beforeSeq, now: eventId === undefined });
    const sessionId = newId("session", clock.now());
    await insertSession(tx, {
      id: sessionId,
      teamId,
      agent: source.agent,
      environmentId: source.environmentId,
      title: input.title === undefined ? source.title : input.title || null,
      metadata: source.metadata,
      vaultIds: source.vaultIds,
      budget: source.budget,
      now: new Date(clock.now()),
    });
    await copyResources(tx, { teamId, fromSessionId: source.id, toSessionId: sessionId, clock });
    const from = { session_id: source.id, event_id: eventId ?? null };
    await noteFork(tx, { sessionId, from });
    await copyLog(tx, { fromSessionId: source.id, toSessionId: sessionId, beforeSeq });
    const processedAt = new Date(clock.now());
    // What waited there, or entered the conversation only later, was not said here.
    const queued = await listQueued(tx, { sessionId });
    const withdrawn = queued.map(({ id, type, payload }) => {
      return { id, type, payload: { ...payload, withdrawn: true }, processedAt, echo: true };
    });
    const given = await shareSnapshots(tx, then, { sourceId: source.id, sessionId, beforeSeq, nowMs: clock.now() });
    const payload = { ...from, files: toFilesThen(given) };
    const forked = { id: newId("event", clock.now()), type: "session.forked", payload, processedAt };
    const idle = {
      id: newId("event", clock.now()),
      type: "session.status_idle",
      payload: { stop_reason: { type: "end_turn" }, stop_details: null },
      processedAt,
    };
    const events = [...withdrawn, forked, idle];
    const changes = { status: "idle" as const, stopReason: { type: "end_turn" } };
    const lastSeq = await appendEvents(tx, { sessionId, events, changes });
    await askToCopy(tx, given, { teamId, sessionId, sourceId: source.id, seq: lastSeq ?? 0, nowMs: clock.now() });
    await markProcessed(tx, { sessionId, eventIds: queued.map(({ id }) => id), at: processedAt });
    afterCommit(tx, () => onLogGrew({ sessionId, lastSeq: lastSeq ?? 0, added: events }));
    afterCommit(tx, () => onFilesWanted(sessionId));
    return toSession(await getSession(tx, { teamId, sessionId }), clock.now());
  };
}
