// Makes or wakes a session's sandbox, and brings its files to what they are to be before anybody uses it.
import { type Database, inTransaction, isForeignKeyViolation, leaseLost } from "../db/database.ts";
import { appendEvents, type Fence } from "../db/events.ts";
import { persistently } from "../db/persistently.ts";
import { endRestore, hasWaitingForks, noteLateForks } from "../db/restores.ts";
import { findSandbox, recordSandbox } from "../db/sandboxes.ts";
import type { LogWakeup } from "../db/wakeups.ts";
import type { Clock } from "../lib/clock.ts";
import { hasCode, messageOf, PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import type { Logger } from "../lib/logger.ts";
import type { Sandbox, SandboxBackend, SandboxSpec } from "../sandboxes/sandbox.ts";
import type { BroughtBack } from "./bring-back-files.ts";
import { aimFork } from "./fork-files.ts";
import { NOTHING_CAME_BACK, type RestoredPayload, toRestoredPayload } from "./restored-files.ts";
import { sandboxSpecOf } from "./sandbox-spec.ts";
import type { SessionSnapshots } from "./session-snapshots.ts";

export type OpenSandboxDeps = {
  db: Database;
  backend: SandboxBackend;
  spec: SandboxSpec;
  snapshots: SessionSnapshots;
  onLogGrew: (wakeup: LogWakeup) => void;
  clock: Clock;
  logger: Logger;
};

export type OpenSandboxInput = {
  sessionId: string;
  teamId: string;
  /** Of whoever holds the session. */
  fence: Fence;
  /** The one before did not answer any more. */
  restarted: boolean;
  signal: AbortSignal;
};

/**
 * `replaced`: its disk is not the one that earlier turns worked on; what came back then is in `restored`. `changed`: its files
 * may not be those of its last snapshot.
 */
export type OpenedSandbox = { sandbox: Sandbox; replaced: boolean; restored: RestoredPayload | null; changed: boolean };

/** How often a fork asks whether its source is through. */
const SOURCE_MS = 200;

/** Throws `sandbox_unavailable` when there is none to be had, or its files can't be brought back now; `lease_lost` for a deleted session. */
export async function openSandbox(deps: OpenSandboxDeps, input: OpenSandboxInput): Promise<OpenedSandbox> {
  const { db, backend, clock, logger } = deps;
  const { sessionId, teamId, fence, signal } = input;
  const about = { teamId, sessionId, signal };
  await explained(() => untilAimed({ ...deps, workerId: fence.owner }, about), deps, input);
  const begunAt = clock.now();
  const sandbox = await backend.create(sessionId, await sandboxSpecOf(db, sessionId, deps.spec));
  const { identity } = sandbox;
  const start = { startMs: clock.now() - begunAt, restarted: input.restarted };
  const known = await findSandbox(db, about);
  const bringBack = { ...about, fence, sandbox, known };
  const brought = await explained(() => deps.snapshots.bringBack(bringBack), deps, input);
  const lost = !brought && known !== null && known.identity !== identity;
  const restored = brought ? toRestoredPayload(brought) : lost ? NOTHING_CAME_BACK : null;
  let previous: string | null;
  try {
    const row = { sessionId, teamId, name: sessionId, backend: backend.id, identity, ...start };
    previous = await persistently(() => record(deps, input, { row, brought, restored }), { clock, signal, logger });
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    // The session was deleted while its sandbox was being made.
    await backend.destroy(sessionId);
    throw leaseLost(sessionId);
  }
  const replaced = previous !== null && previous !== identity;
  if (replaced)
    logger.warn(
      { sessionId, sandboxId: sessionId, previous, identity },
      "the sandbox's disk was lost, a new one was made",
    );
  if (await hasWaitingForks(db, { sessionId })) {
    // What they were to have went with the disk.
    if (replaced) await noteLateForks(db, { sessionId });
    await keepForForks(deps, input, sandbox);
  }
  return { sandbox, replaced, restored, changed: !brought && (known?.changed ?? false) };
}

async function untilAimed(
  deps: OpenSandboxDeps & { workerId: string },
  input: { teamId: string; sessionId: string; signal: AbortSignal },
): Promise<void> {
  while (!(await aimFork(deps, input))) await deps.clock.sleep(SOURCE_MS, input.signal);
}

/** Going on with an empty disk would be as if its files had never been. */
async function explained<T>(
  work: () => Promise<T>,
  { logger }: OpenSandboxDeps,
  { sessionId, signal }: OpenSandboxInput,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || isForeignKeyViolation(error)) throw error;
    if (hasCode(error, "sandbox_gone") || hasCode(error, "lease_lost")) throw error;
    logger.error({ err: error, sessionId }, "the files of a session could not be brought back yet");
    const why = error instanceof PlatformError ? error.message : `${messageOf(error)}.`;
    throw new PlatformError(
      "sandbox_unavailable",
      `the files of this session can't be brought back from their snapshot right now: ${why}`,
      { cause: error },
    );
  }
}

/** The disk is the session's from here on, and the log says what became of its files, or neither. */
async function record(
  { db, clock, onLogGrew }: OpenSandboxDeps,
  { sessionId, fence }: OpenSandboxInput,
  found: {
    row: Parameters<typeof recordSandbox>[1];
    brought: BroughtBack | null;
    restored: RestoredPayload | null;
  },
): Promise<string | null> {
  const { row, brought, restored } = found;
  if (!restored) return recordSandbox(db, row);
  const now = clock.now();
  const event = { id: newId("event", now), type: "session.restored", payload: restored };
  let lastSeq: number | null = null;
  const previous = await inTransaction(db, async (tx) => {
    const events = [{ ...event, processedAt: new Date(now) }];
    lastSeq = await appendEvents(tx, { sessionId, fence, events });
    const before = await recordSandbox(tx, row);
    if (brought) {
      const { receipt, leftBecause } = brought;
      const isAs = leftBecause === undefined ? { snapshotId: receipt.snapshotId } : {};
      await endRestore(tx, { sessionId, receipt: { ...receipt, leftBecause }, ...isAs });
    }
    return before;
  });
  if (lastSeq !== null) onLogGrew({ sessionId, lastSeq });
  return previous;
}

/** Before the next tool changes what a fork is to have. With the store away turns go on all the same. */
async function keepForForks(deps: OpenSandboxDeps, input: OpenSandboxInput, sandbox: Sandbox): Promise<void> {
  const { sessionId, fence, signal } = input;
  try {
    await deps.snapshots.take({ sessionId, sandbox, reason: "request", inUse: true, fence, signal });
  } catch (error) {
    if (signal.aborted || hasCode(error, "sandbox_gone") || hasCode(error, "lease_lost")) throw error;
    deps.logger.warn({ err: error, sessionId }, "files could not be kept for a fork before they change");
    await noteLateForks(deps.db, { sessionId });
  }
}
