// Sandboxes that nobody uses sleep, those of deleted sessions go away, those that nobody knows are kept for a week, all others stay.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { blobsAway } from "../../test/support/memory-blobs.ts";
import { createSweepWorld, infoOf, SWEPT_SPEC, type SweepWorld, stateOf } from "../../test/support/sweep-world.ts";
import { createMemoryOwnerFile } from "../../test/support/turn-world.ts";
import { touchSandbox } from "../db/sandboxes.ts";
import { deleteSession } from "../db/sessions.ts";
import { newId } from "../lib/ids.ts";
import { KEEP_STRAYS_MS } from "../sessions/sandbox-states.ts";

let world: SweepWorld;
beforeAll(async () => {
  world = await createSweepWorld();
});
afterAll(() => world.dispose());

test("an idle one is put to sleep, one in use is not", async () => {
  const backend = createMemoryBackend();
  const idle = await world.sessionWithSandbox(backend, 120);
  const fresh = await world.sessionWithSandbox(backend, 5);
  const busy = await world.sessionWithSandbox(backend, 120);
  await sql`update sessions set wake_at = now(), lease_owner = 'wrk_x', lease_until = now() + interval '1 minute' where id = ${busy}`.execute(
    world.db,
  );
  await world.createSweeper(backend).sweep();
  expect(await stateOf(backend, idle)).toBe("hibernated");
  expect(await stateOf(backend, fresh)).toBe("running");
  expect(await stateOf(backend, busy)).toBe("running");
  expect(await world.session(idle)).toMatchObject({ leased: false, failedClaims: 0 });
});

test("that of a deleted session is removed, and only then forgotten", async () => {
  const backend = createMemoryBackend();
  const name = newId("session");
  await backend.create(name, SWEPT_SPEC);
  await sql`insert into sandbox_removals (name, team_id, backend) values (${name}, 'team_x', ${backend.id}), ('sesn_elsewhere', 'team_x', 'other')`.execute(
    world.db,
  );
  await world.createSweeper(backend).sweep();
  expect(await backend.list()).toEqual([]);
  const left = await sql<{ name: string }>`select name from sandbox_removals`.execute(world.db);
  expect(left.rows).toEqual([{ name: "sesn_elsewhere" }]);
});

test("one that was made for a session after it was deleted, by a worker that died of it, is removed and not kept as a stray", async () => {
  const backend = createMemoryBackend();
  const sessionId = await world.createSession();
  // Its worker made the disk, and was killed before it could write it down: the deletion found no sandbox.
  await backend.create(sessionId, SWEPT_SPEC);
  const { rows } = await sql<{ team_id: string }>`select team_id from sessions where id = ${sessionId}`.execute(
    world.db,
  );
  await deleteSession(world.db, { teamId: rows[0]?.team_id ?? "", sessionId });
  const stray = newId("session");
  await backend.create(stray, SWEPT_SPEC);
  await world.createSweeper(backend).sweep();
  expect((await backend.list()).map(({ name }) => name)).toEqual([stray]);
});

test("a stray is set aside after a minute and removed after a week; what is a session's or not ours is not touched", async () => {
  const backend = createMemoryBackend();
  const known = await world.createSession();
  const stray = newId("session");
  for (const name of [known, stray, "blank-1"]) await backend.create(name, SWEPT_SPEC);
  const { sweep, later, health } = world.createSweeper(backend);
  await sweep();
  later(59_000);
  await sweep();
  expect(await infoOf(backend, stray)).toMatchObject({ state: "running", setAsideAt: null });
  later(2_000);
  await sweep();
  expect(await infoOf(backend, stray)).toMatchObject({ state: "hibernated", setAsideAt: expect.any(Number) });
  later(KEEP_STRAYS_MS - 120_000);
  await sweep();
  expect(await infoOf(backend, stray)).toBeDefined();
  expect(health()).toMatchObject({ ours: true, setAside: 1, detail: expect.stringMatching(/removed from \d{4}-/) });
  later(180_000);
  await sweep();
  expect((await backend.list()).map((info) => info.name).sort()).toEqual([known, "blank-1"].sort());
  expect(await infoOf(backend, known)).toMatchObject({ state: "running", setAsideAt: null });
});

test("an older backup of the database loses nothing: a stray whose session is known again is a sandbox like any other", async () => {
  const backend = createMemoryBackend();
  const first = world.createSweeper(backend);
  await first.sweep();
  const sessionId = newId("session");
  const { identity } = await backend.create(sessionId, SWEPT_SPEC);
  await first.sweep();
  first.later(61_000);
  await first.sweep();
  expect((await infoOf(backend, sessionId))?.setAsideAt).not.toBeNull();
  const later = await world.createSession();
  await sql`update sessions set id = ${sessionId} where id = ${later}`.execute(world.db);
  await first.sweep();
  expect(await infoOf(backend, sessionId)).toMatchObject({ setAsideAt: null, identity });
  // Nor does the time it was away count when it is a stray once more.
  await sql`delete from sessions where id = ${sessionId}`.execute(world.db);
  await sql`delete from deleted_sessions where session_id = ${sessionId}`.execute(world.db);
  first.later(KEEP_STRAYS_MS);
  await first.sweep();
  first.later(61_000);
  await first.sweep();
  expect(await infoOf(backend, sessionId)).toMatchObject({ identity });
});

test("on another database, or a new one, no sandbox is touched however long it lasts, and it is told what to do", async () => {
  for (const owner of ["inst_another", null]) {
    const backend = createMemoryBackend();
    const names = [newId("session"), newId("session")];
    for (const name of names) await backend.create(name, SWEPT_SPEC);
    const file = createMemoryOwnerFile(owner);
    const { sweep, later, health } = world.createSweeper(backend, { ownerFile: file });
    for (const wait of [0, 61_000, KEEP_STRAYS_MS, KEEP_STRAYS_MS]) {
      later(wait);
      await sweep();
    }
    expect(await backend.list()).toEqual(
      names.map((name) => expect.objectContaining({ name, state: "running", setAsideAt: null })),
    );
    expect(health()).toMatchObject({ ours: false, detail: expect.stringContaining("DATABASE_URL") });
    expect(file.read()).toBe(owner);
    // As the detail says.
    file.write(/echo (\S+)/.exec(health()?.detail ?? "")?.[1] ?? "");
    await sweep();
    expect(health()).toMatchObject({ ours: true });
  }
});

test("what is put to sleep is kept in a snapshot first", async () => {
  const backend = createMemoryBackend();
  const idle = await world.sessionWithSandbox(backend, 120);
  backend.treeOf(idle).write("workspace/a", Buffer.from("content"));
  await world.createSweeper(backend).sweep();
  expect(await stateOf(backend, idle)).toBe("hibernated");
  expect(await world.snapshotsOf(idle)).toMatchObject([{ reason: "idle", files: 1, totalBytes: 7 }]);
});

test("a session that is wanted while its snapshot is taken keeps its sandbox, and there is no half a snapshot", async () => {
  const backend = createMemoryBackend();
  const idle = await world.sessionWithSandbox(backend, 120);
  backend.treeOf(idle).write("workspace/a", Buffer.from("content"));
  world.blobs.onRequest = async () => {
    world.blobs.onRequest = null;
    await sql`update sessions set wake_at = now() where id = ${idle}`.execute(world.db);
    // Long enough for the look at whether the session is wanted.
    await new Promise((resolve) => setTimeout(resolve, 400));
  };
  await world.createSweeper(backend).sweep();
  expect(await stateOf(backend, idle)).toBe("running");
  expect(await world.snapshotsOf(idle)).toEqual([]);
  expect(await world.session(idle)).toMatchObject({ leased: false });
});

test("with the blob store away it sleeps all the same, and the next time it is kept", async () => {
  const backend = createMemoryBackend();
  const idle = await world.sessionWithSandbox(backend, 120);
  backend.treeOf(idle).write("workspace/a", Buffer.from("content"));
  world.blobs.onRequest = blobsAway;
  await world.createSweeper(backend).sweep();
  world.blobs.onRequest = null;
  expect(await stateOf(backend, idle)).toBe("hibernated");
  await backend.create(idle, SWEPT_SPEC);
  backend.setUsedAt(idle, Date.now() - 120_000);
  await sql`update sandboxes set state = 'running' where session_id = ${idle}`.execute(world.db);
  await world.createSweeper(backend).sweep();
  expect(await world.snapshotsOf(idle)).toMatchObject([{ files: 1 }]);
});

test("what a turn changed is kept soon after it, once, and nothing in the sandbox is ended for that", async () => {
  const backend = createMemoryBackend();
  const sessionId = await world.sessionWithSandbox(backend, 20);
  const fresh = await world.sessionWithSandbox(backend, 3);
  backend.treeOf(sessionId).write("workspace/a", Buffer.from("one"));
  const { sweep } = world.createSweeper(backend);
  await sweep();
  expect(await world.filesOf(sessionId)).toEqual([{ reason: "turn", files: 1 }]);
  expect(await world.filesOf(fresh)).toEqual([]);
  expect(await stateOf(backend, sessionId)).toBe("running");
  expect(backend.quieted).toEqual([]);
  expect(await world.session(sessionId)).toMatchObject({ leased: false });

  // Nothing used it since: it is not looked at again, whenever.
  await sql`update snapshots set until_at = now() - interval '1 hour' where session_id = ${sessionId}`.execute(
    world.db,
  );
  await sweep();
  const quiet = await sql<{ until_at: Date }>`select until_at from snapshots where session_id = ${sessionId}`.execute(
    world.db,
  );
  expect(quiet.rows[0]?.until_at.getTime()).toBeLessThan(Date.now() - 1_800_000);

  await touchSandbox(world.db, { sessionId });
  await sql`update sandboxes set last_used_at = now() - interval '20 seconds' where session_id = ${sessionId}`.execute(
    world.db,
  );
  backend.treeOf(sessionId).write("workspace/b", Buffer.from("two"));
  await sweep();
  expect(await world.filesOf(sessionId)).toEqual([
    { reason: "turn", files: 2 },
    { reason: "turn", files: 1 },
  ]);
});

test("what a process in the background writes after the last use is kept, and an unchanged disk costs nothing", async () => {
  const backend = createMemoryBackend();
  const sessionId = await world.sessionWithSandbox(backend, 20);
  backend.treeOf(sessionId).write("workspace/a", Buffer.from("one"));
  const { sweep } = world.createSweeper(backend);
  const minutePasses = () =>
    sql`update snapshots set until_at = now() - interval '61 seconds' where session_id = ${sessionId}`.execute(
      world.db,
    );
  const busy = (is: boolean) => backend.setUsedAt(sessionId, is ? Date.now() + 60_000 : Date.now() - 20_000);
  busy(true);
  await sweep();
  expect(await world.filesOf(sessionId)).toEqual([{ reason: "turn", files: 1 }]);

  // It writes, and ends before the next sweep: not before a minute has gone by, but then.
  backend.treeOf(sessionId).write("workspace/log", Buffer.from("written by nobody's call"));
  busy(false);
  await sweep();
  expect(await world.filesOf(sessionId)).toHaveLength(1);
  await minutePasses();
  await sweep();
  expect(await world.filesOf(sessionId)).toEqual([
    { reason: "turn", files: 2 },
    { reason: "turn", files: 1 },
  ]);

  // One that was started unseen, and runs on without writing: looked at, nothing stored.
  busy(true);
  const blobs = [...world.blobs.blobs.keys()].sort();
  for (let round = 0; round < 3; round++) {
    await minutePasses();
    await sweep();
  }
  expect([...world.blobs.blobs.keys()].sort()).toEqual(blobs);
  expect(await world.filesOf(sessionId)).toHaveLength(2);
  expect(backend.quieted).toEqual([]);

  // Once it is quiet nobody looks any more.
  busy(false);
  for (let round = 0; round < 2; round++) {
    await minutePasses();
    await sweep();
  }
  const left = await sql`select 1 from sandboxes where session_id = ${sessionId} and dirty_since is not null`.execute(
    world.db,
  );
  expect(left.rows).toEqual([]);
});

test("a sandbox that is gone keeps no other from being kept", async () => {
  const backend = createMemoryBackend();
  const gone = await world.sessionWithSandbox(backend, 30);
  const other = await world.sessionWithSandbox(backend, 20);
  await sql`update sandboxes set dirty_since = now() - interval '1 hour' where session_id = ${gone}`.execute(world.db);
  backend.treeOf(other).write("workspace/a", Buffer.from("one"));
  backend.crash(gone);
  await world.createSweeper(backend).sweep();
  expect(await world.filesOf(other)).toEqual([{ reason: "turn", files: 1 }]);
});

test("a disk that replaced a lost one is not kept: what it lacks would be taken for removed", async () => {
  const backend = createMemoryBackend();
  const sessionId = await world.sessionWithSandbox(backend, 20);
  backend.treeOf(sessionId).write("workspace/a", Buffer.from("one"));
  const sweeper = world.createSweeper(backend);
  await sweeper.sweep();
  expect(await world.filesOf(sessionId)).toEqual([{ reason: "turn", files: 1 }]);
  // Somebody looked at the files meanwhile: that made an empty one, and its row says nothing of it.
  backend.lose(sessionId);
  await backend.create(sessionId, SWEPT_SPEC);
  await touchSandbox(world.db, { sessionId });
  for (const seconds of [20, 120]) {
    backend.setUsedAt(sessionId, Date.now() - seconds * 1_000);
    await sql`update sandboxes set last_used_at = now() - ${seconds}::int * interval '1 second' where session_id = ${sessionId}`.execute(
      world.db,
    );
    await sql`update snapshots set until_at = now() - interval '61 seconds' where session_id = ${sessionId}`.execute(
      world.db,
    );
    await sweeper.sweep();
    expect(await world.filesOf(sessionId)).toEqual([{ reason: "turn", files: 1 }]);
  }
  // Nobody uses it: it sleeps, and the next tool brings the files back onto it.
  expect(await rowOf(sessionId)).toBe("hibernated");
});

const rowOf = async (sessionId: string) => {
  const { rows } = await sql<{ state: string }>`select state from sandboxes where session_id = ${sessionId}`.execute(
    world.db,
  );
  return rows[0]?.state;
};

test("a row that says that it runs is held against what is there: one that ended sleeps, one that is not there is told", async () => {
  const backend = createMemoryBackend();
  await sql`update sandboxes set state = 'hibernated'`.execute(world.db);
  const fresh = await world.sessionWithSandbox(backend, 30);
  const busy = await world.sessionWithSandbox(backend, 90);
  const ended = await world.sessionWithSandbox(backend, 90);
  const running = await world.sessionWithSandbox(backend, 90);
  const lost = await world.sessionWithSandbox(backend, 90);
  for (const name of [fresh, busy, ended]) await backend.hibernate(name);
  backend.lose(lost);
  await sql`update sessions set wake_at = now() + interval '1 hour' where id = ${busy}`.execute(world.db);
  // Idle for longer than these are unused: nothing is put to sleep.
  const { sweep, health } = world.createSweeper(backend, { idleMs: 600_000 });
  await sweep();
  expect(await rowOf(ended)).toBe("hibernated");
  for (const one of [fresh, busy, running, lost]) expect(await rowOf(one)).toBe("running");
  expect(health()).toMatchObject({
    ours: true,
    missing: 1,
    detail: expect.stringMatching(/One sandbox that should run is not on this machine/),
  });
  // Another disk under its name is not what was lost, asleep or not, until a turn has said so.
  const { identity } = await backend.create(lost, SWEPT_SPEC);
  await sweep();
  expect(health()).toMatchObject({ missing: 1 });
  await backend.hibernate(lost);
  await sweep();
  expect(await rowOf(lost)).toBe("running");
  expect(health()).toMatchObject({ missing: 1 });
  await sql`update sandboxes set identity = ${identity} where session_id = ${lost}`.execute(world.db);
  await sweep();
  expect(await rowOf(lost)).toBe("hibernated");
  expect(health()).toMatchObject({ missing: 0, detail: "The sandboxes' disks belong to this database." });
});

test("one that was woken by somebody who died of it is found, and put to sleep when nobody uses it", async () => {
  const backend = createMemoryBackend();
  const woken = await world.sessionWithSandbox(backend, 90);
  const fresh = await world.sessionWithSandbox(backend, 30);
  await sql`update sandboxes set state = 'hibernated' where session_id in (${woken}, ${fresh})`.execute(world.db);
  await world.createSweeper(backend, { idleMs: 600_000 }).sweep();
  expect(await rowOf(woken)).toBe("running");
  expect(await rowOf(fresh)).toBe("hibernated");
  await world.createSweeper(backend, { idleMs: 60_000 }).sweep();
  expect(await stateOf(backend, woken)).toBe("hibernated");
  expect(await rowOf(woken)).toBe("hibernated");
});

test("on another database no row is changed", async () => {
  const backend = createMemoryBackend();
  const sessionId = await world.sessionWithSandbox(backend, 90);
  await backend.hibernate(sessionId);
  await world.createSweeper(backend, { ownerFile: createMemoryOwnerFile("inst_another"), idleMs: 600_000 }).sweep();
  expect(await rowOf(sessionId)).toBe("running");
});

test("while the store is away it is asked once a minute, and the files are kept when it is back", async () => {
  const backend = createMemoryBackend();
  const sessionId = await world.sessionWithSandbox(backend, 20);
  backend.treeOf(sessionId).write("workspace/a", Buffer.from("one"));
  const { sweep, later } = world.createSweeper(backend);
  let asked = 0;
  world.blobs.onRequest = () => {
    asked += 1;
    blobsAway();
  };
  await sweep();
  const before = asked;
  expect(before).toBeGreaterThan(0);
  await sweep();
  expect(asked).toBe(before);
  world.blobs.onRequest = null;
  later(61_000);
  await sweep();
  expect(await world.filesOf(sessionId)).toEqual([{ reason: "turn", files: 1 }]);
});

test("one that says that it is in use does not sleep, however long ago it was used through us", async () => {
  const backend = createMemoryBackend();
  const sessionId = await world.sessionWithSandbox(backend, 120);
  backend.setUsedAt(sessionId, Date.now());
  const { sweep } = world.createSweeper(backend);
  await sweep();
  expect(await stateOf(backend, sessionId)).toBe("running");
  backend.setUsedAt(sessionId, Date.now() - 120_000);
  await sweep();
  // It counted as used just now.
  expect(await stateOf(backend, sessionId)).toBe("running");
  await sql`update sandboxes set last_used_at = now() - interval '2 minutes' where session_id = ${sessionId}`.execute(
    world.db,
  );
  await sweep();
  expect(await stateOf(backend, sessionId)).toBe("hibernated");
});
