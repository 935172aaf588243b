// BERTH_WORKER_CONCURRENCY is a cap: with more sessions than that, the others wait, and each has its turn.
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel } from "../../test/support/scripted-model.ts";
import { createTurnWorld, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterAll(() => world.dispose());

test("never more sessions run at once than the cap, and all come to their end", async () => {
  const CAP = 2;
  const ids = await Promise.all(Array.from({ length: 7 }, () => world.createSession()));
  // All wait before the worker starts: its first look could take them all.
  for (const id of ids) await world.say(id, "Hi");
  const waiting: (() => void)[] = [];
  let thinking = 0;
  let most = 0;
  const model = createScriptedModel(async () => {
    most = Math.max(most, ++thinking);
    await new Promise<void>((resolve) => waiting.push(resolve));
    thinking--;
    return { text: "Hello" };
  });
  const { worker } = await world.startWorker({ model, backend: createMemoryBackend(), concurrency: CAP });
  const held = async () => {
    const sessions = await Promise.all(ids.map((id) => world.session(id)));
    return sessions.filter((session) => session.leased).length;
  };
  for (let answered = 0; answered < ids.length; answered++) {
    const expected = Math.min(CAP, ids.length - answered);
    // As many as may, whenever one has ended.
    await until(() => waiting.length >= expected);
    expect(waiting).toHaveLength(expected);
    expect(await held()).toBeLessThanOrEqual(CAP);
    expect(worker.running).toBeLessThanOrEqual(CAP);
    waiting.shift()?.();
  }
  for (const id of ids) await world.settled(id, { reason: "end_turn" });
  expect(most).toBe(CAP);
  expect(model.requests).toHaveLength(ids.length);
});
