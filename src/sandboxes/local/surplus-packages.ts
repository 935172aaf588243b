// Which installed packages go when all of them take too much: those that were not used for longest. Pure.

export type StoredPackages = { key: string; bytes: number; lastUsedAt: number; inUse: boolean };

/** A session that was just told that its packages are there may not have a sandbox yet. */
const JUST_USED_MS = 10 * 60_000;

export function surplusOf(
  stored: readonly StoredPackages[],
  { maxBytes, now }: { maxBytes: number; now: number },
): StoredPackages[] {
  let total = stored.reduce((sum, { bytes }) => sum + bytes, 0);
  const oldestFirst = stored
    .filter(({ inUse, lastUsedAt }) => !inUse && now - lastUsedAt >= JUST_USED_MS)
    .sort((one, other) => one.lastUsedAt - other.lastUsedAt);
  return oldestFirst.filter(({ bytes }) => {
    if (total <= maxBytes) return false;
    total -= bytes;
    return true;
  });
}
