// A disk that is lost comes back from the last snapshot: the log says so, the model is told, and nothing goes on as if it had not been.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryBackend, type MemoryBackend } from "../../test/support/memory-backend.ts";
import { blobsAway } from "../../test/support/memory-blobs.ts";
import { createScriptedModel } from "../../test/support/scripted-model.ts";
import { createTurnWorld, type TestWorker, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import type { DatabaseTransaction } from "../db/database.ts";
import { claimIdleSession, giveBack } from "../db/leases.ts";
import { findSandbox } from "../db/sandboxes.ts";
import { systemClock } from "../lib/clock.ts";
import { newId } from "../lib/ids.ts";
import { createLogger } from "../lib/logger.ts";
import { openSandbox } from "./open-sandbox.ts";
import { createSessionSnapshots } from "./session-snapshots.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterAll(() => world.dispose());

/** Runs one command a message, then ends its turn. */
function oneCommand() {
  let asked = 0;
  return createScriptedModel(async () =>
    asked++ % 2 === 0 ? { text: "", toolCalls: [{ name: "bash", input: { command: "x" } }] } : { text: "Done." },
  );
}

async function teamOf(sessionId: string): Promise<string> {
  const found = world.db.selectFrom("sessions").select("team_id").where("id", "=", sessionId);
  return (await found.executeTakeFirstOrThrow()).team_id;
}

const sandboxOf = async (sessionId: string) => findSandbox(world.db, { teamId: await teamOf(sessionId), sessionId });

/** A session whose files were kept when its sandbox was put to sleep. */
async function keptSession(backend: MemoryBackend): Promise<{ sessionId: string; worker: TestWorker }> {
  const worker = await world.startWorker({ model: oneCommand(), backend, sandboxIdleMs: 0, sweepMs: 500 });
  const sessionId = await world.createSession();
  await world.say(sessionId, "go");
  await world.settled(sessionId);
  return { sessionId, worker };
}

const resultTexts = (log: Awaited<ReturnType<TurnWorld["log"]>>) =>
  log.filter((event) => event.type === "agent.tool_result").map((event) => JSON.stringify(event.payload.content));

test("files are back before the first command, with a receipt in the log and a notice for the model", async () => {
  const backend = createMemoryBackend();
  const { sessionId, worker } = await keptSession(backend);
  await until(async () => (await sandboxOf(sessionId))?.state === "hibernated");
  await backend.create(sessionId, { limits: { memoryMb: 1, cpus: 1, pids: 1, diskMb: 1 }, env: {} });
  backend.treeOf(sessionId).write("workspace/a", Buffer.from("content"));
  await world.db.updateTable("sandboxes").set({ state: "running" }).where("session_id", "=", sessionId).execute();
  await until(async () => (await sandboxOf(sessionId))?.state === "hibernated");
  const before = backend.treeOf(sessionId).describe();

  backend.lose(sessionId);
  await world.say(sessionId, "again");
  const log = await world.settled(sessionId);
  expect(backend.treeOf(sessionId).describe()).toEqual(before);
  const restored = log.filter((event) => event.type === "session.restored");
  expect(restored).toMatchObject([
    { payload: { reason: "lost", files: 1, written_files: 1, checked_files: 1, refused: [] } },
  ]);
  expect(resultTexts(log)[1]).toContain("are back as they were at");
  expect(resultTexts(log)[1]).toContain("1 of 1 files");

  await world.say(sessionId, "once more");
  const later = await world.settled(sessionId);
  expect(later.filter((event) => event.type === "session.restored")).toHaveLength(1);
  expect(resultTexts(later)[2]).not.toContain("Notice");
  await worker.stop();
});

test("with the blob store away the loss is not forgotten: the call fails, and the next one brings the files back", async () => {
  const backend = createMemoryBackend();
  const { sessionId, worker } = await keptSession(backend);
  await until(async () => (await sandboxOf(sessionId))?.state === "hibernated");
  const identity = (await sandboxOf(sessionId))?.identity;
  backend.lose(sessionId);
  world.blobs.onRequest = (request) => {
    if (request === "get") blobsAway();
  };
  await world.say(sessionId, "away");
  const log = await world.settled(sessionId);
  expect(resultTexts(log)[1]).toContain("can't be brought back from their snapshot right now");
  expect((await sandboxOf(sessionId))?.identity).toBe(identity);
  world.blobs.onRequest = null;
  await world.say(sessionId, "back");
  const later = await world.settled(sessionId);
  expect(later.filter((event) => event.type === "session.restored")).toHaveLength(1);
  expect((await sandboxOf(sessionId))?.identity).not.toBe(identity);
  await worker.stop();
});

test("a loss without a snapshot is told, too: by an entry of the log, and to the model", async () => {
  const backend = createMemoryBackend();
  const worker = await world.startWorker({ model: oneCommand(), backend });
  const sessionId = await world.createSession();
  await world.say(sessionId, "go");
  await world.settled(sessionId);
  backend.lose(sessionId);
  await world.say(sessionId, "again");
  const log = await world.settled(sessionId);
  const restored = log.filter((event) => event.type === "session.restored");
  expect(restored).toMatchObject([{ payload: { reason: "lost", snapshot_id: null, taken_at: null, files: 0 } }]);
  expect(resultTexts(log)[1]).toContain("a new, empty one was made");
  await world.say(sessionId, "once more");
  expect(resultTexts(await world.settled(sessionId))[2]).not.toContain("Notice");
  await worker.stop();
});

test("when the call that finds the loss is interrupted, the next one tells of it", async () => {
  const never = new Promise<never>(() => undefined);
  let calls = 0;
  const backend = createMemoryBackend({
    execute: async () => (++calls === 2 ? never : { outcome: "ok", content: "done" }),
  });
  const worker = await world.startWorker({ model: oneCommandPerMessage(), backend });
  const sessionId = await world.createSession();
  await world.say(sessionId, "go");
  await world.settled(sessionId);
  backend.lose(sessionId);
  await world.say(sessionId, "again");
  await until(() => calls === 2);
  await world.send(sessionId, { type: "user.interrupt" });
  const interrupted = resultTexts(await world.settled(sessionId));
  expect(interrupted.at(-1)).toContain("Interrupted");
  await world.say(sessionId, "and now?");
  const results = resultTexts(await world.settled(sessionId));
  expect(results.filter((text) => text.includes("a new, empty one was made"))).toEqual([results.at(-1)]);
  await worker.stop();
});

/** Like `oneCommand`, also after a turn that was interrupted. */
function oneCommandPerMessage() {
  return createScriptedModel(async ({ messages }) =>
    messages.at(-1)?.role === "user"
      ? { text: "", toolCalls: [{ name: "bash", input: { command: "x" } }] }
      : { text: "Done." },
  );
}

test("what came back is told once, also when the answer to its commit was lost", async () => {
  const backend = createMemoryBackend();
  const { sessionId, worker } = await keptSession(backend);
  await until(async () => (await sandboxOf(sessionId))?.state === "hibernated");
  await worker.stop();
  const { blobs } = world;
  let commits = 0;
  const db = world.db.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => result,
  });
  const transaction = () => ({
    async execute(work: (tx: DatabaseTransaction) => Promise<unknown>) {
      const result = await world.db.transaction().execute(work);
      commits += 1;
      if (commits === 1) throw Object.assign(new Error("Connection terminated unexpectedly"), { code: "08006" });
      return result;
    },
  });
  Object.defineProperty(db, "transaction", { value: transaction });
  const logger = createLogger("test", { level: "silent", pretty: false });
  const uses = { db, clock: systemClock, logger };
  const snapshots = createSessionSnapshots({ ...uses, db: world.db, blobs, diskMb: 64 });
  const teamId = await teamOf(sessionId);
  const spec = { limits: { memoryMb: 1, cpus: 1, pids: 1, diskMb: 1 }, env: {} };
  // With a snapshot, and with none left.
  for (const told of [1, 2]) {
    backend.lose(sessionId);
    commits = 0;
    const claim = await claimIdleSession(world.db, { workerId: newId("worker"), sessionId });
    if (!claim) throw new Error("not claimed");
    const { fence } = claim;
    const opened = await openSandbox(
      { ...uses, backend, spec, snapshots, onLogGrew: () => undefined },
      { sessionId, teamId, fence, restarted: false, signal: new AbortController().signal },
    );
    expect(commits).toBe(1);
    expect(opened).toMatchObject({ replaced: true, restored: { reason: "lost" } });
    const receipts = (await world.log(sessionId)).filter(({ type }) => type === "session.restored");
    expect(receipts).toHaveLength(told);
    await giveBack(world.db, claim);
    await sql`delete from snapshots where session_id = ${sessionId}`.execute(world.db);
  }
});
