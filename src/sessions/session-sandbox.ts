// A session's sandbox during one turn: made or woken at the first tool call, found again when it ends meanwhile.
import { type Database, isForeignKeyViolation, leaseLost } from "../db/database.ts";
import { persistently } from "../db/persistently.ts";
import { recordSandbox, touchSandbox } from "../db/sandboxes.ts";
import { abortable } from "../lib/abortable.ts";
import type { Clock } from "../lib/clock.ts";
import { hasCode } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { Operation, OperationResult, Sandbox, SandboxBackend, SandboxSpec } from "../sandboxes/sandbox.ts";

export type SessionSandbox = {
  /**
   * Runs an operation at most once, also across workers and lives of the sandbox. `maybeStarted`: a worker before this
   * one may have begun it. Throws `sandbox_unavailable` when there is no sandbox to be had.
   */
  run(call: { id: string; operation: Operation; maybeStarted: boolean; signal: AbortSignal }): Promise<OperationResult>;
  cancel(id: string): Promise<void>;
  /** True once, after the disk was found to be another one than before. */
  takeLossNotice(): boolean;
  /** Writes down that it was used. */
  touch(): Promise<void>;
};

export function createSessionSandbox(options: {
  db: Database;
  backend: SandboxBackend;
  spec: SandboxSpec;
  sessionId: string;
  teamId: () => string;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}): SessionSandbox {
  const { db, backend, spec, sessionId, clock, logger, signal } = options;
  const name = sessionId;
  let opening: Promise<Sandbox> | null = null;
  let opened: Sandbox | null = null;
  let lossNotice = false;
  /** The disk this turn found is not the one that earlier turns worked on. */
  let diskReplaced = false;

  async function open(): Promise<Sandbox> {
    const sandbox = await backend.create(name, spec);
    const { identity } = sandbox;
    let previous: string | null;
    try {
      const row = { sessionId, teamId: options.teamId(), name, backend: backend.id, identity };
      previous = await persistently(() => recordSandbox(db, row), { clock, signal, logger });
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
      lossNotice = true;
      diskReplaced = true;
    }
    opened = sandbox;
    return sandbox;
  }

  function current(): Promise<Sandbox> {
    opening ??= open().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  }

  return {
    async run({ id, operation, maybeStarted, signal: callSignal }) {
      let sandbox = await abortable(current(), callSignal);
      if (maybeStarted && diskReplaced) return LOST;
      try {
        return await sandbox.runOperation(id, operation, { signal: callSignal });
      } catch (error) {
        if (!hasCode(error, "sandbox_gone")) throw error;
        const { identity } = sandbox;
        if (opened === sandbox) {
          opened = null;
          opening = null;
        }
        sandbox = await abortable(current(), callSignal);
        // The journal lies on the disk: on another disk the same id would run a second time.
        if (sandbox.identity !== identity) return LOST;
        return await sandbox.runOperation(id, operation, { signal: callSignal });
      }
    },
    async cancel(id) {
      await opened?.cancelOperation(id);
    },
    takeLossNotice() {
      const notice = lossNotice;
      lossNotice = false;
      return notice;
    },
    async touch() {
      if (opened) await touchSandbox(db, { sessionId });
    },
  };
}

const LOST: OperationResult = { outcome: "unknown", content: "", durationMs: 0 };
