// A session goes back to an earlier message, or goes on from it in a copy; logs stay whole, usage is counted once.
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn } from "../../test/support/scripted-model.ts";
import { createTurnWorld, expectSoundStoredLog, gate, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import { inTransaction } from "../db/database.ts";
import { systemClock } from "../lib/clock.ts";
import { createForkSession } from "./fork-session.ts";
import { createRewindSession } from "./rewind-session.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterEach(() => world.clear());
afterAll(() => world.dispose());

const onLogGrew = () => undefined;
const onFilesWanted = () => undefined;
const rewindSession = createRewindSession({ clock: systemClock, onLogGrew, onFilesWanted });
const forkSession = createForkSession({ clock: systemClock, onLogGrew, onFilesWanted });
const teamOf = async (sessionId: string) =>
  (await sql<{ team_id: string }>`select team_id from sessions where id = ${sessionId}`.execute(world.db)).rows[0]
    ?.team_id ?? "";
const rewind = async (sessionId: string, eventId: string) => {
  const teamId = await teamOf(sessionId);
  return inTransaction(world.db, (tx) => rewindSession(tx, teamId, { sessionId, eventId }));
};
const fork = async (sessionId: string, eventId?: string) => {
  const teamId = await teamOf(sessionId);
  return inTransaction(world.db, (tx) => forkSession(tx, teamId, { sessionId, eventId }));
};
const usageOf = async (sessionIds: string[]) =>
  (
    await sql<{ requests: number }>`select coalesce(sum(model_requests), 0)::int as requests from usage_daily
      where session_id = any(${sessionIds}::text[])`.execute(world.db)
  ).rows[0]?.requests;

test("after a rewind the model hears what came before and the new message, nothing of what was taken back", async () => {
  const model = createScriptedModel(inTurn({ text: "One." }, { text: "Two." }, { text: "Another two." }));
  await world.startWorker({ model, backend: createMemoryBackend() });
  const sessionId = await world.createSession();
  const first = await world.say(sessionId, "first question");
  await world.settled(sessionId);
  const second = await world.say(sessionId, "second question");
  await world.settled(sessionId);

  const session = await rewind(sessionId, second);
  expect(session).toMatchObject({ status: "idle", stop_reason: { type: "end_turn" }, last_message: { text: "One." } });
  // What was taken back is no place any more; what came before is.
  await expect(rewind(sessionId, second)).rejects.toMatchObject({ code: "not_found" });
  await world.say(sessionId, "another question");
  const log = await world.settled(sessionId);
  const asked = JSON.stringify(model.requests.at(-1));
  expect(asked).toContain("first question");
  expect(asked).toContain("another question");
  expect(asked).not.toContain("second question");
  expect(asked).not.toContain("Two.");
  // The log keeps it all.
  expect(log.filter(({ type, echo }) => type === "agent.message" && !echo)).toHaveLength(3);
  await rewind(sessionId, first);
});

test("a session that runs, waits with something queued, or ended is not rewound", async () => {
  const running = gate();
  const backend = createMemoryBackend({
    execute: async () => {
      await running.opened;
      return { outcome: "ok", content: "built" };
    },
  });
  const model = createScriptedModel(
    inTurn({ toolCalls: [{ name: "bash", input: { command: "make" } }] }, { text: "Built." }),
  );
  await world.startWorker({ model, backend });
  const sessionId = await world.createSession();
  const message = await world.say(sessionId, "Build it");
  await until(() => backend.started.length === 1);
  await expect(rewind(sessionId, message)).rejects.toMatchObject({ code: "conflict" });
  await expect(fork(sessionId)).rejects.toMatchObject({ code: "conflict" });
  // Before its first message nothing moves any more, so a fork there is fine.
  expect((await fork(sessionId, message)).status).toBe("idle");
  running.open();
  const log = await world.settled(sessionId);
  for (const [eventId, code] of [
    ["sevt_unknown", "not_found"],
    [log.find(({ type }) => type === "agent.message")?.id ?? "", "invalid_request"],
  ] as const)
    await expect(rewind(sessionId, eventId)).rejects.toMatchObject({ code });
  const other = await world.createSession();
  await expect(rewind(other, message)).rejects.toMatchObject({ code: "not_found" });
});

test("a call that waits for a person is given up by a rewind", async () => {
  const model = createScriptedModel(
    inTurn({ toolCalls: [{ name: "bash", input: { command: "rm -r build" } }] }, { text: "Something else." }),
  );
  const backend = createMemoryBackend();
  await world.startWorker({ model, backend });
  const sessionId = await world.createSession({
    tools: [
      {
        type: "agent_toolset_20260401",
        default_config: { enabled: true, permission_policy: { type: "always_ask" } },
        configs: [],
      },
    ],
  });
  const message = await world.say(sessionId, "Clean up");
  await world.settled(sessionId, { reason: "requires_action" });
  expect(await rewind(sessionId, message)).toMatchObject({ status: "idle", waiting_for: null });
  await world.say(sessionId, "Never mind");
  await until(async () => (await world.log(sessionId)).some(({ type, seq }) => type === "agent.message" && seq > 8));
  expect(backend.started).toEqual([]);
});

test("a fork has what came before, is its own from there on, and counts only what it uses itself", async () => {
  const model = createScriptedModel(inTurn({ text: "One." }, { text: "Two." }, { text: "Two, in the fork." }));
  await world.startWorker({ model, backend: createMemoryBackend() });
  const sessionId = await world.createSession();
  await world.say(sessionId, "first question");
  await world.settled(sessionId);
  const second = await world.say(sessionId, "second question");
  const before = await world.settled(sessionId);
  const used = await usageOf([sessionId]);

  const copy = await fork(sessionId, second);
  expect(copy).toMatchObject({
    forked_from: { session_id: sessionId, event_id: second },
    status: "idle",
    usage: { input_tokens: 0 },
    last_message: { text: "One." },
  });
  expect(await usageOf([sessionId, copy.id])).toBe(used);
  const copied = await world.log(copy.id);
  expectSoundStoredLog(copied);
  expect(copied.at(-2)?.type).toBe("session.forked");
  // The second question was posted before it was read: in the copy it was never said.
  expect(copied.filter(({ id }) => id === second).map(({ payload }) => payload.withdrawn ?? false)).toEqual([
    false,
    true,
  ]);

  await world.say(copy.id, "another question");
  await world.settled(copy.id);
  const asked = JSON.stringify(model.requests.at(-1));
  expect(asked).toContain("first question");
  expect(asked).toContain("another question");
  expect(asked).not.toContain("second question");
  expect(await world.log(sessionId)).toEqual(before);
  expect(await usageOf([copy.id])).toBe(1);

  // The whole of it, and of a fork too.
  const whole = await fork(copy.id);
  expect(whole.forked_from).toEqual({ session_id: copy.id, event_id: null });
  expect((await world.log(whole.id)).length).toBe((await world.log(copy.id)).length + 2);
});

test("a deleted session has no forks to give, and its forks live on", async () => {
  const sessionId = await world.createSession();
  const copy = await fork(sessionId);
  await sql`delete from sessions where id = ${sessionId}`.execute(world.db);
  await expect(fork(sessionId)).rejects.toMatchObject({ code: "not_found" });
  expect((await world.log(copy.id)).map(({ type }) => type)).toEqual(["session.forked", "session.status_idle"]);
});
