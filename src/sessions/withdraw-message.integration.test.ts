// A queued message is either read by the agent or withdrawn, never both, whoever comes first.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn } from "../../test/support/scripted-model.ts";
import { createTurnWorld, gate, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterEach(() => world.clear());
afterAll(() => world.dispose());

test("a message that waits is taken back: the model never sees it, the others it does", async () => {
  const running = gate();
  const backend = createMemoryBackend({
    execute: async () => {
      await running.opened;
      return { outcome: "ok", content: "built" };
    },
  });
  const bash = { name: "bash", input: { command: "make" } };
  const model = createScriptedModel(inTurn({ toolCalls: [bash] }, { text: "Built." }, { text: "Tested." }));
  await world.startWorker({ model, backend });
  const sessionId = await world.createSession();
  const first = await world.say(sessionId, "Build it");
  await until(() => backend.started.length === 1);
  const wrong = await world.say(sessionId, "Deploy it");
  const right = await world.say(sessionId, "Test it");
  await world.withdraw(sessionId, wrong);
  await world.withdraw(sessionId, wrong);
  await expect(world.withdraw(sessionId, first)).rejects.toThrow("has read message");
  running.open();
  const log = await world.settled(sessionId, { reason: "end_turn" });
  expect(JSON.stringify(model.requests)).not.toContain("Deploy it");
  expect(JSON.stringify(model.requests)).toContain("Test it");
  const echoes = log.filter((event) => event.echo);
  expect(echoes.map((event) => [event.id, event.payload.withdrawn ?? false])).toEqual([
    [first, false],
    [wrong, true],
    [right, false],
  ]);
});

test("the only message is withdrawn before anyone reads it: nothing runs, nothing waits", async () => {
  const sessionId = await world.createSession();
  await world.withdraw(sessionId, await world.say(sessionId, "Never mind"));
  const model = createScriptedModel(inTurn({ text: "Hello?" }));
  await world.startWorker({ model, backend: createMemoryBackend() });
  const log = await world.settled(sessionId);
  expect(model.requests).toEqual([]);
  expect(log.map((event) => event.type)).toEqual(["user.message", "user.message"]);
});

test("an unknown event, another session's, and what is no message are refused", async () => {
  const [sessionId, other] = [await world.createSession(), await world.createSession()];
  const [interrupt] = await world.send(sessionId, { type: "user.interrupt" });
  const elsewhere = await world.say(other, "Hi");
  await expect(world.withdraw(sessionId, "sevt_unknown")).rejects.toMatchObject({ code: "not_found" });
  await expect(world.withdraw(sessionId, elsewhere)).rejects.toMatchObject({ code: "not_found" });
  await expect(world.withdraw(sessionId, interrupt ?? "")).rejects.toMatchObject({ code: "invalid_request" });
});

test("withdrawals that race with workers: the model saw a message, or it is withdrawn", async () => {
  const model = createScriptedModel(async () => ({ text: "Ok." }));
  const backend = createMemoryBackend();
  for (let worker = 0; worker < 2; worker++) await world.startWorker({ model, backend });
  const sessions = await Promise.all(Array.from({ length: 20 }, () => world.createSession()));
  let taken = 0;
  await Promise.all(
    sessions.map(async (sessionId, index) => {
      const id = await world.say(sessionId, `race-${index}.`);
      await new Promise((resolve) => setTimeout(resolve, index % 10));
      const withdrawn = await world.withdraw(sessionId, id).then(
        () => true,
        () => false,
      );
      await world.settled(sessionId);
      const seen = JSON.stringify(model.requests).includes(`race-${index}.`);
      expect(seen, `message ${index}`).toBe(!withdrawn);
      if (withdrawn) taken += 1;
    }),
  );
  console.log(`withdrawn before they were read: ${taken} of ${sessions.length}`);
});
