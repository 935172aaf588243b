// What goes wrong with models and sandboxes is told, retried where that can help, and never the end of a session.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createMemoryBackend, type Execute } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn, type Script } from "../../test/support/scripted-model.ts";
import { createTurnWorld, gate, type TurnWorld, typesOf } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import type { StoredEvent } from "../db/events.ts";
import { ModelError } from "../models/errors.ts";
import type { ModelInfo } from "../models/model.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterEach(() => world.clear());
afterAll(() => world.dispose());

async function start(script: Script, options: { execute?: Execute; models?: ModelInfo[] } = {}) {
  const backend = createMemoryBackend(options.execute ? { execute: options.execute } : {});
  const model = createScriptedModel(script, options.models ? { models: options.models } : {});
  await world.startWorker({ model, backend });
  return { model, backend };
}

const bash = (command: string) => ({ name: "bash", input: { command } });
const ofType = (log: readonly StoredEvent[], type: string) => log.filter((event) => event.type === type && !event.echo);
const errorsOf = (log: readonly StoredEvent[]) =>
  ofType(log, "session.error").map(
    (event) => event.payload.error as { type: string; message: string; retry_status: { type: string } },
  );
const soon = { retryAfterMs: 20 };
const overloaded = () =>
  new ModelError("upstream_unavailable", "The gateway at http://x is not available (503).", soon);
const tooLong = () => new ModelError("context_length", "The conversation is longer than the model's context window.");
const texts = (log: readonly StoredEvent[], type: string) =>
  ofType(log, type).map((event) => JSON.stringify(event.payload.content));

describe("a model that fails", () => {
  test("is asked again after the wait that it asked for", async () => {
    const { model } = await start(
      inTurn(new ModelError("rate_limited", "Slow down (429).", { retryAfterMs: 300 }), { text: "Hi." }),
    );
    const sessionId = await world.createSession();
    await world.say(sessionId, "Hi");
    const log = await world.settled(sessionId, { reason: "end_turn" });
    const [rescheduledAt, againAt] = ["session.status_rescheduled", "session.status_running"].map((type) =>
      Number(ofType(log, type).at(-1)?.processedAt),
    );
    expect((againAt ?? 0) - (rescheduledAt ?? 0)).toBeGreaterThanOrEqual(300);
    expect(model.requests).toHaveLength(2);
    expect(errorsOf(log)).toEqual([
      { type: "model_rate_limited_error", message: "Slow down (429).", retry_status: { type: "retrying" } },
    ]);
    expect(typesOf(log).slice(3)).toEqual([
      "span.model_request_start",
      "span.model_request_end",
      "session.error",
      "session.status_rescheduled",
      "session.status_running",
      "span.model_request_start",
      "agent.message",
      "span.model_request_end",
      "session.usage",
      "session.status_idle",
    ]);
    expect((await world.session(sessionId)).retryAttempt).toBe(0);
  });

  test("again and again is given up, what waited is taken in, and the next message starts anew", async () => {
    let broken = true;
    const { model } = await start(() => {
      if (broken) throw overloaded();
      return { text: "Back." };
    });
    const sessionId = await world.createSession();
    await world.say(sessionId, "One");
    await until(() => model.requests.length === 2);
    const queued = await world.say(sessionId, "Two");
    const log = await world.settled(sessionId, { reason: "retries_exhausted" });
    expect(model.requests).toHaveLength(6);
    expect(errorsOf(log).map((error) => error.retry_status.type)).toEqual([...Array(5).fill("retrying"), "exhausted"]);
    expect(log.find((event) => event.id === queued)?.processedAt).not.toBeNull();
    broken = false;
    await world.say(sessionId, "Three");
    await world.settled(sessionId, { reason: "end_turn" });
    expect(model.requests).toHaveLength(7);
    expect(model.requests[6]?.messages.map((message) => JSON.stringify(message)).join()).toMatch(/One.*Two.*Three/s);
  });

  test("that was given up is asked again on request, from where it stopped, without a new message", async () => {
    let broken = true;
    const { model } = await start(() => {
      if (broken) throw new ModelError("gateway_auth", "The gateway refused the key (401).");
      return { text: "Back." };
    });
    const sessionId = await world.createSession();
    await world.say(sessionId, "One");
    await world.settled(sessionId, { reason: "retries_exhausted" });
    broken = false;
    const asked = model.requests.length;
    const answers = await Promise.allSettled([world.retry(sessionId), world.retry(sessionId)]);
    expect(answers.map((answer) => answer.status).sort()).toEqual(["fulfilled", "rejected"]);
    const log = await world.settled(sessionId, { reason: "end_turn" });
    expect(model.requests).toHaveLength(asked + 1);
    expect(ofType(log, "user.message")).toHaveLength(1);
    expect(JSON.stringify(ofType(log, "agent.message").map((event) => event.payload))).toContain("Back.");
    await expect(world.retry(sessionId)).rejects.toThrow("nothing to try again");
  });

  test("with a wrong key is not asked again, and the error says what to check", async () => {
    const message = "The gateway at http://gw:4000 refused the key (401). Set LITELLM_API_KEY.";
    const { model } = await start(inTurn(new ModelError("gateway_auth", message), { text: "Hi." }));
    const sessionId = await world.createSession();
    await world.say(sessionId, "Hi");
    const log = await world.settled(sessionId, { reason: "retries_exhausted" });
    expect(errorsOf(log)).toEqual([
      { type: "model_request_failed_error", message, retry_status: { type: "exhausted" } },
    ]);
    expect(model.requests).toHaveLength(1);
    await world.say(sessionId, "Now?");
    await world.settled(sessionId, { reason: "end_turn" });
  });

  test("with an error of ours ends the turn, not the session", async () => {
    const { model } = await start(inTurn(new TypeError("x is not a function"), { text: "Hi." }));
    const sessionId = await world.createSession();
    await world.say(sessionId, "Hi");
    const log = await world.settled(sessionId, { reason: "retries_exhausted" });
    expect(errorsOf(log)[0]?.type).toBe("unknown_error");
    await world.say(sessionId, "Now?");
    await world.settled(sessionId, { reason: "end_turn" });
    expect(model.requests).toHaveLength(2);
  });

  test("can be interrupted while its retry is waited for", async () => {
    await start(inTurn(new ModelError("rate_limited", "Slow down.", { retryAfterMs: 200_000 }), { text: "Yes?" }));
    const sessionId = await world.createSession();
    await world.say(sessionId, "Hi");
    await until(async () => (await world.session(sessionId)).status === "rescheduling");
    await world.say(sessionId, "Hello?");
    await until(async () => !(await world.session(sessionId)).leased);
    expect((await world.session(sessionId)).status).toBe("rescheduling");
    await world.send(sessionId, { type: "user.interrupt" });
    // The message that came meanwhile begins a new turn.
    const log = await world.settled(sessionId, { reason: "end_turn" });
    expect(ofType(log, "session.status_idle")).toHaveLength(2);
    expect(texts(log, "agent.message")).toEqual([expect.stringContaining("Yes?")]);
  });
});

describe("a conversation that is too long", () => {
  const withLimit: ModelInfo[] = [
    {
      id: "scripted",
      displayName: "",
      ownedBy: "",
      createdAt: 0,
      maxInputTokens: 12_000,
      maxOutputTokens: null,
      inputCostPerToken: null,
      outputCostPerToken: null,
    },
  ];
  const isSummary = (system: string) => system.startsWith("You sum up");

  test("is summed up when the model refuses it, and goes on", async () => {
    let refused = false;
    const { model } = await start((request) => {
      if (isSummary(request.system)) return { text: "They counted files." };
      if (request.messages.length > 6 && !refused) {
        refused = true;
        throw tooLong();
      }
      return { text: "x".repeat(400) };
    });
    const sessionId = await world.createSession();
    for (const word of ["One", "Two", "Three", "Four"]) {
      await world.say(sessionId, word.repeat(200));
      await world.settled(sessionId, { reason: "end_turn" });
    }
    const log = await world.log(sessionId);
    expect(ofType(log, "agent.thread_context_compacted")).toHaveLength(1);
    const last = JSON.stringify(model.requests.at(-1)?.messages);
    expect(last).toContain("They counted files.");
    expect(last).not.toContain("OneOne");
    expect(last).toContain("FourFour");
    expect(errorsOf(log)).toEqual([]);
  });

  test("is shortened without the model when that can't sum up", async () => {
    let asked = 0;
    await start((request) => {
      if (isSummary(request.system)) throw overloaded();
      if (++asked === 2) throw tooLong();
      return { text: "y".repeat(4_000) };
    });
    const sessionId = await world.createSession();
    await world.say(sessionId, "One");
    await world.settled(sessionId, { reason: "end_turn" });
    await world.say(sessionId, "Two");
    const log = await world.settled(sessionId, { reason: "end_turn" });
    expect(ofType(log, "agent.thread_context_compacted")[0]?.private?.summary).toContain("No model could sum up");
  });

  test("is compacted before the limit when that is known", async () => {
    const { model } = await start(
      (request) => {
        if (isSummary(request.system)) return { text: "Long outputs were seen." };
        return request.messages.length < 14 && !JSON.stringify(request.messages).includes("Long outputs")
          ? { toolCalls: [bash("cat")] }
          : { text: "Done." };
      },
      { models: withLimit, execute: async () => ({ outcome: "ok", content: "word ".repeat(1_600) }) },
    );
    const sessionId = await world.createSession();
    await world.say(sessionId, "Go");
    const log = await world.settled(sessionId, { reason: "end_turn" });
    expect(ofType(log, "agent.thread_context_compacted").length).toBeGreaterThan(0);
    for (const request of model.requests) expect(JSON.stringify(request.messages).length / 4).toBeLessThan(12_000);
  });

  test("that fits at no length ends the turn with words", async () => {
    const { model } = await start((request) => {
      if (isSummary(request.system)) return { text: "short" };
      throw tooLong();
    });
    const sessionId = await world.createSession();
    await world.say(sessionId, "Hi");
    const log = await world.settled(sessionId, { reason: "retries_exhausted" });
    expect(errorsOf(log)).toMatchObject([
      { type: "compaction_limit_reached_error", retry_status: { type: "exhausted" } },
    ]);
    expect(model.requests.length).toBeLessThan(8);
  });
});

describe("a sandbox", () => {
  test("that can't be made is the tool's error, and the model decides", async () => {
    const { backend, model } = await start(inTurn({ toolCalls: [bash("a")] }, { text: "I can't." }));
    backend.broken = "bubblewrap is not installed: apt-get install bubblewrap";
    const sessionId = await world.createSession();
    await world.say(sessionId, "Go");
    await world.settled(sessionId, { reason: "end_turn" });
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining("bubblewrap is not installed") }],
    });
  });

  test("that ends during a call is woken on the same disk and the call is not run again", async () => {
    const { backend, model } = await start(inTurn({ toolCalls: [bash("boom")] }, { text: "Hm." }), {
      execute: () => new Promise(() => undefined),
    });
    const sessionId = await world.createSession();
    await world.say(sessionId, "Go");
    await until(() => backend.started.length === 1);
    backend.crash(sessionId);
    await world.settled(sessionId, { reason: "end_turn" });
    expect(backend.started).toHaveLength(1);
    expect(backend.creations).toHaveLength(2);
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining("may have run") }],
    });
  });

  test("whose disk is lost during a call does not run the call on the new one", async () => {
    const { backend, model } = await start(inTurn({ toolCalls: [bash("boom")] }, { text: "Hm." }), {
      execute: () => new Promise(() => undefined),
    });
    const sessionId = await world.createSession();
    await world.say(sessionId, "Go");
    await until(() => backend.started.length === 1);
    backend.lose(sessionId);
    await world.settled(sessionId, { reason: "end_turn" });
    expect(backend.started).toHaveLength(1);
    expect(JSON.stringify(model.requests[1]?.messages.at(-1))).toMatch(
      /sandbox of this session was lost.*may have run/s,
    );
  });

  test("that is another one than in the last turn is told to the model", async () => {
    const { backend, model } = await start(
      inTurn({ toolCalls: [bash("a")] }, { text: "1" }, { toolCalls: [bash("b")] }, { text: "2" }),
    );
    const sessionId = await world.createSession();
    await world.say(sessionId, "Go");
    await world.settled(sessionId);
    backend.lose(sessionId);
    await world.say(sessionId, "Go on");
    await until(() => model.requests.length === 4);
    const log = await world.settled(sessionId);
    expect(texts(log, "agent.tool_result")[0]).not.toContain("was lost");
    expect(texts(log, "agent.tool_result")[1]).toMatch(/was lost.*ran b/s);
  });

  test("that hangs while it is made does not hold up an interrupt", async () => {
    const { backend } = await start(inTurn({ toolCalls: [bash("a")] }));
    const hanging = gate();
    backend.create = async () => {
      await hanging.opened;
      throw new Error("never");
    };
    const sessionId = await world.createSession();
    await world.say(sessionId, "Go");
    await until(async () => ofType(await world.log(sessionId), "agent.tool_use").length === 1);
    await world.send(sessionId, { type: "user.interrupt" });
    await world.settled(sessionId, { reason: "end_turn" });
    hanging.open();
  });
});

test("tools without end stop at the limit and the session stays usable", async () => {
  let stop = false;
  const { model } = await start(() => (stop ? { text: "Enough." } : { toolCalls: [bash("again")] }));
  const sessionId = await world.createSession();
  await world.say(sessionId, "Loop");
  const log = await world.settled(sessionId, { reason: "retries_exhausted", timeoutMs: 60_000 });
  expect(errorsOf(log)).toMatchObject([{ type: "tool_use_limit_reached_error" }]);
  expect(model.requests).toHaveLength(200);
  stop = true;
  await world.say(sessionId, "Enough?");
  await world.settled(sessionId, { reason: "end_turn" });
});
