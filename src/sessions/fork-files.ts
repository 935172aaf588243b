// A fork of a whole session gets the files that its source had then: they are kept before anything changes them.
import { type Database, inTransaction } from "../db/database.ts";
import type { Claim } from "../db/leases.ts";
import {
  aimAt,
  copySnapshot,
  findCloneSource,
  findOpenRestore,
  isRestoreOpen,
  type OpenRestore,
} from "../db/restores.ts";
import { recordSandbox } from "../db/sandboxes.ts";
import { underIdleLease } from "../db/upkeep-leases.ts";
import type { Clock } from "../lib/clock.ts";
import { hasCode } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import type { SandboxBackend, SandboxSpec } from "../sandboxes/sandbox.ts";
import { lastKnown } from "./bring-back-files.ts";
import { sandboxSpecOf } from "./sandbox-spec.ts";
import { ruleOfOpened } from "./sandbox-states.ts";
import type { SessionSnapshots } from "./session-snapshots.ts";

export type ForkFilesDeps = {
  db: Database;
  backend: SandboxBackend;
  spec: SandboxSpec;
  snapshots: SessionSnapshots;
  workerId: string;
  clock: Clock;
};

/**
 * Finds out which snapshot a fork gets, taking one of its source when it has to. True: that is known, or the session waits for
 * none. False: the source is in use; whoever uses it takes one first, so ask again.
 */
export async function aimFork(
  deps: ForkFilesDeps,
  input: { teamId: string; sessionId: string; signal: AbortSignal },
): Promise<boolean> {
  const open = await findOpenRestore(deps.db, input);
  if (!open?.cloneOf || open.snapshotId !== null) return true;
  const source = await findCloneSource(deps.db, { sessionId: open.cloneOf });
  if (!source.exists) {
    await keepDeleted(deps, input, open, { name: open.cloneOf, isThere: source.removing });
    return true;
  }
  const sourceId = open.cloneOf;
  const aim = async (claim: Claim): Promise<boolean> => {
    // Before it is set back, its files are kept anyway.
    if (await isRestoreOpen(deps.db, { sessionId: sourceId })) return false;
    const { name, identity } = source;
    if (name !== null && (await keepSource(deps, { ...input, source: claim, name, identity }))) return true;
    await takeLastKnown(deps, input, open, sourceId);
    return true;
  };
  try {
    const aimed = await underIdleLease(deps.db, { workerId: deps.workerId, sessionId: sourceId }, aim);
    return aimed?.result ?? false;
  } catch (error) {
    // It was deleted meanwhile: its disk is there for the next look.
    if (!(await findCloneSource(deps.db, { sessionId: sourceId })).exists) return false;
    throw error;
  }
}

/** False: its disk is lost, or more than is ever kept. */
async function keepSource(
  { db, backend, spec, snapshots, clock }: ForkFilesDeps,
  input: { teamId: string; source: Claim; name: string; identity: string | null; signal: AbortSignal },
): Promise<boolean> {
  const { teamId, source, name, signal } = input;
  const { sessionId, fence } = source;
  const begunAt = clock.now();
  const sandbox = await backend.create(name, await sandboxSpecOf(db, sessionId, spec));
  const { identity } = sandbox;
  const row = input.identity === null ? null : { identity: input.identity, state: "running" as const };
  if (!ruleOfOpened(row, sandbox).keepFiles) return false;
  await recordSandbox(db, { sessionId, teamId, name, backend: backend.id, identity, startMs: clock.now() - begunAt });
  // All forks that wait for it get it.
  return isKept(snapshots.take({ sessionId, sandbox, reason: "request", fence, signal }));
}

/** False: the tree is larger than what is kept, and will be when it is asked again. */
async function isKept(taken: Promise<unknown>): Promise<boolean> {
  try {
    await taken;
    return true;
  } catch (error) {
    if (hasCode(error, "request_too_large")) return false;
    throw error;
  }
}

async function takeLastKnown(
  { db, clock }: ForkFilesDeps,
  { teamId, sessionId }: { teamId: string; sessionId: string },
  open: OpenRestore,
  sourceId: string,
): Promise<void> {
  const last = await lastKnown(db, { teamId, sessionId: sourceId });
  await inTransaction(db, async (tx) => {
    const id = newId("snapshot", clock.now());
    const place = { seq: open.seq ?? 0, untilSeq: open.seq ?? 0 };
    const copied = last !== null && (await copySnapshot(tx, { id, fromId: last.id, sessionId, ...place }));
    // What was changed after it is lost, or too much to be kept.
    await aimAt(tx, { sessionId, snapshotId: copied ? id : null, exact: false });
  });
}

/** Its disk stays until then, if it is not lost. */
async function keepDeleted(
  { db, backend, spec, snapshots }: ForkFilesDeps,
  { teamId, sessionId, signal }: { teamId: string; sessionId: string; signal: AbortSignal },
  open: OpenRestore,
  disk: { name: string; isThere: boolean },
): Promise<void> {
  const sandbox = disk.isThere ? await backend.create(disk.name, spec) : null;
  if (sandbox && sandbox.identity === open.identity) {
    const taken = snapshots.takeForFork({ teamId, forkId: sessionId, sandbox, seq: open.seq ?? 0, signal });
    if (await isKept(taken)) return aimAt(db, { sessionId, snapshotId: (await taken).snapshotId });
  }
  // Its own are copies of what had been kept of the source.
  const last = await lastKnown(db, { teamId, sessionId });
  await aimAt(db, { sessionId, snapshotId: last?.id ?? null, exact: false });
}
