// Who waits for a copy of a disk keeps nobody else from starting. With disks whose copies end when the test says so.
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Disks } from "./disk.ts";
import { createFleet } from "./fleet.ts";
import type { Workshop } from "./live-sandbox.ts";
import type { PackageStore } from "./package-store.ts";
import { createRecords } from "./records.ts";

const directory = mkdtempSync(join(tmpdir(), "berth-fleet-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const limits = { memoryMb: 64, cpus: 1, pids: 32, diskMb: 64 };
/** As many as start at the same time, and more. */
const FORKS = 2 * availableParallelism() + 1;

test("however many wait for a copy of a disk, others take their turn to start meanwhile; at most two are copied at once", async () => {
  const records = createRecords({ directory, firstUid: null, log: () => undefined });
  records.claim((await records.make(limits.diskMb, async () => undefined)).path, "sesn_source");

  const held: { fail: (reason: Error) => void }[] = [];
  const began = Promise.withResolvers<void>();
  let made = 0;
  const disks: Pick<Disks, "copiesInUse" | "copy" | "make"> = {
    copiesInUse: true,
    copy: () =>
      new Promise((_resolve, reject) => {
        held.push({ fail: reject });
        if (held.length === 2) began.resolve();
      }),
    // The first step of a start that has its turn. Nothing here could run a sandbox on it.
    async make() {
      made++;
      throw new Error("a disk was asked for");
    },
  };
  const fleet = createFleet({
    workshop: { disks, mountDir: directory, cgroups: null } as unknown as Workshop,
    ...{ records, packages: {} as PackageStore, defaultLimits: limits, warm: 0, log: () => undefined },
  });
  const spec = { limits, env: {} };
  const seed = { name: "sesn_source", wantedBytes: 1 };
  const forks = Array.from({ length: FORKS }, (_, index) => fleet.create(`sesn_fork${index}`, { ...spec, seed }));
  const ends = Promise.allSettled(forks);
  await began.promise;

  await expect(fleet.create("sesn_other", spec)).rejects.toThrow("a disk was asked for");
  expect([made, held.length]).toEqual([1, 2]);

  // One that can't be copied begins blank, and the next one's copy begins.
  for (let index = 0; index < FORKS; index++) {
    await expect.poll(() => held.length).toBeGreaterThan(index);
    held[index]?.fail(new Error("no room"));
  }
  for (const end of await ends)
    expect(end).toMatchObject({ status: "rejected", reason: { message: "a disk was asked for" } });
  expect([made, held.length]).toEqual([1 + FORKS, FORKS]);
});
