// Removes packs that no snapshot needs. Twice it is looked at: condemned packs are removed a while later, when still nothing refers to them.
import { condemnPacks, deletePack, takeCondemnedPacks } from "../db/snapshots.ts";
import { packKey } from "./content.ts";
import type { SnapshotDeps } from "./take-snapshot.ts";

/** Longer than any snapshot takes from its first pack to its end. */
const GRACE_MS = 6 * 3_600_000;
const BATCH = 200;

export type CollectedGarbage = { condemned: number; removed: number };

/** Stopped at any point, the next run goes on: a pack's row goes last. */
export async function collectGarbage(
  { db, blobs }: Pick<SnapshotDeps, "db" | "blobs">,
  options: { graceMs?: number } = {},
): Promise<CollectedGarbage> {
  const { graceMs = GRACE_MS } = options;
  const condemned = await condemnPacks(db, { graceMs });
  let removed = 0;
  for (;;) {
    const packs = await takeCondemnedPacks(db, { graceMs, limit: BATCH });
    for (const { id, teamId } of packs) {
      await blobs.remove(packKey(teamId, id));
      await deletePack(db, { id });
      removed += 1;
    }
    if (packs.length < BATCH) return { condemned, removed };
  }
}
