// A session's sandbox during one turn: made or woken at the first tool call, found again when it ends meanwhile.
import { type Database, inTransaction, isForeignKeyViolation, leaseLost } from "../db/database.ts";
import { appendEvents, type Fence } from "../db/events.ts";
import { persistently } from "../db/persistently.ts";
import { findSandbox, recordSandbox, touchSandbox } from "../db/sandboxes.ts";
import { endRestore } from "../db/snapshots.ts";
import type { LogWakeup } from "../db/wakeups.ts";
import { abortable } from "../lib/abortable.ts";
import type { Clock } from "../lib/clock.ts";
import { hasCode, messageOf, PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import type { Logger } from "../lib/logger.ts";
import type {
  Operation,
  OperationResult,
  OutputChunk,
  Sandbox,
  SandboxBackend,
  SandboxSpec,
} from "../sandboxes/sandbox.ts";
import type { Receipt } from "../snapshots/restore-snapshot.ts";
import { lossNotice, toRestoredPayload } from "./restored-files.ts";
import { ruleOfOpened } from "./sandbox-states.ts";
import type { SessionSnapshots } from "./session-snapshots.ts";

type Call = {
  id: string;
  operation: Operation;
  /** A worker before this one may have begun it. */
  maybeStarted: boolean;
  signal: AbortSignal;
  /** See `Sandbox.runOperation`. */
  onOutput?: (chunk: OutputChunk) => void;
};

export type SessionSandbox = {
  /**
   * Runs an operation at most once, also across workers and lives of the sandbox. Throws `sandbox_unavailable` when
   * there is no sandbox to be had.
   */
  run(call: Call): Promise<OperationResult>;
  cancel(id: string): Promise<void>;
  /** Begins to make or wake it, since a call is about to come. Whether that works, the call finds out. */
  prepare(): void;
  /** Once, after the disk was found to be another one than before: what the model is told of it. */
  takeLossNotice(): string | null;
  /** Writes down that it was used. */
  touch(): Promise<void>;
};

export function createSessionSandbox(options: {
  db: Database;
  backend: SandboxBackend;
  spec: SandboxSpec;
  sessionId: string;
  teamId: () => string;
  fence: Fence;
  snapshots: SessionSnapshots;
  onLogGrew: (wakeup: LogWakeup) => void;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}): SessionSandbox {
  const { db, backend, spec, sessionId, clock, logger, signal } = options;
  const name = sessionId;
  let opening: Promise<Sandbox> | null = null;
  let opened: Sandbox | null = null;
  /** Settles when the sandbox that was left last has ended. */
  let ending: Promise<void> = Promise.resolve();
  /** The one before did not answer any more. */
  let left = false;
  let notice: string | null = null;
  /** The disk this turn found is not the one that earlier turns worked on. */
  let diskReplaced = false;

  async function open(): Promise<Sandbox> {
    await ending;
    const begunAt = clock.now();
    const sandbox = await backend.create(name, spec);
    const { identity } = sandbox;
    let previous: string | null;
    const start = { startMs: clock.now() - begunAt, restarted: left };
    const receipt = await restoreIfLost(sandbox);
    try {
      const row = { sessionId, teamId: options.teamId(), name, backend: backend.id, identity, ...start };
      previous = await persistently(() => record(row, receipt), { clock, signal, logger });
    } catch (error) {
      if (!isForeignKeyViolation(error)) throw error;
      // The session was deleted while its sandbox was being made.
      await backend.destroy(name);
      throw leaseLost(sessionId);
    }
    if (previous !== null && previous !== identity) {
      logger.warn(
        { sessionId, sandboxId: name, previous, identity },
        "the sandbox's disk was lost, a new one was made",
      );
      notice = lossNotice(receipt);
      diskReplaced = true;
    }
    opened = sandbox;
    left = false;
    return sandbox;
  }

  /** Before the disk is taken for the session's own: whoever comes after a crash finds the loss again, and begins anew. */
  async function restoreIfLost(sandbox: Sandbox): Promise<Receipt | null> {
    const teamId = options.teamId();
    const known = await findSandbox(db, { teamId, sessionId });
    if (ruleOfOpened(known, sandbox).turn !== "restore") return null;
    try {
      return await options.snapshots.restoreLost({ teamId, sessionId, sandbox, signal });
    } catch (error) {
      if (signal.aborted || hasCode(error, "sandbox_gone") || isForeignKeyViolation(error)) throw error;
      logger.error({ err: error, sessionId }, "the files of a lost disk could not be brought back yet");
      // Going on with an empty disk would be as if they had never been.
      const why = error instanceof PlatformError ? error.message : `${messageOf(error)}.`;
      throw new PlatformError(
        "sandbox_unavailable",
        `the files of this session were lost with their disk and can't be brought back from their snapshot right now: ${why}`,
        { cause: error },
      );
    }
  }

  /** The disk is the session's from here on, and the log says what came back, or neither. */
  async function record(row: Parameters<typeof recordSandbox>[1], receipt: Receipt | null): Promise<string | null> {
    if (!receipt) return recordSandbox(db, row);
    const now = clock.now();
    const event = { id: newId("event", now), type: "session.restored", payload: toRestoredPayload(receipt) };
    let lastSeq: number | null = null;
    const previous = await inTransaction(db, async (tx) => {
      lastSeq = await appendEvents(tx, {
        ...{ sessionId, fence: options.fence },
        events: [{ ...event, processedAt: new Date(now) }],
      });
      const before = await recordSandbox(tx, row);
      await endRestore(tx, { sessionId, snapshotId: receipt.snapshotId, receipt });
      return before;
    });
    if (lastSeq !== null) options.onLogGrew({ sessionId, lastSeq });
    return previous;
  }

  /** Ends a sandbox that is lost to us in whatever way, so that the next call wakes its disk. */
  function leave(sandbox: Sandbox): void {
    // Another call has left it already.
    if (opened !== sandbox) return;
    opened = null;
    opening = null;
    left = true;
    ending = sandbox.end().catch((error: unknown) => {
      logger.warn({ err: error, sessionId }, "a sandbox that does not answer could not be ended");
    });
  }

  function current(): Promise<Sandbox> {
    opening ??= open().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  }

  return {
    async run({ id, operation, maybeStarted, signal: callSignal, onOutput }) {
      const following = { signal: callSignal, ...(onOutput ? { onOutput } : {}) };
      let begun = maybeStarted;
      let identity: string | null = null;
      for (let life = 1; life <= MAX_LIVES; life++) {
        let sandbox: Sandbox;
        try {
          sandbox = await abortable(current(), callSignal);
        } catch (error) {
          if (!begun || callSignal.aborted || hasCode(error, "lease_lost")) throw error;
          logger.error({ err: error, sessionId, operationId: id }, "the sandbox of a call that began can't be woken");
          return LOST;
        }
        // The journal lies on the disk: on another disk the same id would run a second time.
        identity ??= sandbox.identity;
        if (sandbox.identity !== identity || (maybeStarted && diskReplaced)) return LOST;
        begun = true;
        try {
          return await sandbox.runOperation(id, operation, following);
        } catch (error) {
          if (callSignal.aborted || !hasCode(error, "sandbox_gone")) throw error;
          logger.warn({ err: error, sessionId, operationId: id }, "the sandbox was lost during a call");
          leave(sandbox);
        }
      }
      return LOST;
    },
    async cancel(id) {
      const sandbox = opened;
      if (!sandbox) return;
      try {
        await sandbox.cancelOperation(id);
      } catch (error) {
        leave(sandbox);
        throw error;
      }
    },
    prepare() {
      current().catch((error: unknown) => {
        logger.debug({ err: error, sessionId }, "the sandbox could not be made ready ahead of a call");
      });
    },
    takeLossNotice() {
      const told = notice;
      notice = null;
      return told;
    },
    async touch() {
      if (opened) await touchSandbox(db, { sessionId });
    },
  };
}

/** Lives of the sandbox that one call may see: it began in one, and its end is asked of another. */
const MAX_LIVES = 3;
const LOST: OperationResult = { outcome: "unknown", content: "", durationMs: 0 };
