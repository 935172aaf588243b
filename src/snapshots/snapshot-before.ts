// Which snapshot holds a session's files as they were before a message: pure.

/** `seq`, `untilSeq`: where the log ended when it was taken, and when the files were last found to be the same. */
export type SnapshotPoints = { id: string; seq: number; untilSeq: number; createdAt: Date };
/** Entries from `toSeq` on, before `seq`, were taken back, and the files set back to before them. */
export type TakenBack = { seq: number; toSeq: number };

/**
 * The newest one that is known to have been the session's files at a place before `beforeSeq` that was not taken back; with that
 * place. Null: none is.
 */
export function snapshotBefore<S extends SnapshotPoints>(
  snapshots: readonly S[],
  { beforeSeq, rewinds }: { beforeSeq: number; rewinds: readonly TakenBack[] },
): { snapshot: S; point: number } | null {
  let best: { snapshot: S; point: number } | null = null;
  for (const snapshot of snapshots) {
    const point = lastPointBefore(snapshot, { beforeSeq, rewinds });
    if (point === null) continue;
    if (best === null || point > best.point || (point === best.point && isNewer(snapshot, best.snapshot)))
      best = { snapshot, point };
  }
  return best;
}

/** The last known place of a snapshot before `beforeSeq` that was not taken back. Null: it has none. */
export function lastPointBefore(
  { seq, untilSeq }: SnapshotPoints,
  { beforeSeq, rewinds }: { beforeSeq: number; rewinds: readonly TakenBack[] },
): number | null {
  const holds = (point: number) =>
    point < beforeSeq && !rewinds.some(({ seq: at, toSeq }) => point >= toSeq && point < at);
  if (holds(untilSeq)) return untilSeq;
  return holds(seq) ? seq : null;
}

function isNewer(one: SnapshotPoints, other: SnapshotPoints): boolean {
  const later = one.createdAt.getTime() - other.createdAt.getTime();
  return later > 0 || (later === 0 && one.id > other.id);
}
