// Which files belong to an earlier place of a session, and asking a worker to bring them there, or into a copy of the session.
import type { FilesThen } from "../contract/events.ts";
import type { Database, DatabaseTransaction } from "../db/database.ts";
import {
  askForRestore,
  copySnapshot,
  findOpenRestore,
  findSandboxBefore,
  isRestoreOpen,
  listSnapshotPlaces,
  toolsRanBetween,
} from "../db/restores.ts";
import { listRewinds } from "../db/rewinds.ts";
import { PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import { lastPointBefore, snapshotBefore } from "../snapshots/snapshot-before.ts";

/**
 * `none`: there is no sandbox, so no files · `empty`: there were none then · `later`: they are as they are now, which nobody has kept
 * yet, on the disk of that identity · `unknown`: none were kept from then.
 */
export type Then =
  | { type: "none" | "empty" | "unknown" }
  | { type: "later"; identity: string }
  | { type: "snapshot"; snapshotId: string; takenAt: Date; exact: boolean };

/** Before the entry `beforeSeq`; `now`: that is the end of the log, where the session rests. */
export async function filesThen(
  tx: DatabaseTransaction,
  { sessionId, beforeSeq, now = false }: { sessionId: string; beforeSeq: number; now?: boolean },
): Promise<Then> {
  const sandbox = await findSandboxBefore(tx, { sessionId, seq: beforeSeq });
  const places = await listSnapshotPlaces(tx, { sessionId });
  if (now) {
    // What its files are to be is known, though its disk may not be there yet.
    const open = await findOpenRestore(tx, { sessionId });
    const asked = open && open.reason !== "lost" ? open : null;
    const known = asked ? asked.snapshotId : (sandbox?.keptAs ?? null);
    const place = places.find(({ id }) => id === known);
    if (place) return { type: "snapshot", snapshotId: place.id, takenAt: place.untilAt, exact: asked?.exact ?? true };
    if (asked || !sandbox) return { type: "none" };
    return { type: "later", identity: sandbox.identity };
  }
  const rewinds = await listRewinds(tx, { sessionId });
  const found = snapshotBefore(places, { beforeSeq, rewinds });
  if (found) {
    const { snapshot, point } = found;
    const exact = !(await toolsRanBetween(tx, { sessionId, afterSeq: point, beforeSeq }));
    return { type: "snapshot", snapshotId: snapshot.id, takenAt: snapshot.untilAt, exact };
  }
  if (!sandbox) return { type: "none" };
  return { type: sandbox.madeLater ? "empty" : "unknown" };
}

/** As the log tells it. */
export function toFilesThen(then: Then): FilesThen["files"] {
  if (then.type === "snapshot")
    return { type: "snapshot", snapshot_id: then.snapshotId, taken_at: then.takenAt.toISOString(), exact: then.exact };
  return { type: then.type === "none" ? "empty" : then.type };
}

/** Once the log says so. `seq`: of the rewind. */
export async function askToSetBack(
  tx: DatabaseTransaction,
  then: Then,
  { nowMs, ...session }: { teamId: string; sessionId: string; seq: number; nowMs: number },
): Promise<void> {
  if (then.type === "unknown" || then.type === "later") return;
  // Without a disk there is nothing to set back, unless a fork's files are still to come.
  if (then.type === "none" && !(await isRestoreOpen(tx, session))) return;
  const aim =
    then.type === "snapshot" ? { snapshotId: then.snapshotId, exact: then.exact } : { snapshotId: null, exact: true };
  const id = newId("restore", nowMs);
  await askForRestore(tx, { id, ...session, reason: "rewind", ...aim, cloneOf: null, identity: null });
}

/**
 * A fork has what was kept of the source up to there for its own, so that it can go back as far, and whatever becomes of the source.
 * Returns what its files are, with its own snapshot.
 */
export async function shareSnapshots(
  tx: DatabaseTransaction,
  then: Then,
  { sourceId, sessionId, beforeSeq, nowMs }: { sourceId: string; sessionId: string; beforeSeq: number; nowMs: number },
): Promise<Then> {
  const rewinds = await listRewinds(tx, { sessionId: sourceId });
  let given: Then = then.type === "snapshot" ? { type: "unknown" } : then;
  for (const place of await listSnapshotPlaces(tx, { sessionId: sourceId })) {
    const { seq } = place;
    const isAim = then.type === "snapshot" && place.id === then.snapshotId;
    const point = lastPointBefore(place, { beforeSeq, rewinds });
    if (point === null && !isAim) continue;
    const id = newId("snapshot", nowMs);
    const untilSeq = Math.max(point ?? seq, seq);
    if (!(await copySnapshot(tx, { id, fromId: place.id, sessionId, seq, untilSeq }))) continue;
    if (isAim) given = { ...then, snapshotId: id };
  }
  return given;
}

/** Once the log says so. `seq`: where the fork's log ends. */
export async function askToCopy(
  tx: DatabaseTransaction,
  given: Then,
  { sourceId, nowMs, ...fork }: { teamId: string; sessionId: string; sourceId: string; seq: number; nowMs: number },
): Promise<void> {
  if (given.type === "none" || given.type === "empty") return;
  const aim = given.type === "snapshot" ? given : { snapshotId: null, exact: given.type === "later" };
  await askForRestore(tx, {
    id: newId("restore", nowMs),
    ...fork,
    ...{ reason: "fork", snapshotId: aim.snapshotId, exact: aim.exact },
    ...{ cloneOf: given.type === "later" ? sourceId : null, identity: given.type === "later" ? given.identity : null },
  });
}

/** A fork whose source's files are still being kept: what its own are nobody knows yet. */
export async function waitsForSource(db: Database, input: { sessionId: string }): Promise<boolean> {
  const open = await findOpenRestore(db, input);
  return open !== null && open.cloneOf !== null && open.snapshotId === null;
}

export function filesAwaited(sessionId: string, done: "rewound" | "forked"): PlatformError {
  return new PlatformError(
    "conflict",
    `Session ${sessionId} cannot be ${done} yet: the files of the session that it was forked from are still being copied. Wait for session.restored.`,
  );
}
