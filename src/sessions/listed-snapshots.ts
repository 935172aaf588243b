// Snapshots for people and programs: which there are of a session's files, and asking a worker for one now.
import type { Page } from "../contract/page.ts";
import type { Snapshot, SnapshotChanges, SnapshotRequest, SnapshotsQuery } from "../contract/snapshots.ts";
import type { Database, DatabaseTransaction } from "../db/database.ts";
import { askForSnapshot, type ListedSnapshot, listSnapshotPage, readSnapshotNeed } from "../db/snapshot-lists.ts";
import { PlatformError } from "../lib/errors.ts";
import { readPage } from "../lib/page-cursor.ts";
import { getSession } from "./sessions.ts";

const DEFAULT_PAGE = 20;

export type ListedSnapshots = ReturnType<typeof createListedSnapshots>;

/** Both throw `not_found` for unknown and foreign sessions. */
export function createListedSnapshots({ db }: { db: Database }) {
  return {
    async list(teamId: string, sessionId: string, query: SnapshotsQuery): Promise<Page<Snapshot>> {
      await getSession(db, { teamId, sessionId });
      const page = await readPage({
        kind: "snapshot",
        order: query.order ?? "desc",
        limit: query.limit ?? DEFAULT_PAGE,
        cursor: query.page,
        positionOf: (row: ListedSnapshot) => row,
        read: (request) => listSnapshotPage(db, { teamId, sessionId, page: request }),
      });
      return { data: page.rows.map(toWire), next_page: page.nextPage };
    },

    /** Throws `conflict`, with what to do, while none can be taken. */
    async request(tx: DatabaseTransaction, teamId: string, sessionId: string): Promise<SnapshotRequest> {
      await getSession(tx, { teamId, sessionId });
      const need = await readSnapshotNeed(tx, { teamId, sessionId });
      if (!need) throw new PlatformError("conflict", "This session has no sandbox yet, so there are no files to keep.");
      if (need.restoring)
        throw new PlatformError("conflict", "The session's files are being brought back: wait for session.restored.");
      if (need.held)
        throw new PlatformError(
          "conflict",
          "The session runs, or a snapshot of it is being taken: wait until it is idle, or interrupt it. What a turn changed is kept soon after it anyway.",
        );
      const request = {
        type: "snapshot_request" as const,
        session_id: sessionId,
        requested_at: need.now.toISOString(),
      };
      if (need.state === "running") {
        await askForSnapshot(tx, { sessionId });
        return { ...request, state: "requested", snapshot: null };
      }
      if (need.changed)
        throw new PlatformError(
          "conflict",
          "The sandbox sleeps, and what it last changed could not be kept before. Wake it first: list its files, or open a terminal.",
        );
      const page = { limit: 1, order: "desc" as const };
      const [newest] = await listSnapshotPage(tx, { teamId, sessionId, page });
      return { ...request, state: "done", snapshot: newest ? toWire(newest) : null };
    },
  };
}

function toWire(row: ListedSnapshot): Snapshot {
  return {
    type: "snapshot",
    id: row.id,
    session_id: row.sessionId,
    state: row.current ? "current" : "earlier",
    reason: row.reason,
    created_at: row.createdAt.toISOString(),
    checked_at: row.untilAt.toISOString(),
    seq: row.seq,
    checked_seq: row.untilSeq,
    after_event_id: row.afterEventId,
    files: row.files,
    size_bytes: row.totalBytes,
    new_bytes: row.newBytes,
    left_out: row.leftOutCount,
    changes: row.changes && changesToWire(row.changes),
  };
}

function changesToWire({ since, added, changed, removed }: NonNullable<ListedSnapshot["changes"]>): SnapshotChanges {
  const before = since && { snapshot_id: since.snapshotId, seq: since.seq, at: since.at };
  return { since: before, added, changed, removed };
}
