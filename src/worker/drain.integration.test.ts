// A worker that is asked to stop: what it has asked a model is not asked again, what runs in a sandbox goes on under another.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn } from "../../test/support/scripted-model.ts";
import { createTurnWorld, gate, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import type { StoredEvent } from "../db/events.ts";

const LONG_MS = 60_000;
let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterEach(() => world.clear());
afterAll(() => world.dispose());

const start = (options: Parameters<TurnWorld["startWorker"]>[0]) => world.startWorker(options);

const bash = (command: string) => ({ name: "bash", input: { command } });
const textsOf = (log: readonly StoredEvent[]) =>
  log
    .filter(({ type }) => type === "agent.message")
    .map(({ payload }) => (payload.content as { text: string }[])[0]?.text);

test("a model request that is under way is finished, the next step is another worker's", async () => {
  const answering = gate();
  const first = createScriptedModel(() => ({ toolCalls: [bash("make")], until: answering.opened }));
  const backend = createMemoryBackend();
  const old = await start({ model: first, backend, drainMs: LONG_MS });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Go");
  await until(() => first.requests.length === 1);

  const stopped = old.stop();
  const second = createScriptedModel(inTurn({ text: "made" }));
  await start({ model: second, backend });
  const other = await world.createSession();
  await world.say(other, "Me too");
  await world.settled(other);
  expect(first.requests).toHaveLength(1);

  answering.open();
  await stopped;
  const log = await world.settled(sessionId);
  expect(first.aborted).toBe(0);
  expect([first.requests.length, second.requests.length]).toEqual([1, 2]);
  expect(backend.started.map(({ operation }) => operation)).toMatchObject([{ command: "make" }]);
  expect(textsOf(log)).toEqual(["made"]);
});

test("a turn that ends with the answer is ended by the worker that stops", async () => {
  const answering = gate();
  const model = createScriptedModel(() => ({ text: "All of it.", until: answering.opened }));
  const old = await start({ model, backend: createMemoryBackend(), drainMs: LONG_MS });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Go");
  await until(() => model.requests.length === 1);
  const stopped = old.stop();
  answering.open();
  await stopped;
  expect(textsOf(await world.settled(sessionId, { reason: "end_turn" }))).toEqual(["All of it."]);
  expect(model.requests).toHaveLength(1);
});

test("a command that runs is left to its sandbox at once, and is another worker's from then on", async () => {
  const running = gate();
  const backend = createMemoryBackend({
    execute: async () => {
      await running.opened;
      return { outcome: "ok", content: "built" };
    },
  });
  const old = await start({
    model: createScriptedModel(inTurn({ toolCalls: [bash("make")] })),
    backend,
    drainMs: LONG_MS,
  });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Go");
  await until(() => backend.started.length === 1);
  // Would take a minute if it waited for the command.
  await old.stop();
  expect(backend.cancelled).toEqual([]);
  await start({ model: createScriptedModel(inTurn({ text: "done" })), backend });
  running.open();
  expect(textsOf(await world.settled(sessionId))).toEqual(["done"]);
  expect(backend.started).toHaveLength(1);
});

test("an interrupt is heard while a worker stops", async () => {
  const model = createScriptedModel(() => ({ text: "never", until: gate().opened }));
  const old = await start({ model, backend: createMemoryBackend(), drainMs: LONG_MS });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Go");
  await until(() => model.requests.length === 1);
  const stopped = old.stop();
  await world.send(sessionId, { type: "user.interrupt" });
  await stopped;
  expect(model.aborted).toBe(1);
});

test("an answer that takes too long is asked for again by another worker", async () => {
  const first = createScriptedModel(() => ({ text: "never", until: gate().opened }));
  const backend = createMemoryBackend();
  const old = await start({ model: first, backend, drainMs: 50 });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Go");
  await until(() => first.requests.length === 1);
  await old.stop();
  expect(first.aborted).toBe(1);
  await start({ model: createScriptedModel(inTurn({ text: "sooner" })), backend });
  expect(textsOf(await world.settled(sessionId))).toEqual(["sooner"]);
});
