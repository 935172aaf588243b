// Makes or wakes a session's sandbox, and brings its files to what they are to be before anybody uses it.
import {
  type Database,
  type DatabaseTransaction,
  inTransaction,
  isForeignKeyViolation,
  leaseLost,
} from "../db/database.ts";
import { appendEvents, type Fence } from "../db/events.ts";
import { persistently } from "../db/persistently.ts";
import { endRestore, hasWaitingForks, noteLateForks, type RestoreEnd } from "../db/restores.ts";
import { findSandbox, recordSandbox } from "../db/sandboxes.ts";
import type { LogWakeup } from "../db/wakeups.ts";
import type { Clock } from "../lib/clock.ts";
import { hasCode, messageOf, PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import type { Logger } from "../lib/logger.ts";
import type { Sandbox, SandboxBackend, SandboxSpec } from "../sandboxes/sandbox.ts";
import type { BroughtBack } from "./bring-back-files.ts";
import { cloneRepositories } from "./clone-repositories.ts";
import { aimFork } from "./fork-files.ts";
import { installPackages } from "./install-packages.ts";
import { NOTHING_CAME_BACK, type RestoredPayload, toRestoredPayload } from "./restored-files.ts";
import { sandboxSpecOf } from "./sandbox-spec.ts";
import { seedOf } from "./seed-of-fork.ts";
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
export type OpenedSandbox = {
  sandbox: Sandbox;
  replaced: boolean;
  restored: RestoredPayload | null;
  changed: boolean;
  /** What the model is told of repositories that are not there. */
  notices: string[];
};

/** How often a fork asks whether its source is through. */
const SOURCE_MS = 200;

/**
 * Throws `sandbox_unavailable` when there is none to be had, or its files can't be brought back now; `packages_failed` when those of its
 * environment can't be installed; `lease_lost` for a deleted session.
 */
export async function openSandbox(deps: OpenSandboxDeps, input: OpenSandboxInput): Promise<OpenedSandbox> {
  const { db, backend, clock, logger } = deps;
  const { sessionId, teamId, fence } = input;
  const about = { teamId, sessionId, signal: input.signal };
  await explained(() => untilAimed({ ...deps, workerId: fence.owner }, about), deps, input);
  const spec = await sandboxSpecOf(db, sessionId, deps.spec);
  if (spec.packages) await installPackages(deps, { set: spec.packages, sessionId, fence, signal: input.signal });
  const begunAt = clock.now();
  const seed = await seedOf(db, { sessionId });
  const sandbox = await backend.create(sessionId, seed ? { ...spec, seed } : spec);
  const { identity } = sandbox;
  const start = { startMs: clock.now() - begunAt, restarted: input.restarted };
  const row = { sessionId, teamId, name: sessionId, backend: backend.id, identity, ...start };
  let settled = await settleFiles(deps, input, { sandbox, row });
  // The session went back once more meanwhile: its files go on to there.
  while (settled === "aimed_anew") settled = await settleFiles(deps, input, { sandbox, row });
  const { previous, restored, changed } = settled;
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
  // The broker knows whose requests these are only from here on.
  const again = restored !== null || replaced;
  const notices = await cloneRepositories(deps, { sessionId, teamId, fence, sandbox, again, signal: input.signal });
  return { sandbox, replaced, restored, changed, notices };
}

type SandboxRecord = Parameters<typeof recordSandbox>[1];
/** `previous`: the identity of the disk before; null: there was none. */
type Settled = { previous: string | null; restored: RestoredPayload | null; changed: boolean };

/** Brings the files to what they are to be, and writes down that they are. */
async function settleFiles(
  deps: OpenSandboxDeps,
  input: OpenSandboxInput,
  { sandbox, row }: { sandbox: Sandbox; row: SandboxRecord },
): Promise<Settled | "aimed_anew"> {
  const { db, backend, clock, logger } = deps;
  const { sessionId, teamId, fence, signal } = input;
  const known = await findSandbox(db, { teamId, sessionId });
  const bringBack = { teamId, sessionId, signal, fence, sandbox, known };
  const brought = await explained(() => deps.snapshots.bringBack(bringBack), deps, input);
  const lost = !brought && known !== null && known.identity !== sandbox.identity;
  const restored = brought ? toRestoredPayload(brought) : lost ? NOTHING_CAME_BACK : null;
  const found = { row, brought, restored };
  try {
    const recorded = await persistently(() => record(deps, input, found), { clock, signal, logger });
    if (recorded === "aimed_anew") return recorded;
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    // The session was deleted while its sandbox was being made.
    await backend.destroy(sessionId);
    throw leaseLost(sessionId);
  }
  return { previous: known?.identity ?? null, restored, changed: !brought && (known?.changed ?? false) };
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

/** Takes a record back. */
class NotRecorded extends Error {
  readonly because: Exclude<RestoreEnd, "ended">;
  constructor(because: Exclude<RestoreEnd, "ended">) {
    super(`the restore is ${because}`);
    this.because = because;
  }
}

/**
 * The disk is the session's from here on, and the log says what became of its files, or neither. May be repeated when nobody knows
 * whether it took effect. `aimed_anew`: nothing is written, the files are to be others.
 */
async function record(
  { db, clock, onLogGrew }: OpenSandboxDeps,
  { sessionId, fence }: OpenSandboxInput,
  found: { row: SandboxRecord; brought: BroughtBack | null; restored: RestoredPayload | null },
): Promise<"recorded" | "aimed_anew"> {
  const { row, brought, restored } = found;
  if (!restored) {
    await recordSandbox(db, row);
    return "recorded";
  }
  const now = clock.now();
  const events = [{ id: newId("event", now), type: "session.restored", payload: restored, processedAt: new Date(now) }];
  try {
    const lastSeq = await inTransaction(db, async (tx) => {
      const seq = await appendEvents(tx, { sessionId, fence, events });
      const before = await recordSandbox(tx, row);
      const end = brought ? await endOf(tx, sessionId, brought) : before === row.identity ? "over" : "ended";
      if (end !== "ended") throw new NotRecorded(end);
      return seq;
    });
    if (lastSeq !== null) onLogGrew({ sessionId, lastSeq });
  } catch (error) {
    if (!(error instanceof NotRecorded)) throw error;
    if (error.because === "aimed_anew") return error.because;
    // An attempt whose answer was lost has written it.
  }
  return "recorded";
}

function endOf(tx: DatabaseTransaction, sessionId: string, brought: BroughtBack): Promise<RestoreEnd> {
  const { receipt, leftBecause, aimedAt } = brought;
  const isAs = leftBecause === undefined ? { snapshotId: receipt.snapshotId } : {};
  return endRestore(tx, { sessionId, aimedAt, receipt: { ...receipt, leftBecause }, ...isAs });
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
