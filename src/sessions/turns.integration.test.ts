// A turn from message to idle: with a real database, a scripted model and an in-memory backend.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn, type Script } from "../../test/support/scripted-model.ts";
import { createTurnWorld, type TestWorker, type TurnWorld, typesOf } from "../../test/support/turn-world.ts";

let world: TurnWorld;
let workers: TestWorker[] = [];
beforeAll(async () => {
  world = await createTurnWorld();
});
afterEach(async () => {
  for (const worker of workers) await worker.stop();
  workers = [];
});
afterAll(() => world.dispose());

async function start(script: Script, backend = createMemoryBackend()) {
  const model = createScriptedModel(script);
  workers.push(await world.startWorker({ model, backend }));
  return { model, backend };
}

test("a message is answered and the session is idle", async () => {
  const { model } = await start(inTurn({ text: "Hello.", reasoning: "hm" }));
  const sessionId = await world.createSession();
  await world.say(sessionId, "Hi");
  const log = await world.settled(sessionId);
  expect(typesOf(log)).toEqual([
    "user.message",
    "session.status_running",
    "user.message (echo)",
    "span.model_request_start",
    "agent.thinking",
    "agent.message",
    "span.model_request_end",
    "session.usage",
    "session.status_idle",
  ]);
  expect(log.at(-1)?.payload).toEqual({ stop_reason: { type: "end_turn" }, stop_details: null });
  expect(model.requests[0]?.messages).toEqual([{ role: "user", content: [{ type: "text", text: "Hi" }] }]);
});

test("tool calls of one answer run once each and their results go back to the model", async () => {
  const { model, backend } = await start(
    inTurn(
      {
        toolCalls: [
          { name: "bash", input: { command: "a" } },
          { name: "bash", input: { command: "b" } },
        ],
      },
      { text: "Done." },
    ),
  );
  const sessionId = await world.createSession();
  await world.say(sessionId, "Go");
  const log = await world.settled(sessionId);
  expect(typesOf(log).filter((type) => type.startsWith("agent."))).toEqual([
    "agent.tool_use",
    "agent.tool_use",
    "agent.tool_result",
    "agent.tool_result",
    "agent.message",
  ]);
  expect(backend.started.map((one) => one.operation)).toEqual([
    { kind: "bash", command: "a" },
    { kind: "bash", command: "b" },
  ]);
  const uses = log.filter((event) => event.type === "agent.tool_use");
  expect(backend.started.map((one) => one.id)).toEqual(uses.map((event) => event.id));
  expect(model.requests[1]?.messages.slice(1)).toMatchObject([
    { role: "assistant", toolCalls: [{ name: "bash" }, { name: "bash" }] },
    { role: "tool", content: [{ type: "text", text: "ran a" }], isError: false },
    { role: "tool", content: [{ type: "text", text: "ran b" }], isError: false },
  ]);
});
