// Which snapshots of a session are kept: the newest, and for a while one a day. Pure.

export const KEEP_NEWEST = 10;
export const KEEP_DAYS = 14;

const DAY_MS = 86_400_000;

/** Ids of those that are not kept any more. `held`: something needs them, whatever their age. */
export function expiredSnapshots(
  snapshots: readonly { id: string; createdAt: Date }[],
  options: { nowMs: number; held: ReadonlySet<string> },
): string[] {
  const newestFirst = snapshots.toSorted(
    (a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1),
  );
  const days = new Set<number>();
  return newestFirst.flatMap(({ id, createdAt }, index) => {
    const day = Math.floor(createdAt.getTime() / DAY_MS);
    const first = !days.has(day);
    days.add(day);
    const today = Math.floor(options.nowMs / DAY_MS);
    const kept = index < KEEP_NEWEST || (first && today - day < KEEP_DAYS) || options.held.has(id);
    return kept ? [] : [id];
  });
}
