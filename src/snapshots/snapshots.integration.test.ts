// Snapshots from end to end: what was taken comes back, little is stored twice, and nothing half exists.
import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { blobsAway } from "../../test/support/memory-blobs.ts";
import { createSnapshotWorld, type Disk, newDisk, type SnapshotWorld } from "../../test/support/snapshot-world.ts";
import { listSnapshotPage } from "../db/snapshot-lists.ts";
import { listSnapshots } from "../db/snapshots.ts";

let world: SnapshotWorld;
let session: string;
let disk: Disk;
beforeAll(async () => {
  world = await createSnapshotWorld();
});
afterAll(() => world.dispose());
beforeEach(async () => {
  world.blobs.onRequest = null;
  session = await world.createSession();
  disk = newDisk();
});

const MB = 1024 * 1024;
const packs = () => [...world.blobs.blobs.keys()].filter((key) => key.startsWith("packs/"));

/** One of everything that a tree can hold. */
function fill({ tree }: Disk): void {
  tree.directory("workspace/src", 0o750);
  tree.directory("workspace/src/empty");
  for (let index = 0; index < 30; index++)
    tree.write(`workspace/src/f${index}`, Buffer.from(`file ${index}\n`.repeat(50)));
  tree.write("workspace/nothing", Buffer.alloc(0), { mode: 0o600 });
  tree.write("workspace/run.sh", Buffer.from("#!/bin/sh\n"), { mode: 0o755 });
  tree.write("workspace/raw\xff\n", randomBytes(10), { mtimeNs: -5_000_000_000n });
  tree.write("workspace/large", randomBytes(5 * MB));
  const sparse = Buffer.alloc(6 * MB);
  sparse.write("in the middle", 3 * MB);
  tree.write("workspace/sparse", sparse, { sparse: true });
  tree.symlink("workspace/out", "/etc/passwd");
  tree.symlink("workspace/loop", "loop");
  tree.link("workspace/src/twin", "workspace/run.sh");
  tree.write("home/.profile", Buffer.from("export A=1\n"));
}

describe("a snapshot", () => {
  test("comes back on another disk as it was: files, modes, times, links, holes", async () => {
    fill(disk);
    disk.tree.leftOut("workspace/pipe", "a named pipe");
    const taken = await world.take(session, disk);
    expect(taken).toMatchObject({ unchanged: false, leftOutCount: 1, changedCount: 0 });
    const other = newDisk();
    const receipt = await world.restore(session, other, taken.snapshotId);
    expect(other.tree.describe()).toEqual(disk.tree.describe());
    expect(receipt).toMatchObject({
      snapshotId: taken.snapshotId,
      files: taken.files,
      writtenFiles: taken.files,
      checkedFiles: taken.files,
      writtenBytes: taken.totalBytes,
      links: 1,
      symlinks: 2,
      sameFiles: 0,
      refused: [],
      leftOut: [{ path: "/workspace/pipe", why: "a named pipe" }],
    });
  });

  test("of an unchanged tree reads no file, stores nothing, and is the one before", async () => {
    fill(disk);
    const first = await world.take(session, disk, { seq: 3 });
    const before = { read: disk.tree.read.length, blobs: world.blobs.blobs.size };
    const second = await world.take(session, disk, { seq: 9 });
    expect(second).toMatchObject({ snapshotId: first.snapshotId, unchanged: true, filesRead: 0, newPacks: 0 });
    expect(disk.tree.read.length).toBe(before.read);
    expect(world.blobs.blobs.size).toBe(before.blobs);
    expect(await world.lastOf(session)).toMatchObject({ seq: 3, untilSeq: 9 });
  });

  test("after a change of one file reads that one, and stores it and the directories above it", async () => {
    fill(disk);
    await world.take(session, disk);
    disk.tree.read.length = 0;
    disk.tree.change("workspace/src/f7", Buffer.from("changed"));
    const second = await world.take(session, disk);
    expect(disk.tree.read).toEqual(["workspace/src/f7"]);
    expect(second.newBytes).toBeLessThan(10_000);
    const other = newDisk();
    await world.restore(session, other, second.snapshotId);
    expect(other.tree.describe()).toEqual(disk.tree.describe());
  });

  test("of a moved or copied file stores nothing of its content again", async () => {
    const content = randomBytes(3 * MB);
    disk.tree.write("workspace/a", content);
    await world.take(session, disk);
    disk.tree.remove("workspace/a");
    for (const name of ["b", "c"]) disk.tree.write(`workspace/${name}`, content);
    const second = await world.take(session, disk);
    expect(second.filesRead).toBe(2);
    expect(second.newBytes).toBeLessThan(5_000);
  });

  test("of a large file that grew stores what is new", async () => {
    const content = randomBytes(20 * MB);
    disk.tree.write("workspace/log", content);
    await world.take(session, disk);
    disk.tree.change("workspace/log", Buffer.concat([content, randomBytes(100_000)]));
    const second = await world.take(session, disk);
    expect(second.newBytes).toBeLessThan(4.5 * MB);
    const other = newDisk();
    await world.restore(session, other, second.snapshotId);
    expect(other.tree.describe()).toEqual(disk.tree.describe());
  });

  test("of holes stores nothing", async () => {
    disk.tree.write("workspace/sparse", Buffer.alloc(8 * MB), { sparse: true });
    expect((await world.take(session, disk)).newBytes).toBeLessThan(5_000);
  });

  test("says what is different from the one before, also when that has lost content; of a damaged one nobody knows", async () => {
    const changesOf = async () => {
      const page = { limit: 1, order: "desc" as const };
      const [newest] = await listSnapshotPage(world.db, { teamId: world.teamId, sessionId: session, page });
      if (!newest) throw new Error("no snapshot");
      return newest.changes;
    };
    fill(disk);
    const first = await world.take(session, disk, { seq: 3 });
    expect(await changesOf()).toMatchObject({
      since: null,
      added: { count: first.files + 3 },
      changed: { count: 0 },
      removed: { count: 0, paths: [] },
    });
    expect((await changesOf())?.added.paths).toContain("/workspace/raw\uFFFD\n");
    await world.take(session, disk, { seq: 5 });
    disk.tree.remove("workspace/large");
    disk.tree.change("workspace/src/f7", Buffer.from("changed"));
    disk.tree.write("workspace/new\u0000\ud800", Buffer.from("new"));
    const [pack] = packs();
    world.blobs.blobs.delete(pack ?? "");
    const second = await world.take(session, disk, { seq: 8 });
    expect(await changesOf()).toEqual({
      since: { snapshotId: first.snapshotId, seq: 5, at: expect.any(String) },
      added: { count: 1, paths: [expect.stringContaining("/workspace/new")] },
      changed: { count: 1, paths: ["/workspace/src/f7"] },
      removed: { count: 1, paths: ["/workspace/large"] },
    });
    for (const key of packs()) world.blobs.blobs.delete(key);
    disk.tree.remove("workspace/nothing");
    expect((await world.take(session, disk)).snapshotId).not.toBe(second.snapshotId);
    expect(await changesOf()).toBeNull();
  });

  test("takes a file that changes all the time as it was at some moment, says so, and reads it again the next time", async () => {
    disk.tree.write("workspace/busy", Buffer.alloc(300_000, 1));
    disk.tree.onRead = (path) => disk.tree.change(path, Buffer.alloc(300_000, disk.tree.read.length % 250));
    const taken = await world.take(session, disk);
    expect(taken.changedCount).toBe(1);
    disk.tree.onRead = null;
    expect(await world.take(session, disk)).toMatchObject({ filesRead: 1, changedCount: 0, unchanged: false });
  });

  test("goes on when the store lost what helps it, and reads everything again when the last one is damaged", async () => {
    fill(disk);
    const first = await world.take(session, disk);
    for (const key of world.blobs.blobs.keys()) if (key.startsWith("indexes/")) world.blobs.blobs.delete(key);
    expect(await world.take(session, disk)).toMatchObject({ unchanged: true, filesRead: first.files, newPacks: 0 });
    for (const key of packs()) world.blobs.blobs.delete(key);
    const again = await world.take(session, disk);
    expect(again).toMatchObject({ filesRead: first.files, unchanged: false });
    const other = newDisk();
    await world.restore(session, other, again.snapshotId);
    expect(other.tree.describe()).toEqual(disk.tree.describe());
  });
});

describe("a pack that vanished from the store", () => {
  test.each(["is gone", "was cut short"])(
    "and %s: its unchanged files are read again, and come back whole",
    async (how) => {
      disk.tree.directory("workspace/d");
      disk.tree.write("workspace/d/first", randomBytes(33 * MB));
      disk.tree.write("workspace/d/second", randomBytes(2 * MB));
      const first = await world.take(session, disk);
      const { key } = await contentOf("workspace/d/first");
      const others = packs().filter((one) => one !== key);
      expect(others.length).toBeGreaterThan(0);
      const whole = world.blobs.blobs.get(key) ?? Buffer.alloc(0);
      if (how === "is gone") world.blobs.blobs.delete(key);
      else world.blobs.blobs.set(key, whole.subarray(0, whole.length - 1));
      disk.tree.read.length = 0;
      const second = await world.take(session, disk);
      expect(disk.tree.read).toEqual(["workspace/d/first"]);
      expect(second).toMatchObject({ unchanged: false, filesRead: 1 });
      expect(second.snapshotId).not.toBe(first.snapshotId);
      // And from here on nothing is read again.
      expect(await world.take(session, disk)).toMatchObject({ unchanged: true, filesRead: 0, newPacks: 0 });
      const other = newDisk();
      expect(await world.restore(session, other, second.snapshotId)).toMatchObject({ refused: [] });
      expect(other.tree.describe()).toEqual(disk.tree.describe());
    },
  );

  test("is not what a store is that can't be asked: no snapshot is taken", async () => {
    fill(disk);
    await world.take(session, disk);
    const before = packs();
    const isOfPack = (request: string, key: string) => request === "get" && key.startsWith("packs/");
    let gets = 0;
    world.blobs.onRequest = (request, key) => {
      if (isOfPack(request, key)) gets += 1;
    };
    await world.take(session, disk);
    // Of the same requests the last one fails: the look at the packs.
    let left = gets;
    world.blobs.onRequest = (request, key) => {
      if (isOfPack(request, key) && --left === 0) blobsAway();
    };
    await expect(world.take(session, disk)).rejects.toMatchObject({ code: "unavailable" });
    expect(packs()).toEqual(before);
  });
});

describe("a snapshot that does not come to its end", () => {
  test.each(["the first pack", "the last blob"])(
    "because the store goes away at %s: there is none, and the next one is whole",
    async (when) => {
      fill(disk);
      disk.tree.write("workspace/second", randomBytes(33 * MB));
      let puts = 0;
      world.blobs.onRequest = (request) => {
        if (request === "put" && (when === "the first pack" || ++puts === 2)) blobsAway();
      };
      await expect(world.take(session, disk)).rejects.toMatchObject({ code: "unavailable" });
      expect(await listSnapshots(world.db, { teamId: world.teamId, sessionId: session, limit: 10 })).toEqual([]);
      world.blobs.onRequest = null;
      const taken = await world.take(session, disk);
      const other = newDisk();
      await world.restore(session, other, taken.snapshotId);
      expect(other.tree.describe()).toEqual(disk.tree.describe());
    },
  );

  test("because somebody needs the sandbox: it stops at once", async () => {
    fill(disk);
    const stop = new AbortController();
    world.blobs.onRequest = () => stop.abort(new Error("a message came"));
    await expect(world.take(session, disk, { signal: stop.signal })).rejects.toThrow("a message came");
    expect(await world.lastOf(session)).toBeNull();
  });

  test("because its session is deleted: it leaves nothing but packs that nobody needs", async () => {
    fill(disk);
    world.blobs.onRequest = (request, key) => {
      if (request === "put" && key.startsWith("indexes/")) world.blobs.onRequest = null;
    };
    const taking = world.take(session, disk);
    await sql`delete from sandboxes where session_id = ${session}`.execute(world.db);
    await sql`delete from sessions where id = ${session}`.execute(world.db);
    await expect(taking).rejects.toMatchObject({ code: "conflict" });
  });

  test.each([
    ["names a file that nobody asked for", { type: "file", path: "workspace/other" }],
    ["gives more than the file has", { type: "data", bytes: Buffer.alloc(1000) }],
    ["ends a file that has not begun", { type: "end", changed: false, settled: true }],
  ])("because the sandbox %s", async (_what, lie) => {
    disk.tree.write("workspace/a", Buffer.from("x"));
    const { readTree } = disk.tree;
    async function* lying(paths: readonly string[]) {
      for await (const part of readTree(paths)) {
        if (part.type === "data" || lie.type !== "data") yield { ...part, ...lie } as never;
        else yield part;
      }
    }
    const liar = { identity: disk.identity, tree: { ...disk.tree, readTree: lying } };
    await expect(world.take(session, liar)).rejects.toMatchObject({ code: "sandbox_unavailable" });
  });
});

describe("a restore", () => {
  test("onto the disk it was taken of writes only what differs, and removes what was not there", async () => {
    fill(disk);
    const taken = await world.take(session, disk);
    const before = disk.tree.describe();
    disk.tree.change("workspace/src/f1", Buffer.from("other"));
    disk.tree.write("workspace/new", Buffer.from("x"));
    disk.tree.directory("workspace/newdir");
    disk.tree.write("workspace/newdir/deep", Buffer.from("x"));
    disk.tree.remove("workspace/src/empty");
    disk.tree.remove("workspace/large");
    disk.tree.directory("workspace/large");
    disk.tree.write("workspace/large/in", Buffer.from("x"));
    disk.tree.symlink("workspace/out", "elsewhere");
    const receipt = await world.restore(session, disk, taken.snapshotId, { base: await world.lastOf(session) });
    expect(disk.tree.describe()).toEqual(before);
    expect(receipt).toMatchObject({ writtenFiles: 2, sameFiles: taken.files - 2, removed: 3, refused: [] });
    disk.tree.read.length = 0;
    expect(await world.take(session, disk)).toMatchObject({ unchanged: true });
    // Only names of one file are looked at again: linking them changes their times.
    expect(disk.tree.read.length).toBeLessThanOrEqual(1);
  });

  test("does not take a file for the same because its size and time are", async () => {
    disk.tree.write("workspace/a", Buffer.from("one"), { mtimeNs: 5_000_000_000n });
    const taken = await world.take(session, disk);
    disk.tree.write("workspace/a", Buffer.from("two"), { mtimeNs: 5_000_000_000n });
    await world.restore(session, disk, taken.snapshotId, { base: await world.lastOf(session) });
    const again = newDisk();
    await world.restore(session, again, taken.snapshotId);
    expect(disk.tree.describe()).toEqual({ ...again.tree.describe(), workspace: disk.tree.describe().workspace });
  });

  test("of a snapshot whose root is damaged says so, and touches nothing", async () => {
    fill(disk);
    const taken = await world.take(session, disk);
    for (const key of packs()) world.blobs.blobs.set(key, Buffer.alloc(100));
    const other = newDisk();
    other.tree.write("workspace/kept", Buffer.from("x"));
    const before = other.tree.describe();
    const receipt = await world.restore(session, other, taken.snapshotId);
    expect(receipt).toMatchObject({ refused: [{ path: "/" }], writtenFiles: 0, removed: 0 });
    expect(other.tree.describe()).toEqual(before);
  });

  test("keeps what was there of a file that is refused, and tells both names", async () => {
    disk.tree.directory("workspace/d");
    disk.tree.write("workspace/d/damaged", randomBytes(200_000));
    disk.tree.link("workspace/d/twin", "workspace/d/damaged");
    disk.tree.write("workspace/d/fine", Buffer.from("fine"));
    const taken = await world.take(session, disk);
    const { key, offset } = await contentOf("workspace/d/damaged");
    world.blobs.blobs.get(key)?.fill(0, offset + 100, offset + 110);
    const other = newDisk();
    other.tree.directory("workspace/d");
    other.tree.write("workspace/d/damaged", Buffer.from("older"));
    const older = other.tree.describe()["workspace/d/damaged"];
    const receipt = await world.restore(session, other, taken.snapshotId);
    expect(receipt.refused).toEqual([
      { path: "/workspace/d/damaged", why: expect.stringContaining("is not what was stored") },
      { path: "/workspace/d/twin", why: expect.stringContaining("another name") },
    ]);
    expect(receipt).toMatchObject({ refusedCount: 2, writtenFiles: 1, checkedFiles: 1 });
    expect(other.tree.describe()["workspace/d/damaged"]).toBe(older);
    expect(other.tree.describe()["workspace/d/fine"]).toBe(disk.tree.describe()["workspace/d/fine"]);
  });

  test("writes only what is different onto a disk that began as another one's, and believes no time or size", async () => {
    fill(disk);
    const taken = await world.take(session, disk);
    const before = disk.tree.describe();
    const stamped = { mtimeNs: 5_000_000_000n };
    disk.tree.write("workspace/same-size", Buffer.from("later"), stamped);
    disk.tree.write("workspace/src/f2", Buffer.from("later"));
    disk.tree.remove("workspace/src/f3");
    const seeded = newDisk(disk);
    const torn = seeded.tree.contentOf("workspace/src/f4");
    torn.fill("#");
    const receipt = await world.restore(session, seeded, taken.snapshotId, { notOurs: true });
    expect(seeded.tree.describe()).toEqual(before);
    expect(receipt).toMatchObject({ writtenFiles: 3, sameFiles: taken.files - 3, removed: 1, refused: [] });
    expect(receipt.checkedFiles).toBe(taken.files);
    expect(seeded.tree.hashed).toHaveLength(taken.files - 2);
    // It is known from now on.
    seeded.tree.read.length = 0;
    await world.take(session, seeded);
    expect(seeded.tree.read.length).toBeLessThanOrEqual(1);
  });

  test("leaves nothing of another session's later files in place of what is damaged", async () => {
    disk.tree.directory("workspace/d");
    disk.tree.write("workspace/d/damaged", randomBytes(200_000));
    disk.tree.write("workspace/d/fine", Buffer.from("fine"));
    const taken = await world.take(session, disk);
    const { key, offset } = await contentOf("workspace/d/damaged");
    disk.tree.write("workspace/d/damaged", Buffer.from("later"));
    const seeded = newDisk(disk);
    world.blobs.blobs.get(key)?.fill(0, offset + 100, offset + 110);
    const receipt = await world.restore(session, seeded, taken.snapshotId, { notOurs: true });
    expect(receipt).toMatchObject({ refused: [{ path: "/workspace/d/damaged" }], sameFiles: 1 });
    expect(seeded.tree.paths()).toEqual(["home", "workspace", "workspace/d", "workspace/d/fine"]);
    for (const pack of packs()) world.blobs.blobs.set(pack, Buffer.alloc(100));
    const other = newDisk(disk);
    expect(await world.restore(session, other, taken.snapshotId, { notOurs: true })).toMatchObject({
      refused: [{ path: "/" }],
    });
    expect(other.tree.paths()).toEqual(["home", "workspace"]);
  });

  test("of a directory whose object is damaged keeps what is there, and restores the others", async () => {
    disk.tree.directory("workspace/bad");
    disk.tree.write("workspace/bad/a", Buffer.from("a"));
    disk.tree.directory("workspace/good");
    disk.tree.write("workspace/good/b", Buffer.from("b"));
    const taken = await world.take(session, disk);
    const bad = await objectOf("workspace/bad");
    world.blobs.blobs.get(bad.key)?.fill(0, bad.offset, bad.offset + 20);
    const other = newDisk();
    other.tree.directory("workspace/bad");
    other.tree.write("workspace/bad/kept", Buffer.from("kept"));
    const receipt = await world.restore(session, other, taken.snapshotId);
    expect(receipt.refused).toEqual([{ path: "/workspace/bad", why: expect.any(String) }]);
    expect(other.tree.paths()).toEqual(expect.arrayContaining(["workspace/bad/kept", "workspace/good/b"]));
  });

  test("names what the sandbox could not write, and goes on", async () => {
    fill(disk);
    const taken = await world.take(session, disk);
    const other = newDisk();
    other.tree.writeProblems.set("workspace/large", "no space left on device");
    const receipt = await world.restore(session, other, taken.snapshotId);
    expect(receipt.refused).toEqual([{ path: "/workspace/large", why: "no space left on device" }]);
    expect(receipt.writtenFiles).toBe(taken.files - 1);
  });

  test("with the store away fails as a whole, and done again brings everything", async () => {
    fill(disk);
    const taken = await world.take(session, disk);
    const other = newDisk();
    let gets = 0;
    world.blobs.onRequest = (request) => {
      if (request === "get" && ++gets > 3) blobsAway();
    };
    await expect(world.restore(session, other, taken.snapshotId)).rejects.toMatchObject({ code: "unavailable" });
    world.blobs.onRequest = null;
    await world.restore(session, other, taken.snapshotId);
    expect(other.tree.describe()).toEqual(disk.tree.describe());
  });
});

/** Where a file's first chunk lies, by the manifest of the session's last snapshot. */
async function contentOf(path: string) {
  const { readManifest } = await import("./manifest.ts");
  const { createChunkReader } = await import("./chunk-reader.ts");
  const { chunksOf, fromStoredContent, packKey } = await import("./content.ts");
  const last = await world.lastOf(session);
  if (!last) throw new Error("no snapshot");
  const reader = createChunkReader({ blobs: world.blobs, teamId: world.teamId });
  const entry = (await readManifest(fromStoredContent(last.root), reader)).manifest.get(path);
  const chunk = entry?.kind === "file" ? chunksOf(entry.content)[0] : undefined;
  if (!chunk) throw new Error(`${path} has no content`);
  return { key: packKey(world.teamId, chunk.pack), offset: chunk.offset };
}

/** Where a directory's object lies. */
async function objectOf(path: string) {
  const { createChunkReader } = await import("./chunk-reader.ts");
  const { fromStoredContent, packKey } = await import("./content.ts");
  const last = await world.lastOf(session);
  if (!last) throw new Error("no snapshot");
  const reader = createChunkReader({ blobs: world.blobs, teamId: world.teamId });
  let content = last.root;
  for (const name of path.split("/")) {
    const lines = (await reader.readContent(fromStoredContent(content))).toString("utf8").trim().split("\n");
    content = lines.map((line) => JSON.parse(line)).find((entry) => entry.name === name);
  }
  const chunk = fromStoredContent(content).segments[0];
  if (!chunk || "zeros" in chunk) throw new Error("no chunk");
  return { key: packKey(world.teamId, chunk.pack), offset: chunk.offset };
}
