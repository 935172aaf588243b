// Brings a disk to what the session's files are to be: those of before a message after a rewind, of another session in a fork, the last known after a loss.
import type { Database } from "../db/database.ts";
import type { Fence } from "../db/events.ts";
import { checkHeld } from "../db/leases.ts";
import {
  beginRestore,
  findOpenRestore,
  listSnapshotPlaces,
  noteBefore,
  noteProgress,
  type OpenRestore,
  type RestoreReason,
} from "../db/restores.ts";
import { listRewinds } from "../db/rewinds.ts";
import { findSnapshot, findSnapshotBase, type SnapshotRow } from "../db/snapshots.ts";
import { hasCode, messageOf } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import type { Sandbox } from "../sandboxes/sandbox.ts";
import {
  emptyTree,
  NOTHING_RESTORED,
  type Receipt,
  type RestoreProgress,
  restoreSnapshot,
} from "../snapshots/restore-snapshot.ts";
import { snapshotBefore } from "../snapshots/snapshot-before.ts";
import type { SnapshotDeps, SnapshotResult } from "../snapshots/take-snapshot.ts";
import { ruleOfOpened, type SandboxFacts } from "./sandbox-states.ts";

/** What came back. The caller writes it down, in one transaction with what it tells of it. */
export type BroughtBack = {
  reason: RestoreReason;
  exact: boolean;
  receipt: Receipt;
  /** Which request that was, as `OpenRestore` has it. */
  aimedAt: string;
  /** Nothing came back: the files are left as they are, for this reason. */
  leftBecause?: string;
};

/** How often what is done is written down. */
const PROGRESS_MS = 500;

export type BringBack = {
  teamId: string;
  sessionId: string;
  sandbox: Sandbox;
  /** What was known of it before it was made or woken; null: nothing yet. */
  known: SandboxFacts["row"];
  /** Of whoever holds the session. */
  fence: Fence;
  signal: AbortSignal;
};

type Keeping = { keep: (open: OpenRestore) => Promise<SnapshotResult> };

/** Null: there is nothing to bring back. Asked again after a failure or a crash, it goes on. */
export async function bringBackFiles(
  deps: SnapshotDeps & { diskMb: number },
  input: BringBack & Keeping,
): Promise<BroughtBack | null> {
  const { logger } = deps;
  const { sessionId } = input;
  const brought = await bring(deps, input);
  if (!brought) return null;
  const { receipt, reason, leftBecause } = brought;
  if (leftBecause !== undefined) logger.warn({ sessionId, reason, leftBecause }, "files were left as they are");
  else logger.info({ ...receipt, sessionId, reason, refused: receipt.refused.slice(0, 10) }, "files were brought back");
  return brought;
}

async function bring(deps: SnapshotDeps & { diskMb: number }, input: BringBack & Keeping): Promise<BroughtBack | null> {
  const open = await findOpenRestore(deps.db, input);
  return open && open.reason !== "lost" ? bringToAim(deps, input, open) : bringBackLost(deps, input);
}

async function bringBackLost(
  deps: SnapshotDeps & { diskMb: number },
  input: BringBack & Keeping,
): Promise<BroughtBack | null> {
  const { db, clock } = deps;
  const { teamId, sessionId, sandbox, known } = input;
  if (ruleOfOpened(known, sandbox).turn !== "restore") return null;
  const snapshot = await lastKnown(db, { teamId, sessionId });
  if (!snapshot) return null;
  const restore = { teamId, sessionId, snapshotId: snapshot.id, identity: sandbox.identity };
  const aimedAt = await beginRestore(db, { id: newId("restore", clock.now()), ...restore });
  if (aimedAt === null) return bring(deps, input);
  const { diskMb } = deps;
  const mayWrite = () => checkHeld(db, input);
  const receipt = await restoreSnapshot(deps, { ...input, diskMb, snapshot, base: null, mayWrite });
  return { reason: "lost", exact: true, receipt, aimedAt };
}

/** What the disk was last taken to or restored from; else the newest that was not taken back. */
export async function lastKnown(
  db: Database,
  { teamId, sessionId }: { teamId: string; sessionId: string },
): Promise<SnapshotRow | null> {
  const found = await findSnapshotBase(db, { sessionId });
  if (!found) return null;
  if (found.base) return found.base;
  const places = await listSnapshotPlaces(db, { sessionId });
  const rewinds = await listRewinds(db, { sessionId });
  const last = snapshotBefore(places, { beforeSeq: found.seq + 1, rewinds });
  return last ? findSnapshot(db, { teamId, id: last.snapshot.id }) : null;
}

async function bringToAim(
  deps: SnapshotDeps & { diskMb: number },
  input: BringBack & Keeping,
  open: OpenRestore,
): Promise<BroughtBack | null> {
  const { db } = deps;
  const { teamId, sandbox, known } = input;
  const aim = open.snapshotId === null ? null : await findSnapshot(db, { teamId, id: open.snapshotId });
  if (open.snapshotId !== null && !aim) throw new Error(`snapshot ${open.snapshotId} is gone while it is needed`);
  let base: SnapshotRow | null = null;
  try {
    if (ruleOfOpened(known, sandbox).keepFiles) base = await keepBefore(db, input, open);
  } catch (error) {
    if (!hasCode(error, "request_too_large")) throw error;
    // Nothing has been written yet. Asked again it would be too large again, and no tool could make room.
    const { reason, aimedAt } = open;
    return { reason, exact: false, receipt: NOTHING_RESTORED, aimedAt, leftBecause: messageOf(error) };
  }
  const notOurs = open.reason === "fork" && known === null;
  const writing = { ...input, diskMb: deps.diskMb, notOurs, mayWrite: () => checkHeld(db, input) };
  const receipt = aim
    ? await restoreSnapshot(deps, { ...writing, snapshot: aim, base, onProgress: createTold(deps, open) })
    : await emptyTree(deps, writing);
  return { reason: open.reason, exact: open.exact, receipt, aimedAt: open.aimedAt };
}

/** The disk as it was before: kept once, since from the first change on it is neither one nor the other. */
async function keepBefore(db: Database, input: BringBack & Keeping, open: OpenRestore): Promise<SnapshotRow | null> {
  const { teamId, sandbox } = input;
  await sandbox.quiesce();
  if (open.beforeId !== null) return findSnapshot(db, { teamId, id: open.beforeId });
  const { snapshotId } = await input.keep(open);
  await noteBefore(db, { id: open.id, beforeId: snapshotId });
  return findSnapshot(db, { teamId, id: snapshotId });
}

function createTold({ db, clock, logger }: SnapshotDeps, { id }: OpenRestore): (progress: RestoreProgress) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const now = clock.now();
    if (now - toldAt < PROGRESS_MS) return;
    toldAt = now;
    noteProgress(db, { id, progress }).catch((error: unknown) =>
      logger.debug({ err: error }, "the progress of a restore was not written down"),
    );
  };
}
