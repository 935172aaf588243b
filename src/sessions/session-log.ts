// A session's log as the worker that holds it sees it: folded up to date, and written to under the lease, each entry once.
import { type Database, inTransaction, isUniqueViolation, leaseLost } from "../db/database.ts";
import { appendEvents, type Fence, markProcessed, type NewEvent, readLog, type SessionChanges } from "../db/events.ts";
import { persistently } from "../db/persistently.ts";
import { lockAndLookFor } from "../db/turn-facts.ts";
import type { LogWakeup } from "../db/wakeups.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import { type Conversation, emptyConversation, foldEvents } from "./conversation.ts";

const PAGE = 1_000;

export type Write = {
  events: NewEvent[];
  changes?: SessionChanges;
  /** User events whose echoes are among `events`. */
  processed?: readonly string[];
};

export type SessionLog = {
  readonly conversation: Conversation;
  /** Folds in what others have written. */
  catchUp(): Promise<void>;
  /** Appends, whatever has been written meanwhile. Throws `lease_lost`. */
  write(write: Write): Promise<void>;
  /** Appends only if the log still ends at `ifLastSeq`. False: it does not, or the lease is lost; catch up and decide anew. */
  writeIfLast(ifLastSeq: number, write: Write): Promise<boolean>;
};

/**
 * While Postgres is away, calls wait for it until `signal` is aborted. A write whose answer was lost is looked up
 * before it is made again: the ids of its events are the proof.
 */
export function createSessionLog(options: {
  db: Database;
  sessionId: string;
  fence: Fence;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  onLogGrew: (wakeup: LogWakeup) => void;
}): SessionLog {
  const { db, sessionId, fence, clock, logger, signal } = options;
  const conversation = emptyConversation();
  let last: Promise<unknown> = Promise.resolve();

  /** One at a time, so that the fold sees the log in order. */
  function serially<T>(work: () => Promise<T>): Promise<T> {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  }

  const waitForDatabase = <T>(work: (attempt: number) => Promise<T>) =>
    persistently(work, {
      clock,
      signal,
      logger,
      // A first attempt that was cut may commit while the second one runs.
      mayPass: (error, attempt) => attempt > 0 && isUniqueViolation(error),
    });

  async function readOn(): Promise<void> {
    for (;;) {
      const page = await waitForDatabase(() => readLog(db, { sessionId, after: conversation.lastSeq, limit: PAGE }));
      foldEvents(conversation, page);
      if (page.length < PAGE) return;
    }
  }

  async function append(write: Write, ifLastSeq: number | undefined): Promise<number | null> {
    const { events, changes, processed = [] } = write;
    const input = {
      sessionId,
      fence,
      events,
      ...(changes ? { changes } : {}),
      ...(ifLastSeq === undefined ? {} : { ifLastSeq }),
    };
    if (processed.length === 0) return appendEvents(db, input);
    return inTransaction(db, async (tx) => {
      const lastSeq = await appendEvents(tx, input);
      if (lastSeq !== null) await markProcessed(tx, { sessionId, eventIds: processed, at: new Date(clock.now()) });
      return lastSeq;
    });
  }

  /** After a failure nobody knows whether the write is in: look under the row's lock, which also waits for a commit under way. */
  async function appendUnlessPresent(write: Write, ifLastSeq: number | undefined): Promise<number | null | "present"> {
    const first = write.events[0];
    if (!first) throw new Error("a write has at least one event");
    return inTransaction(db, async (tx) => {
      const found = await lockAndLookFor(tx, { sessionId, fence, eventId: first.id, echo: first.echo ?? false });
      if (found.present) return "present";
      if (!found.held) throw leaseLost(sessionId);
      const { events, changes, processed = [] } = write;
      const lastSeq = await appendEvents(tx, {
        sessionId,
        fence,
        events,
        ...(changes ? { changes } : {}),
        ...(ifLastSeq === undefined ? {} : { ifLastSeq }),
      });
      if (lastSeq !== null) await markProcessed(tx, { sessionId, eventIds: processed, at: new Date(clock.now()) });
      return lastSeq;
    });
  }

  async function writeOnce(write: Write, ifLastSeq: number | undefined): Promise<boolean> {
    const outcome = await waitForDatabase((attempt) =>
      attempt === 0 ? append(write, ifLastSeq) : appendUnlessPresent(write, ifLastSeq),
    );
    if (outcome === null) return false;
    if (outcome === "present") {
      await readOn();
      options.onLogGrew({ sessionId, lastSeq: conversation.lastSeq });
      return true;
    }
    options.onLogGrew({ sessionId, lastSeq: outcome });
    const before = outcome - write.events.length;
    if (before !== conversation.lastSeq) await readOn();
    else {
      const now = new Date(clock.now());
      foldEvents(
        conversation,
        write.events.map((event, index) => ({
          ...event,
          seq: before + index + 1,
          private: event.private ?? null,
          echo: event.echo ?? false,
          createdAt: now,
        })),
      );
    }
    return true;
  }

  return {
    conversation,
    catchUp: () => serially(readOn),
    write: (write) => serially(async () => void (await writeOnce(write, undefined))),
    writeIfLast: (ifLastSeq, write) => serially(() => writeOnce(write, ifLastSeq)),
  };
}
