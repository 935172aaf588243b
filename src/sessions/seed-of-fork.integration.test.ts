// A large fork begins as a copy of its source's disk: nobody uses it before it is what its snapshot says, whatever dies meanwhile.
import { afterAll, afterEach, expect, test } from "vitest";
import { blobsAway } from "../../test/support/memory-blobs.ts";
import { createObedientModel, createWritingBackend, insisting } from "../../test/support/obedient-agent.ts";
import { createTurnWorld, type TestWorker } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import { inTransaction } from "../db/database.ts";
import { findOpenRestore } from "../db/restores.ts";
import { underIdleLease } from "../db/upkeep-leases.ts";
import { createNotifier } from "../db/wakeups.ts";
import { systemClock } from "../lib/clock.ts";
import { newId } from "../lib/ids.ts";
import { createLogger } from "../lib/logger.ts";
import { createForkSession } from "./fork-session.ts";
import { createSessionSnapshots } from "./session-snapshots.ts";

const world = await createTurnWorld();
const logger = createLogger("test", { level: "silent", pretty: false });
const notifier = createNotifier({ url: world.url, applicationName: "test", logger });
const backend = createWritingBackend();
let worker: TestWorker | null = null;
const start = async () => {
  worker = await world.startWorker({ model: createObedientModel(), backend });
};
const stop = async () => {
  await worker?.stop();
  worker = null;
};
afterEach(stop);
afterAll(async () => {
  await notifier.close();
  await world.dispose();
});

const onFilesWanted = (sessionId: string) => notifier.wantFiles(sessionId);
const forkSession = createForkSession({ clock: systemClock, onLogGrew: () => undefined, onFilesWanted });
async function fork(sessionId: string, eventId: string) {
  const { team_id: teamId } = await world.db
    .selectFrom("sessions")
    .select("team_id")
    .where("id", "=", sessionId)
    .executeTakeFirstOrThrow();
  return insisting(() => inTransaction(world.db, (tx) => forkSession(tx, teamId, { sessionId, eventId })));
}
async function turn(sessionId: string, text: string): Promise<string> {
  const message = await world.say(sessionId, text);
  await world.settled(sessionId);
  return message;
}
/** However long it takes: before a turn's first call it would be given up. */
async function keep(sessionId: string): Promise<void> {
  const { db, blobs } = world;
  const snapshots = createSessionSnapshots({ db, blobs, diskMb: 64, clock: systemClock, logger });
  const { signal } = new AbortController();
  const sandbox = await backend.open(sessionId);
  const kept = await underIdleLease(db, { workerId: newId("worker"), sessionId }, ({ fence }) =>
    snapshots.take({ sessionId, sandbox, reason: "request", fence, signal }),
  );
  expect(kept).not.toBeNull();
}
const openOf = (sessionId: string) => findOpenRestore(world.db, { sessionId });
const filesOf = (sessionId: string) =>
  Object.entries(backend.treeOf(sessionId).texts())
    .map((entry) => entry.join("="))
    .sort();

test("a large fork begins with its source's files, has those of its own snapshot, and is done by the next worker when one dies", async () => {
  await start();
  const sessionId = await world.createSession();
  await turn(sessionId, "run: a=1");
  for (let index = 0; index < 1000; index++)
    backend.treeOf(sessionId).write(`workspace/f${index}`, Buffer.from(`${index}`));
  await turn(sessionId, "run: b=1");
  await stop();
  await keep(sessionId);
  await start();
  const third = await turn(sessionId, "run: a=2; later=3");
  const then = filesOf(sessionId).map((file) => (file === "a=2" ? "a=1" : file));
  // The store is away: the sandbox is there, with its source's files, and nobody may use it.
  world.blobs.onRequest = blobsAway;
  const copy = await fork(sessionId, third);
  await until(async () => (await openOf(copy.id))?.problem);
  expect(filesOf(copy.id)).toContain("later=3");
  await stop();
  world.blobs.onRequest = null;
  await start();
  await until(async () => (await openOf(copy.id)) === null);
  expect(filesOf(copy.id)).toEqual(then.filter((file) => file !== "later=3"));
  const told = (await world.log(copy.id)).filter(({ type }) => type === "session.restored");
  expect(told).toMatchObject([
    { payload: { reason: "fork", same_files: 1001, written_files: 1, removed: 1, refused: [] } },
  ]);
  expect(filesOf(sessionId)).toContain("later=3");
});
