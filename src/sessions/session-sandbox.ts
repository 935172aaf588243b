// A session's sandbox during one turn: made or woken at the first tool call, found again when it ends meanwhile.
import type { Database } from "../db/database.ts";
import type { Fence } from "../db/events.ts";
import { touchSandbox } from "../db/sandboxes.ts";
import type { LogWakeup } from "../db/wakeups.ts";
import { abortable } from "../lib/abortable.ts";
import type { Clock } from "../lib/clock.ts";
import { hasCode } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type {
  Operation,
  OperationResult,
  OutputChunk,
  Sandbox,
  SandboxBackend,
  SandboxSpec,
} from "../sandboxes/sandbox.ts";
import { openSandbox } from "./open-sandbox.ts";
import { restoredNotice } from "./restored-files.ts";
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
   * there is no sandbox to be had, and `packages_failed` when its environment's packages can't be installed.
   */
  run(call: Call): Promise<OperationResult>;
  cancel(id: string): Promise<void>;
  /**
   * Begins to make or wake it, since a call is about to come. Whether that works, the call finds out. `turnFrom`: where the turn
   * began, if this is its first call: what earlier ones changed is kept as it was there, so that the session can go back to it.
   */
  prepare(options: { turnFrom: number | null }): void;
  /** Once: what the model is told of a disk that is another one than before, and of repositories that are not there. */
  takeNotice(): string | null;
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
  const { db, sessionId, logger, signal } = options;
  let opening: Promise<Sandbox> | null = null;
  let opened: Sandbox | null = null;
  /** Settles when the sandbox that was left last has ended. */
  let ending: Promise<void> = Promise.resolve();
  /** The one before did not answer any more. */
  let left = false;
  let notice: string | null = null;
  /** The disk this turn found is not the one that earlier turns worked on. */
  let diskReplaced = false;
  /** Its files may not be those of its last snapshot. */
  let changed = false;
  /** Settles when the files are kept as they were before this turn, or that was given up. */
  let keeping: Promise<void> = Promise.resolve();

  async function open(): Promise<Sandbox> {
    await ending;
    const about = { sessionId, teamId: options.teamId(), fence: options.fence, restarted: left, signal };
    const found = await openSandbox(options, about);
    const told = [...(found.restored ? [restoredNotice(found.restored)] : []), ...found.notices];
    if (told.length > 0) notice = told.join("\n");
    if (found.replaced) diskReplaced = true;
    changed = found.changed;
    opened = found.sandbox;
    left = false;
    return found.sandbox;
  }

  /** While the model writes its first call. What it is not through with when that call begins is given up. */
  async function keepEarlier(sandbox: Sandbox, seq: number): Promise<void> {
    if (!changed || diskReplaced) return;
    changed = false;
    try {
      const enough = AbortSignal.any([signal, AbortSignal.timeout(KEEP_MS)]);
      const about = { sessionId, sandbox, seq, fence: options.fence, signal: enough };
      await options.snapshots.take({ ...about, reason: "turn", inUse: true });
    } catch (error) {
      logger.debug({ err: error, sessionId }, "files were not kept as they were before this turn");
    }
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
        await abortable(keeping, callSignal);
        changed = true;
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
    prepare({ turnFrom }) {
      const kept = current()
        .then((sandbox) => (turnFrom === null ? undefined : keepEarlier(sandbox, turnFrom - 1)))
        .catch((error: unknown) => {
          logger.debug({ err: error, sessionId }, "the sandbox could not be made ready ahead of a call");
        });
      const before = keeping;
      keeping = before.then(() => kept);
    },
    takeNotice() {
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
/** A first call waits no longer for a snapshot. */
const KEEP_MS = 1_000;
const LOST: OperationResult = { outcome: "unknown", content: "", durationMs: 0 };
