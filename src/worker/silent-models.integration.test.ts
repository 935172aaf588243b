// A model that does not answer holds up those who asked it, and nobody else: other models, tools and interrupts have their places.
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

const PLACES = 2;
const WAITING = 3;

test("with every place taken by requests to a silent model, another model's session runs; those that wait are told, and go on when it answers", async () => {
  const answers = Promise.withResolvers<void>();
  const model = createScriptedModel(async ({ model: id }) => {
    if (id === "dead") await answers.promise;
    return { text: `from ${id}` };
  });
  const stuck = await Promise.all(
    Array.from({ length: PLACES + WAITING }, () => world.createSession({ model: "dead" })),
  );
  for (const id of stuck) await world.say(id, "Hi");
  const { worker } = await world.startWorker({
    ...{ model, backend: createMemoryBackend(), concurrency: PLACES, modelSilentMs: 100 },
  });
  await until(() => model.requests.length === PLACES);
  const other = await world.createSession({ model: "alive" });
  await world.say(other, "Hi");
  await world.settled(other, { reason: "end_turn" });
  // Of the dead one there are no more requests than places, and those without one hold none.
  expect(model.requests.filter((request) => request.model === "dead")).toHaveLength(PLACES);
  await until(async () => (await waitingOf(stuck)).length === WAITING);
  expect(worker.running).toBeLessThanOrEqual(PLACES + 1);
  const [waiting = ""] = await waitingOf(stuck);
  const told = (await world.log(waiting)).filter((event) => event.type === "session.status_rescheduled");
  expect(told.map((event) => event.payload)).toEqual([{ reason: "model_busy" }]);
  // An interrupt needs no model.
  await world.send(waiting, { type: "user.interrupt" });
  await world.settled(waiting);
  answers.resolve();
  for (const id of stuck) await world.settled(id, { timeoutMs: 20_000 });
  expect(model.requests.filter((request) => request.model === "dead")).toHaveLength(PLACES + WAITING - 1);
}, 40_000);

/** Told that they wait for the model, and held by nobody. */
async function waitingOf(ids: readonly string[]): Promise<string[]> {
  const sessions = await Promise.all(ids.map(async (id) => ({ id, ...(await world.session(id)) })));
  return sessions.filter(({ status, leased }) => status === "rescheduling" && !leased).map(({ id }) => id);
}
