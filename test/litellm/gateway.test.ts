// The gateway client through the real LiteLLM proxy, with a scripted provider behind it.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { ModelError } from "../../src/models/errors.ts";
import { createGatewayClient } from "../../src/models/gateway.ts";
import type { ModelAnswer, ModelMessage, ModelPart, ModelRequest } from "../../src/models/model.ts";
import { type Litellm, litellmMissing, startLitellm } from "../support/litellm.ts";
import { SIGNATURE } from "../support/scripted-messages.ts";
import { type ScriptedProvider, startScriptedProvider } from "../support/scripted-provider.ts";
import { until } from "../support/until.ts";

const missing = await litellmMissing();
if (missing !== null) console.warn(`SKIPPED: the tests against the real gateway. ${missing}`);

describe.skipIf(missing !== null)("through the real LiteLLM proxy", () => {
  let provider: ScriptedProvider;
  let litellm: Litellm;

  beforeAll(async () => {
    provider = await startScriptedProvider();
    litellm = await startLitellm({ upstreamUrl: provider.url });
    provider.reset();
  });
  afterEach(() => provider?.reset());
  afterAll(async () => {
    await litellm?.stop();
    await provider?.stop();
  });

  const client = (key = litellm.masterKey) =>
    createGatewayClient({ baseUrl: litellm.url, apiKey: { reveal: () => key }, clock: systemClock });
  const bash = {
    name: "bash",
    description: "Run a command",
    inputSchema: { type: "object", properties: { command: { type: "string" } }, required: ["command"] },
  };
  const says = (text: string): ModelMessage => ({ role: "user", content: [{ type: "text", text }] });
  const request = (text: string, changes: Partial<ModelRequest> = {}): ModelRequest => ({
    model: "fake-oai",
    system: "You are a test.",
    messages: [says(text)],
    tools: [bash],
    maxOutputTokens: 1_000,
    signal: new AbortController().signal,
    ...changes,
  });
  const ask = async (
    text: string,
    changes: Partial<ModelRequest> = {},
  ): Promise<ModelAnswer & { parts: ModelPart[] }> => {
    const parts: ModelPart[] = [];
    const answer = await client().streamAnswer(request(text, changes), (part) => parts.push(part));
    return { ...answer, parts };
  };
  const failure = async (running: Promise<unknown>): Promise<ModelError> => {
    const error = await running.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!(error instanceof ModelError))
      throw new Error(`expected a ModelError, got ${String(error)}`, { cause: error });
    return error;
  };

  describe.each([
    ["fake-oai", "0.00014"],
    ["fake-anth", "0.0006"],
    ["fake-chatonly", "0.00014"],
  ])("%s", (model, usd) => {
    test("streams text and ends with usage, the gateway's cost and its call id", async () => {
      const answer = await ask("FAST", { model });
      expect(answer.text).toBe("a b c d e f g h");
      expect(answer.parts.map((part) => ("text" in part ? part.text : "")).join("")).toBe(answer.text);
      expect(answer).toMatchObject({ finish: "stop", usageSource: "gateway", cost: { usd, source: "gateway" } });
      expect(answer.usage).toMatchObject({ inputTokens: 100, outputTokens: 20, cacheReadTokens: 0 });
      expect(answer.callId).toMatch(/^[0-9a-f-]{36}$/);
    });

    test("calls tools in parallel, and answers with their results", async () => {
      const first = await ask("PARALLEL[ls -la|uname]", { model });
      expect(first.finish).toBe("tool_calls");
      expect(first.toolCalls.map(({ name, input }) => [name, input])).toEqual([
        ["bash", { command: "ls -la" }],
        ["bash", { command: "uname" }],
      ]);
      const [one, two] = first.toolCalls;
      if (one === undefined || two === undefined) throw new Error("two calls");
      const result = (toolCallId: string, text: string): ModelMessage => ({
        role: "tool",
        toolCallId,
        name: "bash",
        content: [{ type: "text", text }],
        isError: false,
      });
      const second = await ask("", {
        model,
        messages: [
          says("PARALLEL[ls -la|uname]"),
          { role: "assistant", text: first.text, reasoning: first.reasoningState, toolCalls: first.toolCalls },
          result(one.id, "total 0"),
          result(two.id, "Linux"),
        ],
      });
      expect(second.text).toBe("Final answer: the tool returned: total 0 | Linux");
    });

    test("streams reasoning apart from text", async () => {
      const answer = await ask("THINK", { model });
      expect(answer.reasoning).toBe("Let me think. Six times seven.");
      expect(answer.text).toBe("The answer is 42.");
    });

    test("counts cached tokens apart", async () => {
      expect((await ask("CACHE", { model })).usage).toMatchObject({
        inputTokens: 20,
        cacheReadTokens: 80,
        outputTokens: 20,
      });
    });

    test("shows a picture of the user and one of a tool", async () => {
      const picture = { type: "image" as const, mediaType: "image/png", data: "iVBORw0KGgo=" };
      const answer = await ask("", {
        model,
        messages: [
          { role: "user", content: [{ type: "text", text: "look" }, picture] },
          { role: "assistant", text: "", toolCalls: [{ id: "call_1", name: "bash", input: {} }] },
          { role: "tool", toolCallId: "call_1", name: "bash", content: [picture], isError: false },
        ],
      });
      expect(answer.text).not.toBe("");
      expect(JSON.stringify(provider.chats[0]?.body).match(/iVBORw0KGgo=/g)).toHaveLength(2);
    });

    test.each([
      ["ERR500", "upstream_unavailable"],
      ["ERR503", "upstream_unavailable"],
      ["ERR400", "bad_request"],
      ["ERR401", "gateway_auth"],
      ["CTXLEN", "context_length"],
    ])("%s upstream is %s, after exactly one upstream request", async (marker, kind) => {
      const error = await failure(ask(marker, { model }));
      expect(`${error.kind}: ${error.message}`).toMatch(new RegExp(`^${kind}: `));
      expect(provider.chats).toHaveLength(1);
    });

    test("a rate limit keeps the provider's Retry-After", async () => {
      const error = await failure(ask("ERR429RA7", { model }));
      expect({ kind: error.kind, retryAfterMs: error.retryAfterMs }).toEqual({
        kind: "rate_limited",
        retryAfterMs: 7_000,
      });
    });

    test.each(["disconnect", "error-event"] as const)(
      "a %s in the middle of an answer breaks it off",
      async (fault) => {
        provider.script([{ text: "one two three", hold: true, fault }]);
        const parts: ModelPart[] = [];
        const running = client().streamAnswer(request("hi", { model }), (part) => parts.push(part));
        // The first word has come through: from here on it is too late for an HTTP status.
        await Promise.all([provider.held(), until(() => parts.length > 0)]);
        provider.release();
        expect((await failure(running)).kind).toBe("stream_interrupted");
        expect(provider.chats).toHaveLength(1);
      },
    );

    test("an abort before the first byte reaches the provider", async () => {
      const abort = new AbortController();
      const running = client().streamAnswer(request("HANG", { model, signal: abort.signal }), () => undefined);
      await until(() => provider.chats.length === 1);
      abort.abort(new Error("interrupted"));
      await expect(running).rejects.toThrow("interrupted");
      await until(() => provider.chats[0]?.aborted);
    });

    test("an abort in the middle of an answer reaches the provider", async () => {
      const abort = new AbortController();
      const parts: ModelPart[] = [];
      const running = client().streamAnswer(request("SLOW", { model, signal: abort.signal }), (part) =>
        parts.push(part),
      );
      await until(() => parts.length > 0);
      abort.abort(new Error("interrupted"));
      await expect(running).rejects.toThrow("interrupted");
      await until(() => provider.chats[0]?.aborted);
    });
  });

  test("signed thinking goes back to an Anthropic model with the tool results", async () => {
    provider.script([
      { reasoning: "I need a list.", text: "Listing.", toolCalls: [{ name: "bash", input: { command: "ls" } }] },
    ]);
    const first = await ask("list", { model: "fake-anth" });
    const [call] = first.toolCalls;
    if (call === undefined) throw new Error("one call");
    await ask("", {
      model: "fake-anth",
      messages: [
        says("list"),
        { role: "assistant", text: first.text, reasoning: first.reasoningState, toolCalls: first.toolCalls },
        { role: "tool", toolCallId: call.id, name: "bash", content: [{ type: "text", text: "a.txt" }], isError: false },
      ],
    });
    const assistant = provider.chats[1]?.body?.messages.find(({ role }) => role === "assistant");
    expect(assistant?.content).toMatchObject([
      { type: "thinking", thinking: "I need a list.", signature: SIGNATURE },
      { type: "text", text: "Listing." },
      { type: "tool_use", id: call.id, name: "bash", input: { command: "ls" } },
    ]);
  });

  test("a model without a price costs an unknown amount", async () => {
    expect((await ask("FAST", { model: "fake-noprice" })).cost).toEqual({ usd: null, source: "unpriced" });
  });

  test("a wrong key is named as such, without the key", async () => {
    const error = await failure(client("sk-wrong-0123456789").streamAnswer(request("FAST"), () => undefined));
    expect(error).toMatchObject({ kind: "gateway_auth", retryable: false });
    expect(error.message).toContain("Set LITELLM_API_KEY");
    expect(error.message).not.toContain("0123456789");
    expect(await client("sk-wrong-0123456789").check()).toMatchObject({
      ready: false,
      message: expect.stringContaining("LITELLM_API_KEY"),
    });
  });

  test("an unknown model is named as such", async () => {
    expect((await failure(ask("FAST", { model: "nope" }))).kind).toBe("unknown_model");
  });

  test("the models have limits and prices", async () => {
    const models = await client().listModels();
    expect(models.map(({ id }) => id).sort()).toEqual(["fake-anth", "fake-chatonly", "fake-noprice", "fake-oai"]);
    expect(models.find(({ id }) => id === "fake-oai")).toMatchObject({
      maxInputTokens: 128_000,
      maxOutputTokens: 8_192,
      inputCostPerToken: 0.000001,
      outputCostPerToken: 0.000002,
    });
    expect(models.find(({ id }) => id === "fake-noprice")?.inputCostPerToken).toBeNull();
    expect(await client().check()).toMatchObject({ ready: true, modelCount: 4 });
  });
});
