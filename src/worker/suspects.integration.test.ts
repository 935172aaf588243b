// A session whose workers died is held alone until it gets on. Only failures while it was alone end it; those of others never do.
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn } from "../../test/support/scripted-model.ts";
import { createTurnWorld, gate, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import type { StoredEvent } from "../db/events.ts";
import { SUSPECT_AFTER } from "../db/leases.ts";
import type { Suspect } from "../db/suspects.ts";
import { MAX_FAILURES_ALONE } from "../sessions/next-step.ts";
import type { LoneEnd, StartAlone } from "./lone-holds.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterEach(() => world.clear());
afterAll(() => world.dispose());

const start = (options: Parameters<TurnWorld["startWorker"]>[0]) => world.startWorker(options);

const bash = (command: string) => ({ name: "bash", input: { command } });
const ofType = (log: readonly StoredEvent[], type: string) => log.filter((event) => event.type === type && !event.echo);
const suspect = (sessionId: string, failedClaims = SUSPECT_AFTER, failuresAlone = 0) =>
  sql`update sessions set failed_claims = ${failedClaims}, failures_alone = ${failuresAlone} where id = ${sessionId}`.execute(
    world.db,
  );

/** A process that ends as the test says, for each suspect that it is started with. */
function scriptedProcesses(end: (claim: Suspect) => LoneEnd): { startAlone: StartAlone; claims: Suspect[] } {
  const claims: Suspect[] = [];
  return {
    claims,
    startAlone(claim) {
      claims.push(claim);
      return { ended: Promise.resolve(end(claim)), stop: () => undefined };
    },
  };
}
const DIED: LoneEnd = { well: false, state: "holding", how: "it was ended by SIGABRT" };

test("however often its workers died, a session that gets on is not ended, and is held like any other from then on", async () => {
  const backend = createMemoryBackend();
  const holders: string[] = [];
  let sessionId = "";
  const model = createScriptedModel(async (request) => {
    const row = await sql<{ lease_owner: string }>`select lease_owner from sessions where id = ${sessionId}`.execute(
      world.db,
    );
    holders.push(row.rows[0]?.lease_owner ?? "");
    return request.messages.length < 3 ? { toolCalls: [bash("make")] } : { text: "Done." };
  });
  const worker = await start({ model, backend });
  sessionId = await world.createSession();
  await suspect(sessionId, 50);
  await world.say(sessionId, "Go");
  const log = await world.settled(sessionId, { reason: "end_turn" });
  expect(await world.session(sessionId)).toMatchObject({ failedClaims: 0, failuresAlone: 0 });
  expect(ofType(log, "session.error")).toEqual([]);
  // The first answer is that it got on; the second request was the shared worker's.
  expect(holders).toHaveLength(2);
  expect(holders[0]).not.toBe(worker.id);
  expect(holders[1]).toBe(worker.id);
  expect(ofType(log, "span.model_request_end").map((event) => event.payload.is_error)).toEqual([false, false]);
  const known = await sql<{ id: string }>`select id from workers`.execute(world.db);
  expect(known.rows.map((row) => row.id)).toEqual([worker.id]);
});

test("a worker never claims a suspect for itself, also not one whose lease ran out", async () => {
  const { startAlone, claims } = scriptedProcesses(() => ({ well: true, state: "let-go", how: "" }));
  const worker = await start({
    model: createScriptedModel(inTurn({ text: "Hi" })),
    backend: createMemoryBackend(),
    startAlone,
  });
  const ids = [await world.createSession(), await world.createSession()];
  await suspect(ids[0] ?? "");
  await sql`update sessions set failed_claims = ${SUSPECT_AFTER - 1}, lease_owner = 'wrk_silent', lease_until = now() - interval '1 second'
    where id = ${ids[1]}`.execute(world.db);
  for (const id of ids) await sql`update sessions set wake_at = now() where id = ${id}`.execute(world.db);
  await until(() => ids.every((id) => claims.some((claim) => claim.sessionId === id)));
  expect(claims.every((claim) => claim.fence.owner !== worker.id)).toBe(true);
  for (const id of ids) expect((await world.session(id)).failedClaims).toBeGreaterThanOrEqual(SUSPECT_AFTER);
});

test("a session that kills each process that holds it alone is ended with words; one that is started with it is not", async () => {
  const { startAlone, claims } = scriptedProcesses(() => DIED);
  await start({ model: createScriptedModel(inTurn({ text: "Hi" })), backend: createMemoryBackend(), startAlone });
  const sessionId = await world.createSession();
  await suspect(sessionId);
  await world.say(sessionId, "Hi");
  const other = await world.createSession();
  await world.say(other, "Hi");
  await world.settled(other, { reason: "end_turn" });
  await until(async () => (await world.session(sessionId)).status === "terminated");
  // Once more than the limit: the process that was to end it died too, so it was ended without one.
  expect(claims.map((claim) => claim.failuresAlone)).toEqual([0, 1, 2, 3]);
  const log = await world.log(sessionId);
  expect(ofType(log, "session.error")[0]?.payload.error).toMatchObject({
    retry_status: { type: "terminal" },
    message: expect.stringContaining("4 times in a row while nothing else ran beside it"),
  });
  expect(log.at(-1)?.type).toBe("session.status_terminated");
  expect(await world.session(sessionId)).toMatchObject({ leased: false, wakeAt: null });
}, 60_000);

test("at the limit it is ended in order: the open request is closed, and it says why", async () => {
  await start({ model: createScriptedModel(inTurn({ text: "Hi" })), backend: createMemoryBackend() });
  const sessionId = await world.createSession();
  await suspect(sessionId, 5, MAX_FAILURES_ALONE);
  await world.say(sessionId, "Hi");
  await until(async () => (await world.session(sessionId)).status === "terminated");
  const log = await world.log(sessionId);
  expect(log.map((event) => event.type)).toEqual(["user.message", "session.error", "session.status_terminated"]);
});

test("a process that could not be started, or died after it had let go, says nothing about the session", async () => {
  const ends: LoneEnd[] = [
    { well: false, state: "let-go", how: "it ended with code 1" },
    { well: false, state: "starting", how: "not enough memory" },
  ];
  const { startAlone, claims } = scriptedProcesses(() => ends.shift() ?? { well: true, state: "let-go", how: "" });
  await start({ model: createScriptedModel(inTurn({ text: "Hi" })), backend: createMemoryBackend(), startAlone });
  const sessionId = await world.createSession();
  await suspect(sessionId);
  await world.say(sessionId, "Hi");
  await until(() => ends.length === 0);
  await until(async () => !(await world.session(sessionId)).leased);
  expect(claims.length).toBeGreaterThanOrEqual(2);
  expect(await world.session(sessionId)).toMatchObject({ failedClaims: SUSPECT_AFTER, failuresAlone: 0 });
});

test("one that waits long for a tool makes room for the next; the tool goes on, and one failure makes it a suspect again", async () => {
  const running = gate();
  const backend = createMemoryBackend({
    execute: async () => {
      await running.opened;
      return { outcome: "ok", content: "built" };
    },
  });
  const model = createScriptedModel((request) =>
    request.messages.length < 3 ? { toolCalls: [bash("make")] } : { text: "Done." },
  );
  const first = await start({ model, backend });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Build");
  await until(() => backend.started.length === 1);
  await suspect(sessionId, 7);
  await first.stop();
  const worker = await start({ model, backend });
  const holder = async () =>
    (
      await sql<{ lease_owner: string | null }>`select lease_owner from sessions where id = ${sessionId}`.execute(
        world.db,
      )
    ).rows[0]?.lease_owner;
  await until(async () => {
    const now = await holder();
    return now && now !== worker.id;
  });
  await until(async () => (await holder()) === worker.id, { timeoutMs: 40_000 });
  expect(await world.session(sessionId)).toMatchObject({ failedClaims: SUSPECT_AFTER - 1 });
  running.open();
  const log = await world.settled(sessionId, { reason: "end_turn" });
  expect(backend.started).toHaveLength(1);
  expect(ofType(log, "agent.tool_result")).toHaveLength(1);
}, 60_000);

test("a worker that stops gives back what it had held alone, as suspicious as it was", async () => {
  const backend = createMemoryBackend();
  const model = createScriptedModel(inTurn({ first: "Once", until: new Promise(() => undefined) }));
  const leaving = await start({ model, backend });
  const sessionId = await world.createSession();
  await suspect(sessionId, 3, 1);
  await world.say(sessionId, "Hi");
  await until(() => model.requests.length === 1);
  expect(leaving.worker.running).toBe(1);
  await leaving.stop();
  expect(await world.session(sessionId)).toMatchObject({ leased: false, failedClaims: 3, failuresAlone: 1 });
  const left = await sql`select id from workers`.execute(world.db);
  expect(left.rows).toEqual([]);
  await start({ model: createScriptedModel(inTurn({ text: "Hello." })), backend });
  await world.settled(sessionId, { reason: "end_turn" });
});

test("an error of ours in a session's own work is the session's, and is waited for longer each time", async () => {
  await start({ model: createScriptedModel(inTurn({ text: "Hi" })), backend: createMemoryBackend() });
  const sessionId = await world.createSession();
  // A log that cannot be folded.
  await world.say(sessionId, "Hi");
  await world.settled(sessionId, { reason: "end_turn" });
  await sql`update sessions set agent = '{}'::jsonb where id = ${sessionId}`.execute(world.db);
  await world.say(sessionId, "Hi");
  await until(async () => (await world.session(sessionId)).status === "terminated", { timeoutMs: 40_000 });
  const log = await world.log(sessionId);
  expect(ofType(log, "session.error")[0]?.payload.error).toMatchObject({ retry_status: { type: "terminal" } });
}, 60_000);
