// Files go back with the conversation, and come along into a fork, whatever fails or dies meanwhile.
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { MemoryBackend } from "../../test/support/memory-backend.ts";
import { blobsAway } from "../../test/support/memory-blobs.ts";
import { createObedientModel, createWritingBackend, insisting } from "../../test/support/obedient-agent.ts";
import { ASK_ALL, createTurnWorld, gate, type TestWorker, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import { inTransaction } from "../db/database.ts";
import { claimIdleSession } from "../db/leases.ts";
import { findOpenRestore, giveToForks, hasWaitingForks, listSnapshotPlaces } from "../db/restores.ts";
import { listRemovals } from "../db/sandboxes.ts";
import { deleteSession } from "../db/sessions.ts";
import { createNotifier, type Notifier } from "../db/wakeups.ts";
import { systemClock } from "../lib/clock.ts";
import { newId } from "../lib/ids.ts";
import { createLogger } from "../lib/logger.ts";
import { createForkSession } from "./fork-session.ts";
import { createRewindSession } from "./rewind-session.ts";
import { createSessionSnapshots } from "./session-snapshots.ts";
import { getSession } from "./sessions.ts";

let world: TurnWorld;
let notifier: Notifier;
let backend: MemoryBackend;
const workers: TestWorker[] = [];
beforeAll(async () => {
  world = await createTurnWorld();
  const logger = createLogger("test", { level: "silent", pretty: false });
  notifier = createNotifier({ url: world.url, applicationName: "test", logger });
});
beforeEach(() => {
  backend = createWritingBackend();
});
afterEach(async () => {
  world.blobs.onRequest = null;
  await stopAll();
});
afterAll(async () => {
  await notifier.close();
  await world.dispose();
});

const onFilesWanted = (sessionId: string) => notifier.wantFiles(sessionId);
const uses = { clock: systemClock, onLogGrew: () => undefined, onFilesWanted };
const rewindSession = createRewindSession(uses);
const forkSession = createForkSession(uses);
const ofId = (id: string) => world.db.selectFrom("sessions").select("team_id").where("id", "=", id);
const teamOf = async (sessionId: string) => (await ofId(sessionId).executeTakeFirstOrThrow()).team_id;
const rewind = async (sessionId: string, eventId: string) => {
  const team = await teamOf(sessionId);
  return insisting(() => inTransaction(world.db, (tx) => rewindSession(tx, team, { sessionId, eventId })));
};
const fork = async (sessionId: string, eventId?: string) => {
  const teamId = await teamOf(sessionId);
  return insisting(() => inTransaction(world.db, (tx) => forkSession(tx, teamId, { sessionId, eventId })));
};
async function turn(sessionId: string, text: string): Promise<string> {
  const message = await world.say(sessionId, text);
  await world.settled(sessionId);
  return message;
}
const openOf = (sessionId: string) => findOpenRestore(world.db, { sessionId });
const filesBack = (sessionId: string) => until(async () => (await openOf(sessionId)) === null);
/** What is in its workspace, as `path=content`. */
const filesOf = (sessionId: string) =>
  Object.entries(backend.treeOf(sessionId).texts())
    .map((entry) => entry.join("="))
    .sort();
const eventsOf = async (sessionId: string, type: string) =>
  (await world.log(sessionId)).filter((event) => event.type === type);
const start = async () => {
  const worker = await world.startWorker({ model: createObedientModel(), backend });
  workers.push(worker);
  return worker;
};

async function stopAll(): Promise<void> {
  for (const worker of workers.splice(0)) await worker.stop();
}

test("a rewind brings the files back, though they were never asked to be kept, and tells user and model", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1; b=1");
  const second = await turn(sessionId, "run: a=2; rm b; c=2");
  await turn(sessionId, "run: d=3");
  await rewind(sessionId, second);
  await filesBack(sessionId);
  expect(filesOf(sessionId)).toEqual(["a=1", "b=1"]);
  const [rewound] = await eventsOf(sessionId, "session.rewound");
  expect(rewound?.payload.files).toMatchObject({ type: "snapshot", exact: true });
  expect(await eventsOf(sessionId, "session.restored")).toMatchObject([
    { payload: { reason: "rewind", exact: true, files: 2, removed: 2, refused: [] } },
  ]);
  await turn(sessionId, "run: e=4");
  await turn(sessionId, "run: f=5");
  const results = (await eventsOf(sessionId, "agent.tool_result")).map(({ payload }) =>
    JSON.stringify(payload.content),
  );
  expect(results.at(-2)).toContain("so did the sandbox");
  expect(results.at(-1)).not.toContain("Notice");
  expect(filesOf(sessionId)).toEqual(["a=1", "b=1", "e=4", "f=5"]);
});

test("before the first tool the workspace is empty again, and a later rewind finds its own line", async () => {
  await start();
  const sessionId = await world.createSession();
  const first = await turn(sessionId, "run: a=1");
  await turn(sessionId, "run: a=2");
  await rewind(sessionId, first);
  await filesBack(sessionId);
  expect(filesOf(sessionId)).toEqual([]);
  expect(await eventsOf(sessionId, "session.restored")).toMatchObject([
    { payload: { reason: "rewind", snapshot_id: null, taken_at: null } },
  ]);
  await turn(sessionId, "run: other=1");
  const next = await turn(sessionId, "run: other=2");
  await rewind(sessionId, next);
  await filesBack(sessionId);
  expect(filesOf(sessionId)).toEqual(["other=1"]);
});

test("a fork at a message has the files of then, and neither changes the other", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1");
  const second = await turn(sessionId, "run: a=2");
  const copy = await fork(sessionId, second);
  await filesBack(copy.id);
  expect(filesOf(copy.id)).toEqual(["a=1"]);
  expect(await eventsOf(copy.id, "session.restored")).toMatchObject([{ payload: { reason: "fork", files: 1 } }]);
  await turn(copy.id, "run: b=fork");
  expect(filesOf(copy.id)).toEqual(["a=1", "b=fork"]);
  expect(filesOf(sessionId)).toEqual(["a=2"]);
  // It can go back as far as the one that it comes from.
  const [message] = (await world.log(copy.id)).filter(({ type, echo }) => type === "user.message" && echo);
  await rewind(copy.id, message?.id ?? "");
  await filesBack(copy.id);
});

test("a fork of all has what is there now, even if its source goes on, or is deleted, at once", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1");
  const one = await fork(sessionId);
  // The source runs on: what it changes is not in the fork.
  await turn(sessionId, "run: a=2");
  await filesBack(one.id);
  expect(filesOf(one.id)).toEqual(["a=1"]);
  const two = await fork(sessionId);
  const teamId = await teamOf(sessionId);
  await inTransaction(world.db, (tx) => deleteSession(tx, { teamId, sessionId }));
  await filesBack(two.id);
  expect(filesOf(two.id)).toEqual(["a=2"]);
});

test("a source that is deleted while its files are being kept is kept from its disk, without a pause", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1");
  const reached = gate();
  const goOn = gate();
  world.blobs.onRequest = async (request) => {
    if (request !== "put") return;
    reached.open();
    await goOn.opened;
  };
  const copy = await fork(sessionId);
  await reached.opened;
  const teamId = await teamOf(sessionId);
  await inTransaction(world.db, (tx) => deleteSession(tx, { teamId, sessionId }));
  goOn.open();
  const problems = new Set<string>();
  await until(async () => {
    const open = await openOf(copy.id);
    if (open?.problem) problems.add(open.problem);
    return open === null;
  });
  expect([...problems]).toEqual([]);
  expect(filesOf(copy.id)).toEqual(["a=1"]);
});

test("the disk of a deleted session stays until its fork has the files", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1");
  await stopAll();
  const copy = await fork(sessionId);
  const teamId = await teamOf(sessionId);
  await inTransaction(world.db, (tx) => deleteSession(tx, { teamId, sessionId }));
  const removals = () => listRemovals(world.db, { backend: backend.id, limit: 10 });
  expect(await removals()).toEqual([]);
  await start();
  await filesBack(copy.id);
  expect(filesOf(copy.id)).toEqual(["a=1"]);
  expect(await hasWaitingForks(world.db, { sessionId })).toBe(false);
});

test("with the blob store away files wait, are not forgotten, and no tool runs on the wrong ones", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1");
  const second = await turn(sessionId, "run: a=2");
  world.blobs.onRequest = () => blobsAway();
  await rewind(sessionId, second);
  await until(async () => (await openOf(sessionId))?.problem !== null);
  await turn(sessionId, "run: a=3");
  const [result] = (await eventsOf(sessionId, "agent.tool_result")).slice(-1);
  expect(JSON.stringify(result?.payload)).toContain("can't be brought back from their snapshot right now");
  expect(filesOf(sessionId)).toEqual(["a=2"]);
  world.blobs.onRequest = null;
  await turn(sessionId, "run: b=4");
  expect(filesOf(sessionId)).toEqual(["a=1", "b=4"]);
  expect(await openOf(sessionId)).toBeNull();
  expect((await world.session(sessionId)).failedClaims).toBe(0);
});

test("a worker that dies in the middle leaves files that are half one, half the other: the next one ends it", async () => {
  const worker = await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1; b=1; c=1");
  const second = await turn(sessionId, "run: a=2; b=2; c=2; d=2");
  const reached = gate();
  const never = new Promise<void>(() => undefined);
  // The files before are kept by then; what is read now is what they go back to.
  world.blobs.onRequest = async (request) => {
    if (request !== "get" || (await openOf(sessionId))?.beforeId === null) return;
    reached.open();
    await never;
  };
  await rewind(sessionId, second);
  await reached.opened;
  const before = (await openOf(sessionId))?.beforeId;
  backend.treeOf(sessionId).remove("workspace/d");
  void worker.stop();
  workers.length = 0;
  await sql`delete from workers where id = ${worker.id}`.execute(world.db);
  await sql`update sessions set lease_owner = null, lease_until = null where id = ${sessionId}`.execute(world.db);
  world.blobs.onRequest = null;
  await start();
  await filesBack(sessionId);
  expect(filesOf(sessionId)).toEqual(["a=1", "b=1", "c=1"]);
  const kept = await sql<{ id: string; files: number }>`select id, files from snapshots
    where session_id = ${sessionId} and reason = 'rewind'`.execute(world.db);
  // What was there before is kept whole, and once.
  expect(kept.rows).toEqual([{ id: before, files: 4 }]);
  expect(await eventsOf(sessionId, "session.restored")).toHaveLength(1);
});

test("a disk that is lost before its files went back gets those of then all the same", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1");
  const second = await turn(sessionId, "run: a=2");
  await stopAll();
  await rewind(sessionId, second);
  backend.lose(sessionId);
  await start();
  await filesBack(sessionId);
  expect(filesOf(sessionId)).toEqual(["a=1"]);
  expect(await eventsOf(sessionId, "session.restored")).toMatchObject([{ payload: { reason: "rewind" } }]);
});

test("a disk that is lost after a rewind to an empty workspace is empty, not what was taken back", async () => {
  await start();
  const sessionId = await world.createSession();
  const first = await turn(sessionId, "run: a=1");
  await turn(sessionId, "run: a=2");
  await rewind(sessionId, first);
  await filesBack(sessionId);
  backend.lose(sessionId);
  await turn(sessionId, "run: b=1");
  expect(filesOf(sessionId)).toEqual(["b=1"]);
});

test("what is asked for last counts: two rewinds, and a rewind of a fork, before a worker comes", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1");
  const second = await turn(sessionId, "run: a=2");
  const third = await turn(sessionId, "run: a=3");
  await stopAll();
  await rewind(sessionId, third);
  const copy = await fork(sessionId);
  await rewind(copy.id, second);
  await rewind(sessionId, second);
  await start();
  await filesBack(sessionId);
  await filesBack(copy.id);
  expect(filesOf(sessionId)).toEqual(["a=1"]);
  expect(filesOf(copy.id)).toEqual(["a=1"]);
});

test("a fork at a message from which no files were kept begins empty, says so, and goes on", async () => {
  await start();
  const sessionId = await world.createSession();
  // Nothing can be kept while its first turns run.
  world.blobs.onRequest = () => blobsAway();
  await turn(sessionId, "run: a=1");
  const second = await turn(sessionId, "run: a=2");
  const copy = await fork(sessionId, second);
  world.blobs.onRequest = null;
  await filesBack(copy.id);
  expect(await eventsOf(copy.id, "session.forked")).toMatchObject([{ payload: { files: { type: "unknown" } } }]);
  expect(await eventsOf(copy.id, "session.restored")).toMatchObject([
    { payload: { reason: "fork", snapshot_id: null, exact: false, files: 0 } },
  ]);
  await turn(copy.id, "run: b=1");
  expect(filesOf(copy.id)).toEqual(["b=1"]);
  const [result] = (await eventsOf(copy.id, "agent.tool_result")).slice(-1);
  expect(JSON.stringify(result?.payload)).toContain("No files had been kept from before");
});

test("of several first calls at once none begins before the files are kept as they were", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1");
  await turn(sessionId, "run: a=2");
  // What is kept before the third turn begins with what was kept before the second.
  const began = backend.started.length;
  let waited = false;
  world.blobs.onRequest = async (request) => {
    if (request !== "get" || waited) return;
    waited = true;
    await until(async () => (await eventsOf(sessionId, "agent.tool_use")).length === 4);
    for (let look = 0; look < 20 && backend.started.length === began; look += 1) await systemClock.sleep(20);
  };
  const third = await turn(sessionId, "run: a=3 & b=3");
  expect(waited).toBe(true);
  await rewind(sessionId, third);
  await filesBack(sessionId);
  expect(filesOf(sessionId)).toEqual(["a=2"]);
});

const lastResult = async (sessionId: string) =>
  JSON.stringify((await eventsOf(sessionId, "agent.tool_result")).at(-1)?.payload.content);

test("a call that itself brings the files back tells the model of it", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1");
  const second = await turn(sessionId, "run: a=2");
  await stopAll();
  await rewind(sessionId, second);
  await world.say(sessionId, "run: b=1");
  await start();
  await world.settled(sessionId);
  expect(filesOf(sessionId)).toEqual(["a=1", "b=1"]);
  expect(await lastResult(sessionId)).toContain("so did the sandbox");
  await turn(sessionId, "run: c=1");
  expect(await lastResult(sessionId)).not.toContain("Notice");
});

test("a call that was denied does not use up what the model is to be told of its files", async () => {
  await start();
  const sessionId = await world.createSession({ tools: ASK_ALL });
  const answered = async (text: string, result: "allow" | "deny") => {
    const message = await world.say(sessionId, text);
    await world.settled(sessionId, { reason: "requires_action" });
    const [id] = (await world.session(sessionId)).stopReason?.event_ids ?? [];
    await world.send(sessionId, { type: "user.tool_confirmation", tool_use_id: id, result });
    await world.settled(sessionId, { reason: "end_turn" });
    return message;
  };
  await answered("run: a=1", "allow");
  const second = await answered("run: a=2", "allow");
  await rewind(sessionId, second);
  await answered("run: b=1", "deny");
  expect(await lastResult(sessionId)).not.toContain("Notice");
  await answered("run: b=2", "allow");
  expect(await lastResult(sessionId)).toContain("the conversation went back to an earlier place");
});

/** As if the worker had been stopped for longer than its leases last. */
const takeLeaseAway = (sessionId: string) =>
  sql`update sessions set lease_owner = null, lease_until = null where id = ${sessionId}`.execute(world.db);

test("what was begun under a lease that is lost since is no snapshot", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1");
  await stopAll();
  const logger = createLogger("test", { level: "silent", pretty: false });
  const { db, blobs } = world;
  const claim = await claimIdleSession(db, { workerId: newId("worker"), sessionId });
  const snapshots = createSessionSnapshots({ db, blobs, diskMb: 64, clock: systemClock, logger });
  expect(claim).not.toBeNull();
  world.blobs.onRequest = async () => void (await takeLeaseAway(sessionId));
  const about = { fence: claim?.fence ?? { owner: "nobody", epoch: 0 }, signal: new AbortController().signal };
  const taking = snapshots.take({ sessionId, sandbox: await backend.open(sessionId), reason: "turn", ...about });
  await expect(taking).rejects.toMatchObject({ code: "lease_lost" });
  expect(await listSnapshotPlaces(db, { sessionId })).toEqual([]);
});

test("a worker that was stopped in the middle writes nothing more once another one has the session", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1; b=1");
  const second = await turn(sessionId, "run: a=2; b=2");
  const [reached, goesOn] = [gate(), gate()];
  let stopped = false;
  world.blobs.onRequest = async (request, key) => {
    if (stopped || request !== "get" || !key.startsWith("packs/")) return;
    if (((await openOf(sessionId))?.beforeId ?? null) === null) return;
    stopped = true;
    reached.open();
    await goesOn.opened;
  };
  await rewind(sessionId, second);
  await reached.opened;
  const stoppedAt = Date.now();
  await takeLeaseAway(sessionId);
  await start();
  await filesBack(sessionId);
  await turn(sessionId, "run: a=3");
  expect(filesOf(sessionId)).toEqual(["a=3", "b=1"]);
  await until(() => Date.now() - stoppedAt > 400);
  goesOn.open();
  await systemClock.sleep(300);
  expect(filesOf(sessionId)).toEqual(["a=3", "b=1"]);
  expect(await eventsOf(sessionId, "session.restored")).toHaveLength(1);
});

test("a whole fork of files that were lost before it had them has those that were kept, and says that they are older", async () => {
  await start();
  const [one, two] = [await world.createSession(), await world.createSession()];
  for (const sessionId of [one, two]) {
    await turn(sessionId, "run: a=1");
    await turn(sessionId, "run: a=2");
  }
  await stopAll();
  const copies = [await fork(one), await fork(two)];
  for (const sessionId of [one, two]) backend.lose(sessionId);
  const deleted = { teamId: await teamOf(two), sessionId: two };
  await inTransaction(world.db, (tx) => deleteSession(tx, deleted));
  await start();
  for (const { id } of copies) {
    await filesBack(id);
    expect(filesOf(id)).toEqual(["a=1"]);
    expect(await eventsOf(id, "session.restored")).toMatchObject([{ payload: { reason: "fork", exact: false } }]);
  }
});

test("a fork that is deleted while its source's files are kept stands in nobody's way", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1");
  await turn(sessionId, "run: a=2");
  await stopAll();
  const copy = await fork(sessionId);
  const teamId = await teamOf(sessionId);
  const [kept] = await listSnapshotPlaces(world.db, { sessionId });
  let giving: Promise<void> = Promise.resolve();
  await inTransaction(world.db, async (tx) => {
    await getSession(tx, { teamId, sessionId: copy.id, forUpdate: true });
    const given = { sessionId, snapshotId: kept?.id ?? "", newId: () => newId("snapshot") };
    giving = inTransaction(world.db, (other) => giveToForks(other, given));
    giving.catch(() => undefined);
    const waits = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await until(async () => (await waits.execute(world.db)).rows.length > 0);
    await deleteSession(tx, { teamId, sessionId: copy.id });
  });
  await giving;
});

test("what a call changed whose worker died, and that was stopped then, is in a whole fork", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1");
  await world.say(sessionId, "run: a=2; hang");
  await until(() => filesOf(sessionId).includes("a=2"));
  await stopAll();
  await world.send(sessionId, { type: "user.interrupt" });
  await start();
  await world.settled(sessionId, { reason: "end_turn" });
  const { id } = await fork(sessionId);
  await filesBack(id);
  expect(filesOf(id)).toEqual(["a=2"]);
});

test("who goes back once more while the files are still on their way has those of the last place", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1");
  const second = await turn(sessionId, "run: a=2");
  const third = await turn(sessionId, "run: a=3");
  const [begun, goesOn] = [gate(), gate()];
  world.blobs.onRequest = () => {
    begun.open();
    return goesOn.opened;
  };
  await rewind(sessionId, third);
  await begun.opened;
  await rewind(sessionId, second);
  goesOn.open();
  await filesBack(sessionId);
  expect(filesOf(sessionId)).toEqual(["a=1"]);
  expect(await eventsOf(sessionId, "session.restored")).toMatchObject([{ payload: { reason: "rewind", files: 1 } }]);
});
