// Snapshots of sessions: taken before a sandbox sleeps, kept for as long as they are worth it, and brought back when a disk is lost.
import type { BlobCheck, BlobStore } from "../blobs/blobs.ts";
import type { Database } from "../db/database.ts";
import type { Fence } from "../db/events.ts";
import { isRestoreOpen } from "../db/restores.ts";
import { deleteSnapshots, findSnapshotBase, listSnapshots, type SnapshotReason } from "../db/snapshots.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { Sandbox } from "../sandboxes/sandbox.ts";
import { collectGarbage } from "../snapshots/collect-garbage.ts";
import { expiredSnapshots } from "../snapshots/retention.ts";
import { removeIndexes } from "../snapshots/stat-index.ts";
import { type SnapshotResult, takeSnapshot } from "../snapshots/take-snapshot.ts";
import { type BringBack, type BroughtBack, bringBackFiles } from "./bring-back-files.ts";
import { ruleOfOpened } from "./sandbox-states.ts";

/** More than are ever kept of one session. */
const MAX_KEPT = 1000;
/** The whole store is listed for packs that nothing knows of no more often than that. */
const STRAYS_MS = 6 * 3_600_000;

export type SessionSnapshots = ReturnType<typeof createSessionSnapshots>;

export function createSessionSnapshots(options: {
  db: Database;
  blobs: BlobStore;
  /** Of a sandbox. */
  diskMb: number;
  clock: Clock;
  logger: Logger;
}) {
  const { db, blobs, diskMb, clock, logger } = options;
  let straysAt = 0;

  async function forgetExpired(teamId: string, sessionId: string): Promise<void> {
    const kept = await listSnapshots(db, { teamId, sessionId, limit: MAX_KEPT });
    const ids = expiredSnapshots(kept, { nowMs: clock.now(), held: new Set() });
    // One that a disk builds upon, or is brought back to, stays all the same.
    if (ids.length > 0) await deleteSnapshots(db, { teamId, ids });
  }

  /** Its processes should have ended: a file that changes meanwhile is kept as it was at some moment. See `takeSnapshot`. */
  async function take(input: {
    sessionId: string;
    sandbox: Sandbox;
    reason: SnapshotReason;
    /** Of whoever holds it. */
    fence: Fence;
    signal: AbortSignal;
    /** Where its log ended when the files were like that; absent: they are now. */
    seq?: number;
    /** A turn has it taken, and then goes on: it has not been kept for good. */
    inUse?: boolean;
  }): Promise<SnapshotResult> {
    const { sessionId, sandbox, reason, fence, signal } = input;
    const found = await findSnapshotBase(db, { sessionId });
    if (!found) throw new PlatformError("conflict", `Session ${sessionId} was deleted meanwhile.`);
    const { teamId, identity, base } = found;
    const seq = input.seq ?? found.seq;
    if (reason !== "rewind" && (await isRestoreOpen(db, { sessionId })))
      throw new PlatformError("conflict", `The files of session ${sessionId} are being set back.`);
    // Its files come back first, before the next tool runs: until then what it lacks is not removed.
    const row = identity === null ? null : { identity, state: "running" as const };
    if (!ruleOfOpened(row, sandbox).keepFiles)
      throw new PlatformError("sandbox_gone", `The disk of session ${sessionId} was lost; this is another one.`);
    const about = { teamId, sessionId, diskMb, reason, seq, base, fence, inUse: input.inUse ?? false, signal };
    const result = await takeSnapshot(options, { ...about, sandbox });
    await forgetExpired(teamId, sessionId);
    logger.info(
      { sessionId, ...result },
      result.unchanged ? "files are as in the last snapshot" : "a snapshot was taken",
    );
    return result;
  }

  return {
    take,

    /** See `bringBackFiles`. */
    bringBack: (input: BringBack): Promise<BroughtBack | null> =>
      bringBackFiles(options, {
        ...input,
        keep: (open) => take({ ...input, reason: "rewind", ...(open.seq === null ? {} : { seq: open.seq - 1 }) }),
      }),

    /** Of the disk of a session that was deleted, for a fork that waits for its files. */
    async takeForFork(input: { teamId: string; forkId: string; sandbox: Sandbox; seq: number; signal: AbortSignal }) {
      const { teamId, forkId: sessionId, sandbox, seq, signal } = input;
      const about = { teamId, sessionId, diskMb, reason: "request" as const, seq, base: null, signal };
      return takeSnapshot(options, { ...about, sandbox });
    },

    /** What is kept outside of the database for a session that is gone. Packs go by themselves. */
    forgetSession: (sessionId: string): Promise<void> => removeIndexes(blobs, { sessionId }, { except: null }),

    async collectGarbage(): Promise<void> {
      const strays = clock.now() >= straysAt;
      if (strays) straysAt = clock.now() + STRAYS_MS;
      const { adopted, removed } = await collectGarbage(options, { strays });
      if (adopted > 0)
        logger.warn({ adopted }, "packs that nothing knew of were found; they are removed in some hours");
      if (removed > 0) logger.info({ removed }, "packs that no snapshot needs were removed");
    },

    check: (): Promise<BlobCheck> => blobs.check(),
  };
}
