// Requests that end without an answer count: in their span, in the session's totals, and for the budget.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn, type Script } from "../../test/support/scripted-model.ts";
import { createTurnWorld, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import type { StoredEvent } from "../db/events.ts";
import { ModelError } from "../models/errors.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterEach(() => world.clear());
afterAll(() => world.dispose());

const never = new Promise<void>(() => undefined);

async function start(script: Script, perToken?: string | null) {
  const model = createScriptedModel(script, perToken === undefined ? {} : { perToken });
  const worker = await world.startWorker({ model, backend: createMemoryBackend() });
  return { model, worker };
}

function usageOfEnds(log: readonly StoredEvent[]) {
  return log
    .filter((event) => event.type === "span.model_request_end")
    .map((event) => event.payload.model_usage as { input_tokens: number; output_tokens: number });
}

async function totals(sessionId: string) {
  const row = await world.db.selectFrom("sessions").selectAll().where("id", "=", sessionId).executeTakeFirstOrThrow();
  return { input: row.input_tokens, output: row.output_tokens, usd: Number(row.cost_usd), complete: row.cost_complete };
}

test("an interrupted request is charged with its prompt and what had arrived", async () => {
  const { model } = await start(inTurn({ first: "Once upon a time there was", until: never }));
  const sessionId = await world.createSession();
  await world.say(sessionId, "Tell me a story");
  await until(() => model.requests.length === 1);
  await world.send(sessionId, { type: "user.interrupt" });
  const [end] = usageOfEnds(await world.settled(sessionId, { reason: "end_turn" }));
  expect(end?.input_tokens).toBeGreaterThan(100);
  expect(end?.output_tokens).toBe(7);
  const total = await totals(sessionId);
  expect(total).toMatchObject({ input: end?.input_tokens, output: 7, complete: true });
  expect(total.usd).toBeCloseTo(0.0001 * (total.input + total.output), 8);
});

test("with a model that nobody knows the price of, the session's cost is unknown", async () => {
  const { model } = await start(inTurn({ first: "Once", until: never }), null);
  const sessionId = await world.createSession();
  await world.say(sessionId, "Tell me a story");
  await until(() => model.requests.length === 1);
  await world.send(sessionId, { type: "user.interrupt" });
  await world.settled(sessionId, { reason: "end_turn" });
  expect(await totals(sessionId)).toMatchObject({ usd: 0, complete: false });
});

test("answers that break off use up a budget", async () => {
  const cut = () => new ModelError("stream_interrupted", "The answer broke off.", { retryAfterMs: 1 });
  const { model } = await start(inTurn(cut(), cut(), cut(), { text: "Done." }), "0.0005");
  const sessionId = await world.createSession({ budgetCents: 20 });
  await world.say(sessionId, "Go");
  const log = await world.settled(sessionId, { reason: "budget_reached" });
  expect((await totals(sessionId)).usd).toBeGreaterThanOrEqual(0.2);
  expect(usageOfEnds(log).every((usage) => usage.input_tokens > 100)).toBe(true);
  expect(model.requests.length).toBeLessThan(4);
});

test("a refused request costs nothing", async () => {
  await start(inTurn(new ModelError("gateway_auth", "Wrong key (401).")));
  const sessionId = await world.createSession();
  await world.say(sessionId, "Hi");
  await world.settled(sessionId, { reason: "retries_exhausted" });
  expect(await totals(sessionId)).toEqual({ input: 0, output: 0, usd: 0, complete: true });
});

test("a request that its worker left behind is charged by the next one, and a budget goes on", async () => {
  const { model, worker } = await start(inTurn({ first: "Once", until: never }));
  const sessionId = await world.createSession({ budgetCents: 1_000 });
  await world.say(sessionId, "Hi");
  await until(() => model.requests.length === 1);
  await worker.stop();
  await start(inTurn({ text: "Hello." }));
  const [cut, whole] = usageOfEnds(await world.settled(sessionId, { reason: "end_turn" }));
  expect(cut?.input_tokens).toBeGreaterThan(100);
  expect(await totals(sessionId)).toMatchObject({
    input: (cut?.input_tokens ?? 0) + (whole?.input_tokens ?? 0),
    complete: true,
  });
});
