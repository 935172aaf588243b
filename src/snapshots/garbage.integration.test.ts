// Whatever order snapshots, deletions, garbage collections and crashes come in: what exists can be restored, and in the end nothing is left.

import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seeded } from "../../test/support/seeded.ts";
import { createSnapshotWorld, type Disk, newDisk, type SnapshotWorld } from "../../test/support/snapshot-world.ts";
import { deleteSnapshots, findSnapshot } from "../db/snapshots.ts";
import { collectGarbage } from "./collect-garbage.ts";

let world: SnapshotWorld;
beforeAll(async () => {
  world = await createSnapshotWorld();
});
afterAll(() => world.dispose());

const GRACE = { graceMs: 6 * 3_600_000 };
const RUNS = Number(process.env.GARBAGE_RUNS ?? 100);

/** What others do just before one of the requests that a snapshot makes of the store, or before it is there. */
type Meanwhile = { at: number; act: "collect" | "age" | "delete" | "condemn" | "purge" };
/** `crash`: so many requests to the store later everything ends. */
type Step =
  | { do: "change"; session: number; seed: number }
  | { do: "take"; session: number; crash: number | null; meanwhile: Meanwhile[] }
  | { do: "delete"; pick: number }
  | { do: "collect"; crash: number | null }
  | { do: "age"; hours: number }
  | { do: "lose"; session: number };

const session = fc.nat({ max: 1 });
const crash = fc.option(fc.nat({ max: 4 }), { freq: 2 });
const act: fc.Arbitrary<Meanwhile["act"]> = fc.constantFrom("collect", "age", "delete", "condemn", "purge");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("change" as const), session, seed: fc.nat() }),
  fc.record({
    do: fc.constant("take" as const),
    session,
    crash,
    meanwhile: fc.array(fc.record({ at: fc.nat({ max: 5 }), act }), { maxLength: 3 }),
  }),
  fc.record({ do: fc.constant("delete" as const), pick: fc.nat() }),
  fc.record({ do: fc.constant("collect" as const), crash }),
  fc.record({ do: fc.constant("age" as const), hours: fc.constantFrom(1, 7, 30) }),
  fc.record({ do: fc.constant("lose" as const), session }),
);

function change(disk: Disk, seed: number): void {
  const random = seeded(seed);
  for (let index = 0; index < 3; index++) {
    const path = `workspace/f${Math.floor(random() * 6)}`;
    // Few contents, so that files share chunks with what was deleted long ago.
    const content = Buffer.alloc(3_000, `${Math.floor(random() * 5)}`);
    if (random() < 0.3) disk.tree.remove(path);
    else disk.tree.write(path, content);
  }
}

/** The model: what each snapshot has to bring back. */
class Model {
  readonly trees = new Map<string, Record<string, string>>();
  readonly sessions: { id: string; disk: Disk }[] = [];

  pick(index: number): string | undefined {
    return [...this.trees.keys()][index % Math.max(1, this.trees.size)];
  }

  async check(): Promise<void> {
    for (const [id, tree] of this.trees) {
      const owner = this.sessions[0];
      if (!owner) return;
      const disk = newDisk();
      const receipt = await world.restore(owner.id, disk, id);
      expect(receipt.refused, `snapshot ${id}`).toEqual([]);
      expect(disk.tree.describe()).toEqual(tree);
    }
  }
}

function crashAfter(requests: number | null): void {
  let left = requests ?? 0;
  world.blobs.onRequest =
    requests === null
      ? null
      : () => {
          if (left-- <= 0) throw new Error("crashed");
        };
}

async function deleteOne(model: Model, id: string | undefined): Promise<void> {
  if (id === undefined) return;
  for (const gone of await deleteSnapshots(world.db, { teamId: world.teamId, ids: [id] })) model.trees.delete(gone);
}

async function actMeanwhile(model: Model, { act: what }: Meanwhile, sessionId: string): Promise<void> {
  if (what === "age") return world.age(7);
  if (what !== "collect") {
    // Above all the one that the snapshot under way builds upon.
    const base = (await world.lastOf(sessionId))?.id;
    await sql`update sandboxes set last_snapshot_id = null`.execute(world.db);
    for (const id of what === "purge" ? [...model.trees.keys()] : [base]) await deleteOne(model, id);
  }
  if (what === "purge" || what === "condemn") await world.age(7);
  if (what !== "delete") await collectGarbage(world.deps, GRACE);
  if (what !== "purge") return;
  await world.age(7);
  await collectGarbage(world.deps, GRACE);
}

async function take(model: Model, { session: index, crash: requests, meanwhile }: Extract<Step, { do: "take" }>) {
  const owner = model.sessions[index];
  if (!owner) return;
  const tree = owner.disk.tree.describe();
  let seen = 0;
  const hook = async () => {
    const now = seen++;
    world.blobs.onRequest = null;
    for (const one of meanwhile) if (one.at === now) await actMeanwhile(model, one, owner.id);
    world.blobs.onRequest = hook;
    if (now === requests) throw new Error("crashed");
  };
  world.blobs.onRequest = hook;
  try {
    const { snapshotId } = await world.take(owner.id, owner.disk);
    // It may have been deleted the moment it was there.
    if (await findSnapshot(world.db, { teamId: world.teamId, id: snapshotId })) model.trees.set(snapshotId, tree);
  } catch (error) {
    if (!(error instanceof Error) || !/crashed|removed meanwhile/.test(error.message)) throw error;
  } finally {
    world.blobs.onRequest = null;
  }
}

async function collect(requests: number | null): Promise<void> {
  crashAfter(requests);
  try {
    await collectGarbage(world.deps, GRACE);
  } catch (error) {
    if (!(error instanceof Error) || error.message !== "crashed") throw error;
  } finally {
    world.blobs.onRequest = null;
  }
}

async function perform(model: Model, one: Step): Promise<void> {
  switch (one.do) {
    case "change": {
      const owner = model.sessions[one.session];
      if (owner) change(owner.disk, one.seed);
      return;
    }
    case "take":
      return take(model, one);
    case "delete":
      await sql`update sandboxes set last_snapshot_id = null`.execute(world.db);
      return deleteOne(model, model.pick(one.pick));
    case "collect":
      return collect(one.crash);
    case "age":
      return world.age(one.hours);
    case "lose": {
      const owner = model.sessions[one.session];
      if (owner) owner.disk = newDisk();
    }
  }
}

test("no order of events loses what a snapshot needs, and in the end nothing is left", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      world.blobs.blobs.clear();
      const model = new Model();
      for (let index = 0; index < 2; index++) model.sessions.push({ id: await world.createSession(), disk: newDisk() });
      for (const one of steps) {
        await perform(model, one);
        if (one.do === "collect") await model.check();
      }
      await model.check();
      await sql`delete from sandboxes`.execute(world.db);
      await sql`delete from sessions`.execute(world.db);
      // Strays are found, condemned and removed.
      for (let round = 0; round < 3; round++) {
        await world.age(7);
        await collectGarbage(world.deps, GRACE);
      }
      expect([...world.blobs.blobs.keys()].filter((key) => key.startsWith("packs/"))).toEqual([]);
      expect(await world.count("packs")).toBe(0);
      expect(await world.count("snapshots")).toBe(0);
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 45_000, markInterruptAsFailure: false },
  );
}, 120_000);

test("a pack that a snapshot needs can't be removed, whoever asks", async () => {
  const id = await world.createSession();
  const disk = newDisk();
  change(disk, 1);
  const { snapshotId } = await world.take(id, disk);
  await expect(sql`delete from packs`.execute(world.db)).rejects.toThrow("snapshot_packs");
  const foreign = await findSnapshot(world.db, { teamId: "team_other", id: snapshotId });
  expect(foreign).toBeNull();
});
