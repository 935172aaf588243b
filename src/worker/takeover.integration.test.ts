// Two workers never run one turn, and a turn outlives its worker, its database connections and its lease.
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn } from "../../test/support/scripted-model.ts";
import {
  createTurnWorld,
  expectSoundStoredLog,
  gate,
  type TestWorker,
  type TurnWorld,
} from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import { createClaims } from "../db/claims.ts";
import { appendEvents, type StoredEvent } from "../db/events.ts";
import { type Claim, releaseSession } from "../db/leases.ts";
import { hasCode } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterEach(() => world.clear());
afterAll(() => world.dispose());

const start = (options: Parameters<TurnWorld["startWorker"]>[0]) => world.startWorker(options);

const bash = (command: string) => ({ name: "bash", input: { command } });
const ofType = (log: readonly StoredEvent[], type: string) => log.filter((event) => event.type === type && !event.echo);

/** As when the machine is gone. It lives on: with a `concurrency` of 1 it can't claim again what it loses before it notices. */
async function pretendDead(worker: TestWorker): Promise<void> {
  await sql`update workers set lock_key = -1 where id = ${worker.id}`.execute(world.db);
}

test("when a worker dies during a tool call, another one takes over at once and the tool runs once", async () => {
  const running = gate();
  const backend = createMemoryBackend({
    execute: async () => {
      await running.opened;
      return { outcome: "ok", content: "built" };
    },
  });
  const first = createScriptedModel(inTurn({ toolCalls: [bash("make")] }, { text: "from the first" }));
  const dead = await start({ model: first, backend, concurrency: 1 });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Build it");
  await until(() => backend.started.length === 1);

  const second = createScriptedModel(inTurn({ text: "from the second" }));
  const heir = await start({ model: second, backend });
  // It does not wait until the lease runs out.
  await sql`update sessions set lease_until = now() + interval '1 hour' where id = ${sessionId}`.execute(world.db);
  await pretendDead(dead);
  await until(() => heir.worker.running === 1);
  running.open();
  const log = await world.settled(sessionId, { reason: "end_turn" });
  expect(backend.started).toHaveLength(1);
  expect(ofType(log, "agent.tool_result")).toHaveLength(1);
  // Those who watch are told, in the API's own words.
  expect(ofType(log, "session.status_rescheduled").map((event) => event.payload)).toEqual([
    { reason: "worker_changed" },
  ]);
  expect(ofType(log, "session.status_running")).toHaveLength(2);
  expect(ofType(log, "agent.message").map((event) => JSON.stringify(event.payload.content))).toEqual([
    expect.stringContaining("from the second"),
  ]);
  // The first one noticed, wrote nothing and let go.
  await until(() => dead.worker.running === 0);
  expect(first.requests).toHaveLength(1);
});

test("when the disk is lost together with the worker, the call is not run again on the new disk", async () => {
  const backend = createMemoryBackend({ execute: () => new Promise(() => undefined) });
  const dead = await start({
    model: createScriptedModel(inTurn({ toolCalls: [bash("deploy")] })),
    backend,
    concurrency: 1,
  });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Deploy");
  await until(() => backend.started.length === 1);
  await pretendDead(dead);
  await dead.stop();
  backend.lose(sessionId);
  const second = createScriptedModel(inTurn({ text: "I look first." }));
  await start({ model: second, backend });
  await world.settled(sessionId, { reason: "end_turn" });
  expect(backend.started).toHaveLength(1);
  expect(JSON.stringify(second.requests[0]?.messages.at(-1))).toMatch(/was lost.*may have run/s);
});

test("when a worker dies during a model request, the request is closed and made again", async () => {
  const backend = createMemoryBackend();
  const first = createScriptedModel(inTurn({ first: "Once", until: new Promise(() => undefined) }));
  const dead = await start({ model: first, backend, concurrency: 1 });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Hi");
  await until(() => first.requests.length === 1);
  await start({ model: createScriptedModel(inTurn({ text: "Hello." })), backend });
  await pretendDead(dead);
  const log = await world.settled(sessionId, { reason: "end_turn" });
  expect(ofType(log, "span.model_request_end").map((event) => event.payload.is_error)).toEqual([true, false]);
  expect(ofType(log, "agent.message")).toHaveLength(1);
});

test("a worker that is stopped gives its sessions to another one at once, and nobody failed", async () => {
  const backend = createMemoryBackend();
  const first = createScriptedModel(inTurn({ first: "Once", until: new Promise(() => undefined) }));
  const leaving = await start({ model: first, backend });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Hi");
  await until(() => first.requests.length === 1);
  const second = createScriptedModel(inTurn({ text: "Hello." }));
  await start({ model: second, backend });
  // It does not wait until the lease runs out.
  await sql`update sessions set lease_until = now() + interval '1 hour' where id = ${sessionId}`.execute(world.db);
  await leaving.stop();
  await until(() => second.requests.length === 1);
  await world.settled(sessionId, { reason: "end_turn" });
  expect((await world.session(sessionId)).failedClaims).toBe(0);
  const left = await sql<{
    count: number;
  }>`select count(*)::int as count from workers where id = ${leaving.id}`.execute(world.db);
  expect(left.rows[0]?.count).toBe(0);
});

test("a lease of whose claim the worker never heard, or that could not be given back, does not keep a session from its work", async () => {
  const holder = await start({
    model: createScriptedModel(inTurn({ text: "Hello." })),
    backend: createMemoryBackend(),
  });
  const sessionId = await world.createSession();
  // Committed, and the connection was cut before the answer; or it was upkeep, and the database was away when it ended.
  await sql`update sessions set lease_owner = ${holder.id}, lease_epoch = lease_epoch + 1, lease_until = now() + interval '1 hour'
    where id = ${sessionId}`.execute(world.db);
  await world.say(sessionId, "Hi");
  const log = await world.settled(sessionId, { reason: "end_turn" });
  expect(ofType(log, "agent.message")).toHaveLength(1);
  expect((await world.session(sessionId)).failedClaims).toBe(0);
});

async function claimSessions(workerId: string, limit: number): Promise<Claim[]> {
  const claimed: Claim[] = [];
  const room = () => limit - claimed.length;
  await createClaims({ db: world.db, workerId, teamLimit: null }).take({ room, hold: (claim) => claimed.push(claim) });
  return claimed;
}

test("a stale epoch can write nothing, and release nothing", async () => {
  const sessionId = await world.createSession();
  await sql`update sessions set wake_at = now() where id = ${sessionId}`.execute(world.db);
  const [claim] = await claimSessions("wrk_a", 10);
  expect(claim?.sessionId).toBe(sessionId);
  if (!claim) return;
  expect(await claimSessions("wrk_b", 10)).toEqual([]);
  await sql`update sessions set lease_until = now() - interval '1 second' where id = ${sessionId}`.execute(world.db);
  const [next] = await claimSessions("wrk_a", 10);
  expect(next?.fence.epoch).toBe(claim.fence.epoch + 1);
  const event = { id: newId("event"), type: "agent.message", payload: {}, processedAt: new Date() };
  const stale = appendEvents(world.db, { sessionId, fence: claim.fence, events: [event] });
  await expect(stale).rejects.toSatisfy((error) => hasCode(error, "lease_lost"));
  expect(await releaseSession(world.db, { ...claim, ifLastSeq: 0, wakeInMs: null })).toBe(false);
  expect(await world.log(sessionId)).toEqual([]);
  if (next) expect(await releaseSession(world.db, { ...next, ifLastSeq: 0, wakeInMs: null })).toBe(true);
});

test("a session is claimed once by any number of workers", async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, () => world.createSession()));
  await sql`update sessions set wake_at = now() where id = any(${ids}::text[])`.execute(world.db);
  const rounds = await Promise.all(Array.from({ length: 8 }, (_, index) => claimSessions(`wrk_${index}`, 5)));
  const claimed = rounds.flat().map((claim) => claim.sessionId);
  expect(claimed).toHaveLength(ids.length);
  expect(new Set(claimed).size).toBe(claimed.length);
  await sql`update sessions set wake_at = null, lease_owner = null where id = any(${ids}::text[])`.execute(world.db);
});

test("database connections that are cut in the middle of turns lose and double nothing", async () => {
  const backend = createMemoryBackend();
  let cuts = 0;
  const model = createScriptedModel(async (request) => {
    // Each round waits for a cut of its own, however fast the turns are.
    await until(() => cuts > request.messages.length / 4);
    return request.messages.length < 12
      ? { first: "working", toolCalls: [bash("step"), bash("other")] }
      : { text: "Done." };
  });
  const worker = await start({ model, backend, concurrency: 5 });
  const ids = await Promise.all(Array.from({ length: 5 }, () => world.createSession()));
  for (const id of ids) await world.say(id, "Go");
  const all = async () =>
    (await Promise.all(ids.map((id) => world.session(id)))).every(
      (one) => one.status === "idle" && !one.leased && one.wakeAt === null,
    );
  while (!(await all())) {
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name in (${`pool-${worker.id}`}, 'berth-worker') and datname = current_database()`.execute(
      world.db,
    );
    cuts++;
    await new Promise((resolve) => setTimeout(resolve, 120));
    if (cuts > 200) throw new Error("the turns do not end");
  }
  expect(cuts).toBeGreaterThan(3);
  for (const id of ids) {
    const log = await world.log(id);
    expectSoundStoredLog(log);
    expect(ofType(log, "session.error")).toEqual([]);
    expect(ofType(log, "agent.message").at(-1)?.payload.content).toEqual([{ type: "text", text: "Done." }]);
    expect((await world.session(id)).failedClaims).toBe(0);
  }
  const operations = backend.started.map((one) => one.id);
  expect(new Set(operations).size).toBe(operations.length);
}, 60_000);

test("a worker whose row was removed by mistake registers again", async () => {
  const worker = await start({ model: createScriptedModel(inTurn({ text: "Hi" })), backend: createMemoryBackend() });
  await sql`delete from workers where id = ${worker.id}`.execute(world.db);
  await until(async () => {
    const found = await sql`select 1 from workers where id = ${worker.id}`.execute(world.db);
    return found.rows.length === 1;
  });
});

test("a deleted session ends its worker's hold silently", async () => {
  const model = createScriptedModel(inTurn({ first: "Once", until: new Promise(() => undefined) }));
  const worker = await start({ model, backend: createMemoryBackend() });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Hi");
  await until(() => model.requests.length === 1);
  await world.db.deleteFrom("sessions").where("id", "=", sessionId).execute();
  await until(() => worker.worker.running === 0);
  expect(model.aborted).toBe(1);
});
