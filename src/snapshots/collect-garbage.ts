// Removes packs that no snapshot needs. Twice it is looked at: condemned packs are removed a while later, when still nothing refers to them.
import { adoptPacks, condemnPacks, deletePack, takeCondemnedPacks } from "../db/snapshots.ts";
import { listTeamIds } from "../db/teams.ts";
import { packIdOf, packKey, packPrefix } from "./content.ts";
import type { SnapshotDeps } from "./take-snapshot.ts";

/** Longer than any snapshot takes from its first pack to its end. */
const GRACE_MS = 6 * 3_600_000;
const BATCH = 200;

export type CollectedGarbage = { adopted: number; condemned: number; removed: number };

/** Stopped at any point, the next run goes on: a pack's row goes last. `strays`: the whole store is listed too. */
export async function collectGarbage(
  { db, blobs }: Pick<SnapshotDeps, "db" | "blobs">,
  options: { graceMs?: number; strays?: boolean } = {},
): Promise<CollectedGarbage> {
  const { graceMs = GRACE_MS, strays = true } = options;
  const adopted = strays ? await adoptStrays({ db, blobs }) : 0;
  const condemned = await condemnPacks(db, { graceMs });
  let removed = 0;
  for (;;) {
    const packs = await takeCondemnedPacks(db, { graceMs, limit: BATCH });
    for (const { id, teamId } of packs) {
      await blobs.remove(packKey(teamId, id));
      await deletePack(db, { id });
      removed += 1;
    }
    if (packs.length < BATCH) return { adopted, condemned, removed };
  }
}

/** A machine that slept may put a pack long after it was taken for garbage: it gets its row again, and goes as any other. */
async function adoptStrays({ db, blobs }: Pick<SnapshotDeps, "db" | "blobs">): Promise<number> {
  let adopted = 0;
  for (const teamId of await listTeamIds(db)) {
    let found: { id: string; sizeBytes: number }[] = [];
    const adopt = async () => {
      if (found.length > 0) adopted += await adoptPacks(db, { teamId, packs: found });
      found = [];
    };
    for await (const { key, sizeBytes } of blobs.list(packPrefix(teamId))) {
      const id = packIdOf(key);
      if (id !== null) found.push({ id, sizeBytes });
      if (found.length === BATCH) await adopt();
    }
    await adopt();
  }
  return adopted;
}
