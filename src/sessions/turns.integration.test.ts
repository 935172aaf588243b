// A turn from message to idle: with a real database, a scripted model and an in-memory backend.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createMemoryBackend, type Execute } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn, type Script } from "../../test/support/scripted-model.ts";
import { ASK_ALL, createTurnWorld, gate, type TurnWorld, typesOf } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import type { AgentTool } from "../contract/agents.ts";
import type { StoredEvent } from "../db/events.ts";
import { listenForWakeups, type Preview } from "../db/wakeups.ts";
import { createLogger } from "../lib/logger.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterEach(() => world.clear());
afterAll(() => world.dispose());

async function start(script: Script, execute?: Execute) {
  const backend = createMemoryBackend(execute ? { execute } : {});
  const model = createScriptedModel(script);
  await world.startWorker({ model, backend });
  return { model, backend };
}

const bash = (command: string) => ({ name: "bash", input: { command } });
const weather: AgentTool = {
  type: "custom",
  name: "weather",
  description: "Tells the weather.",
  input_schema: { type: "object" },
};
const ofType = (log: readonly StoredEvent[], type: string) => log.filter((event) => event.type === type && !event.echo);
const confirm = (id: string | undefined, result: "allow" | "deny", message?: string) => ({
  type: "user.tool_confirmation",
  tool_use_id: id,
  result,
  ...(message === undefined ? {} : { deny_message: message }),
});
const textsOf = (log: readonly StoredEvent[], type: string) =>
  ofType(log, type).map((event) => (event.payload.content as { text: string }[]).map((block) => block.text).join(""));

describe("a turn", () => {
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
    expect(log.at(-2)?.payload).toMatchObject({
      usage: { input_tokens: 10, output_tokens: 5, list_cost: { amount: "0" } },
    });
    expect(model.requests[0]?.messages).toEqual([{ role: "user", content: [{ type: "text", text: "Hi" }] }]);
    expect(log.find((event) => event.type === "agent.thinking")?.payload).toEqual({});
    expect((await world.session(sessionId)).costUsd).toBe("0.001");
  });

  test("tool calls of one answer run once each and their results go back to the model", async () => {
    const { model, backend } = await start(inTurn({ toolCalls: [bash("a"), bash("b")] }, { text: "Done." }));
    const sessionId = await world.createSession();
    await world.say(sessionId, "Go");
    const log = await world.settled(sessionId);
    const uses = ofType(log, "agent.tool_use");
    expect(backend.started).toMatchObject([
      { id: uses[0]?.id, operation: { kind: "bash", command: "a" } },
      { id: uses[1]?.id, operation: { kind: "bash", command: "b" } },
    ]);
    expect(backend.creations).toEqual([sessionId]);
    expect(model.requests[1]?.messages.slice(1)).toMatchObject([
      { role: "assistant", toolCalls: [{ name: "bash" }, { name: "bash" }] },
      { role: "tool", content: [{ type: "text", text: "ran a" }], isError: false },
      { role: "tool", content: [{ type: "text", text: "ran b" }], isError: false },
    ]);
  });

  test("a session that uses no tool has no sandbox", async () => {
    const { backend } = await start(inTurn({ text: "Hello." }));
    const sessionId = await world.createSession();
    await world.say(sessionId, "Hi");
    await world.settled(sessionId);
    expect(backend.creations).toEqual([]);
  });

  test("the sandbox is made while the model still writes the call, unless somebody has to be asked first", async () => {
    const writing = gate();
    const answer = { toolCalls: [bash("a")], begins: "bash", until: writing.opened };
    const { backend, model } = await start((request) =>
      request.messages.at(-1)?.role === "tool" ? { text: "Done." } : answer,
    );
    const asked = await world.createSession({ tools: ASK_ALL });
    const sessionId = await world.createSession();
    await world.say(asked, "Go");
    await until(() => model.requests.length === 1);
    await world.say(sessionId, "Go");
    await until(() => backend.creations.length === 1);
    expect(backend.started).toEqual([]);
    writing.open();
    await world.settled(sessionId);
    await world.settled(asked, { reason: "requires_action" });
    expect(backend.creations).toEqual([sessionId]);
    expect(backend.started).toMatchObject([{ name: sessionId, operation: { kind: "bash", command: "a" } }]);
  });

  test("a sandbox that can't be made ahead of a call that never comes is nobody's trouble", async () => {
    const writing = gate();
    const { backend } = await start(() => ({ text: "I'd rather not.", begins: "bash", until: writing.opened }));
    backend.broken = "no room";
    const sessionId = await world.createSession();
    await world.say(sessionId, "Go");
    await until(() => backend.refusals > 0);
    writing.open();
    const log = await world.settled(sessionId, { reason: "end_turn" });
    expect(ofType(log, "session.error")).toEqual([]);
  });

  test("calls that can't be done are answered to the model, not run", async () => {
    const calls = [
      { name: "nope", input: {} },
      { name: "read", input: {} },
      { name: "web_fetch", input: { url: "" } },
    ];
    const { model, backend } = await start(inTurn({ toolCalls: calls }, { text: "Sorry." }));
    const sessionId = await world.createSession({ tools: ASK_ALL });
    await world.say(sessionId, "Go");
    await world.settled(sessionId, { reason: "end_turn" });
    expect(backend.started).toEqual([]);
    expect(model.requests[1]?.messages.filter((message) => message.role === "tool")).toMatchObject([
      { isError: true, content: [{ text: expect.stringContaining('no tool "nope"') }] },
      { isError: true, content: [{ text: expect.stringContaining("file_path") }] },
      { isError: true, content: [{ text: expect.stringContaining("url is required") }] },
    ]);
  });

  test("many sessions run side by side, each its own turn", async () => {
    const open = gate();
    let running = 0;
    const { model } = await start(async () => {
      running++;
      await open.opened;
      return { text: "Done." };
    });
    const ids = await Promise.all(Array.from({ length: 8 }, () => world.createSession()));
    await Promise.all(ids.map((id) => world.say(id, `I am ${id}`)));
    await until(() => running === 8);
    open.open();
    for (const id of ids) {
      const log = await world.settled(id);
      expect(textsOf(log, "user.message")).toEqual([`I am ${id}`]);
    }
    expect(model.requests).toHaveLength(8);
  });

  test("text with characters that Postgres can't hold does not stop a turn", async () => {
    await start(inTurn({ text: "a\0b\ud800c", toolCalls: [bash("echo \0")] }, { text: "ok" }), async () => ({
      outcome: "ok",
      content: "\0",
    }));
    const sessionId = await world.createSession();
    await world.say(sessionId, "Hi");
    const log = await world.settled(sessionId);
    expect(textsOf(log, "agent.message")).toEqual(["a\uFFFDb\uFFFDc", "ok"]);
  });

  test("previews carry the id of the message to come and its whole text", async () => {
    const previews: Preview["data"][] = [];
    const sessionId = await world.createSession();
    const listener = listenForWakeups({
      url: world.url,
      applicationName: "test",
      logger: createLogger("test", { level: "silent", pretty: false }),
      onPreview: (preview) => {
        if (preview.sessionId === sessionId) previews.push(preview.data);
      },
    });
    await until(() => listener.connected);
    await start(inTurn({ reasoning: "hm", first: "Hel", text: "lo." }));
    await world.say(sessionId, "Hi");
    const log = await world.settled(sessionId);
    await until(() => JSON.stringify(previews).includes("lo."));
    await listener.close();
    const messageId = ofType(log, "agent.message")[0]?.id;
    const thinkingId = ofType(log, "agent.thinking")[0]?.id;
    expect(previews.slice(0, 2)).toEqual([
      { type: "event_start", event: { type: "agent.thinking", id: thinkingId } },
      { type: "event_start", event: { type: "agent.message", id: messageId } },
    ]);
    const deltas = previews.slice(2) as { event_id: string; delta: { content: { text: string } } }[];
    expect(deltas.every((delta) => delta.event_id === messageId)).toBe(true);
    expect(deltas.map((delta) => delta.delta.content.text).join("")).toBe("Hello.");
  });
});

describe("messages that come while the session is busy", () => {
  test("are taken in together before the next request, after the results", async () => {
    const running = gate();
    const { model } = await start(inTurn({ toolCalls: [bash("slow")] }, { text: "Done." }), async () => {
      await running.opened;
      return { outcome: "ok", content: "slow output" };
    });
    const sessionId = await world.createSession();
    await world.say(sessionId, "Go");
    await until(async () => ofType(await world.log(sessionId), "agent.tool_use").length === 1);
    await world.say(sessionId, "Also this");
    await world.say(sessionId, "And this");
    running.open();
    const log = await world.settled(sessionId);
    expect(model.requests).toHaveLength(2);
    expect(model.requests[1]?.messages.map((message) => message.role)).toEqual([
      "user",
      "assistant",
      "tool",
      "user",
      "user",
    ]);
    expect(ofType(log, "session.status_running")).toHaveLength(1);
  });

  test("and begin another round when the model has just answered", async () => {
    const answering = gate();
    const { model } = await start(async (request) => {
      if (request.messages.length === 1) await answering.opened;
      return { text: `answer ${request.messages.length}` };
    });
    const sessionId = await world.createSession();
    await world.say(sessionId, "One");
    await until(() => model.requests.length === 1);
    await world.say(sessionId, "Two");
    answering.open();
    const log = await world.settled(sessionId);
    expect(textsOf(log, "agent.message")).toEqual(["answer 1", "answer 3"]);
    expect(ofType(log, "session.status_idle")).toHaveLength(1);
  });
});

describe("permissions", () => {
  test("an allowed call runs, a denied one does not, and the model is told why", async () => {
    const { model, backend } = await start(inTurn({ toolCalls: [bash("yes"), bash("no")] }, { text: "Done." }));
    const sessionId = await world.createSession({ tools: ASK_ALL });
    await world.say(sessionId, "Go");
    const waiting = await world.settled(sessionId, { reason: "requires_action" });
    const ids = ofType(waiting, "agent.tool_use").map((event) => event.id);
    expect(waiting.at(-1)?.payload.stop_reason).toEqual({ type: "requires_action", event_ids: ids });
    expect(backend.started).toEqual([]);
    await world.send(sessionId, confirm(ids[0], "allow"), confirm(ids[1], "deny", "too risky"));
    await world.settled(sessionId, { reason: "end_turn" });
    expect(backend.started.map((one) => one.id)).toEqual([ids[0]]);
    expect(model.requests[1]?.messages.filter((message) => message.role === "tool")).toMatchObject([
      { isError: false, content: [{ text: "ran yes" }] },
      { isError: true, content: [{ text: expect.stringContaining("too risky") }] },
    ]);
  });

  test("answering a part says the rest again and runs nothing yet; messages stay queued", async () => {
    const { backend } = await start(inTurn({ toolCalls: [bash("a"), bash("b")] }, { text: "Done." }));
    const sessionId = await world.createSession({ tools: ASK_ALL });
    await world.say(sessionId, "Go");
    const [first, second] = ofType(await world.settled(sessionId, { reason: "requires_action" }), "agent.tool_use").map(
      (event) => event.id,
    );
    await world.send(sessionId, confirm(first, "allow"));
    await until(async () => (await world.session(sessionId)).stopReason?.event_ids?.length === 1);
    expect((await world.session(sessionId)).stopReason?.event_ids).toEqual([second]);
    const queued = await world.say(sessionId, "Hurry");
    const log = await world.settled(sessionId, { reason: "requires_action" });
    expect(backend.started).toEqual([]);
    expect(log.find((event) => event.id === queued)?.processedAt).toBeNull();
    await world.send(sessionId, confirm(second, "allow"));
    const done = await world.settled(sessionId, { reason: "end_turn" });
    expect(backend.started.map((one) => one.id).sort()).toEqual([first, second].sort());
    expect(done.find((event) => event.id === queued)?.processedAt).not.toBeNull();
  });

  test("a custom tool waits for the client's result", async () => {
    const { model } = await start(
      inTurn({ toolCalls: [{ name: "weather", input: { city: "Linz" } }] }, { text: "Sunny." }),
    );
    const sessionId = await world.createSession({ tools: [weather] });
    await world.say(sessionId, "Weather?");
    const waiting = await world.settled(sessionId, { reason: "requires_action" });
    const use = ofType(waiting, "agent.custom_tool_use")[0];
    expect(use?.payload).toEqual({ name: "weather", input: { city: "Linz" } });
    await world.send(sessionId, {
      type: "user.custom_tool_result",
      custom_tool_use_id: use?.id,
      content: [{ type: "text", text: "sun" }],
    });
    await world.settled(sessionId, { reason: "end_turn" });
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      role: "tool",
      name: "weather",
      content: [{ text: "sun" }],
    });
  });
});

describe("an interrupt", () => {
  test("ends a model request at once and keeps what was said", async () => {
    const { model } = await start(inTurn({ first: "Once upon", until: new Promise(() => undefined) }));
    const sessionId = await world.createSession();
    await world.say(sessionId, "Tell me a story");
    await until(() => model.requests.length === 1);
    await world.send(sessionId, { type: "user.interrupt" });
    await until(() => model.aborted === 1);
    const log = await world.settled(sessionId, { reason: "end_turn" });
    expect(textsOf(log, "agent.message")).toEqual(["Once upon"]);
    expect(ofType(log, "span.model_request_end")[0]?.payload.is_error).toBe(true);
  });

  test("stops running tools and gives every open call a result", async () => {
    const { backend, model } = await start(
      inTurn({ toolCalls: [bash("quick"), bash("forever")] }, { text: "Fine." }),
      (operation, { signal }) =>
        operation.kind === "bash" && operation.command === "quick"
          ? Promise.resolve({ outcome: "ok", content: "quick" })
          : new Promise((resolve) =>
              signal.addEventListener("abort", () => resolve({ outcome: "cancelled", content: "" })),
            ),
    );
    const sessionId = await world.createSession();
    await world.say(sessionId, "Go");
    await until(async () => ofType(await world.log(sessionId), "agent.tool_result").length === 1);
    await world.send(
      sessionId,
      { type: "user.interrupt" },
      { type: "user.message", content: [{ type: "text", text: "Better?" }] },
    );
    await until(() => model.requests.length === 2);
    const log = await world.settled(sessionId, { reason: "end_turn" });
    expect(backend.cancelled).toHaveLength(1);
    expect(textsOf(log, "agent.tool_result")).toEqual(["quick", "Interrupted by the user."]);
    // The message after it begins a new turn.
    expect(ofType(log, "session.status_running")).toHaveLength(2);
    expect(model.requests[1]?.messages.map((message) => message.role)).toEqual([
      "user",
      "assistant",
      "tool",
      "tool",
      "user",
    ]);
  });

  test("ends waiting for people", async () => {
    const { backend } = await start(
      inTurn({ toolCalls: [bash("a"), { name: "weather", input: {} }] }, { text: "Fine." }),
    );
    const sessionId = await world.createSession({ tools: [...ASK_ALL, weather] });
    await world.say(sessionId, "Go");
    await world.settled(sessionId, { reason: "requires_action" });
    await world.send(sessionId, { type: "user.interrupt" });
    await world.settled(sessionId, { reason: "end_turn" });
    await world.say(sessionId, "Again");
    await until(async () => textsOf(await world.log(sessionId), "agent.message").length === 1);
    await world.settled(sessionId, { reason: "end_turn" });
    expect(backend.started).toEqual([]);
  });

  test("of an idle session changes nothing", async () => {
    const { model } = await start(inTurn({ text: "Hi" }));
    const sessionId = await world.createSession();
    const [id] = await world.send(sessionId, { type: "user.interrupt" });
    const log = await world.settled(sessionId);
    expect(typesOf(log)).toEqual(["user.interrupt", "user.interrupt (echo)"]);
    expect(log[0]?.id).toBe(id);
    expect(model.requests).toHaveLength(0);
  });

  test("overtakes a message that nobody began with", async () => {
    const sessionId = await world.createSession();
    await world.say(sessionId, "Do something terrible");
    await world.send(sessionId, { type: "user.interrupt" });
    const { model } = await start(inTurn({ text: "Hi" }));
    const log = await world.settled(sessionId, { reason: "end_turn" });
    expect(log[0]?.processedAt).not.toBeNull();
    expect(model.requests).toHaveLength(0);
  });
});

describe("a budget", () => {
  test("stops before the next request, and a raised one lets the turn go on", async () => {
    const { model } = await start(inTurn({ toolCalls: [bash("a")], usd: "0.02" }, { text: "Done.", usd: "0.001" }));
    const sessionId = await world.createSession({ budgetCents: 2 });
    await world.say(sessionId, "Go");
    await world.settled(sessionId, { reason: "budget_reached" });
    expect(model.requests).toHaveLength(1);
    const budget = JSON.stringify({ type: "limit", max_list_cost: { amount: "100", currency: "USD" } });
    await world.db.updateTable("sessions").set({ budget, wake_at: new Date() }).where("id", "=", sessionId).execute();
    await world.settled(sessionId, { reason: "end_turn" });
    expect(model.requests).toHaveLength(2);
  });

  test("can't be kept with an unknown price", async () => {
    const { model } = await start(inTurn({ toolCalls: [bash("a")], usd: null }));
    const sessionId = await world.createSession({ budgetCents: 1_000 });
    await world.say(sessionId, "Go");
    await world.settled(sessionId, { reason: "budget_reached" });
    expect(model.requests).toHaveLength(1);
  });
});
