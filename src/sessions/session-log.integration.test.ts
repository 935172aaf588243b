// The worker's view of a log: each write is in it once, however the database's answers get lost, and no decision is written on old facts.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTurnWorld, type TurnWorld } from "../../test/support/turn-world.ts";
import type { Database } from "../db/database.ts";
import { claimIdleSession } from "../db/leases.ts";
import { systemClock } from "../lib/clock.ts";
import { hasCode } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import { createLogger } from "../lib/logger.ts";
import { createSessionLog } from "./session-log.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterAll(() => world.dispose());

async function openLog(db: Database) {
  const sessionId = await world.createSession();
  const claim = await claimIdleSession(db, { workerId: "wrk_test", sessionId });
  if (!claim) throw new Error("not claimed");
  const log = createSessionLog({
    db,
    ...claim,
    clock: systemClock,
    logger: createLogger("test", { level: "silent", pretty: false }),
    signal: new AbortController().signal,
    onLogGrew: () => undefined,
  });
  return { sessionId, log };
}

const event = (type = "agent.message") => ({ id: newId("event"), type, payload: {}, processedAt: new Date() });

/** A database whose answers get lost after the work was done, for as many queries as `lose` says. */
function losingAnswers(): { db: Database; lose(count: number): void; lost(): number } {
  let left = 0;
  let lost = 0;
  const db = world.db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      if (left === 0) return result;
      left--;
      lost++;
      throw Object.assign(new Error("Connection terminated unexpectedly"), { code: "08006" });
    },
  });
  return {
    db,
    lose(count) {
      left = count;
    },
    lost: () => lost,
  };
}

test("a write whose answer was lost is found, not made again", async () => {
  const flaky = losingAnswers();
  const { sessionId, log } = await openLog(flaky.db);
  await log.write({ events: [event()] });
  flaky.lose(1);
  const second = event();
  await log.write({ events: [second, event()], changes: { addCostUsd: "1" } });
  expect(flaky.lost()).toBe(1);
  const stored = await world.log(sessionId);
  expect(stored.map((one) => one.seq)).toEqual([1, 2, 3]);
  expect(stored[1]?.id).toBe(second.id);
  expect(log.conversation.lastSeq).toBe(3);
  expect((await world.session(sessionId)).costUsd).toBe("1");
});

test("a write that was rolled back is made again", async () => {
  const flaky = losingAnswers();
  const { sessionId, log } = await openLog(flaky.db);
  const [id = ""] = await world.send(sessionId, { type: "user.message", content: [] });
  await log.catchUp();
  // Lost inside a transaction: the echo is not in.
  flaky.lose(2);
  const echo = { id, type: "user.message", payload: { content: [] }, processedAt: new Date(), echo: true };
  await log.write({ events: [echo], processed: [id] });
  expect(flaky.lost()).toBe(2);
  const stored = await world.log(sessionId);
  expect(stored.map((one) => [one.id, one.echo])).toEqual([
    [id, false],
    [id, true],
  ]);
  expect(stored[0]?.processedAt).not.toBeNull();
});

test("what was decided before the log grew is refused, even when the growth is already folded in", async () => {
  const { sessionId, log } = await openLog(world.db);
  await log.write({ events: [event()] });
  const decidedAt = log.conversation.lastSeq;
  await world.send(sessionId, { type: "user.message", content: [] });
  await log.catchUp();
  expect(await log.writeIfLast(decidedAt, { events: [event("session.status_idle")] })).toBe(false);
  expect(await log.writeIfLast(log.conversation.lastSeq, { events: [event("session.status_idle")] })).toBe(true);
  expect((await world.log(sessionId)).map((one) => one.type)).toEqual([
    "agent.message",
    "user.message",
    "session.status_idle",
  ]);
});

test("writes of others are folded in before ours, in the order of the log", async () => {
  const { sessionId, log } = await openLog(world.db);
  await world.send(sessionId, { type: "user.message", content: [] });
  await Promise.all([
    log.write({ events: [event("session.status_running")] }),
    log.catchUp(),
    log.write({ events: [event()] }),
  ]);
  expect(log.conversation).toMatchObject({ lastSeq: 3, status: "running" });
  expect(log.conversation.queued.size).toBe(1);
});

test("without the lease nothing is written", async () => {
  const { sessionId, log } = await openLog(world.db);
  await sql`update sessions set lease_epoch = lease_epoch + 1 where id = ${sessionId}`.execute(world.db);
  await expect(log.write({ events: [event()] })).rejects.toSatisfy((error) => hasCode(error, "lease_lost"));
  expect(await log.writeIfLast(0, { events: [event()] })).toBe(false);
  expect(await world.log(sessionId)).toEqual([]);
});
