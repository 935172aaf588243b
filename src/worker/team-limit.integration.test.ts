// BERTH_TEAM_SESSIONS: a team runs no more sessions at once, over all workers; the others wait, are told, and none fails.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel } from "../../test/support/scripted-model.ts";
import { createTurnWorld, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import { listActive } from "../db/overview.ts";
import { createReadTimeline } from "../sessions/timeline.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterAll(() => world.dispose());

const LIMIT = 2;

test("with two workers and places for all, two sessions run at once, the others say why they wait, and all come to their end", async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, () => world.createSession()));
  for (const id of ids) await world.say(id, "Hi");
  const waiting: (() => void)[] = [];
  const model = createScriptedModel(async () => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return { text: "Hello" };
  });
  const shared = { model, backend: createMemoryBackend(), teamSessions: LIMIT };
  await Promise.all([world.startWorker(shared), world.startWorker(shared)]);
  const team = await sql<{ team_id: string }>`select team_id from sessions limit 1`.execute(world.db);
  const teamId = team.rows[0]?.team_id ?? "";
  const active = () => listActive(world.db, { teamId, limit: 10 });
  const told = async () => (await active()).filter((one) => one.team_limit === LIMIT).map(({ id }) => id);

  await until(() => waiting.length === LIMIT);
  await until(async () => (await told()).length === ids.length - LIMIT);
  const [first = ""] = await told();
  const readTimeline = createReadTimeline({ db: world.db });
  const waits = async () =>
    (await readTimeline(teamId, first, {})).data.filter(({ kind }) => kind === "waits_for_place");
  expect(await waits()).toEqual([
    expect.objectContaining({ ended_at: null, detail: { limit: "sessions", of: LIMIT } }),
  ]);
  for (let answered = 0; answered < ids.length; answered++) {
    const expected = Math.min(LIMIT, ids.length - answered);
    await until(() => waiting.length >= expected);
    expect((await active()).filter(({ state }) => state === "running").length).toBeLessThanOrEqual(LIMIT);
    expect(waiting).toHaveLength(expected);
    waiting.shift()?.();
  }
  for (const id of ids) await world.settled(id, { reason: "end_turn" });
  await until(async () => (await waits())[0]?.ended_at !== null);
  expect(await waits()).toHaveLength(1);
}, 40_000);
