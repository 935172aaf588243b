// The gateway client against a scripted OpenAI-compatible server: streaming, tools, cost, and every way to fail.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ScriptedProvider, startScriptedProvider } from "../../test/support/scripted-provider.ts";
import { until } from "../../test/support/until.ts";
import { systemClock } from "../lib/clock.ts";
import { ModelError } from "./errors.ts";
import { createGatewayClient, gatewayUrl } from "./gateway.ts";
import type { ModelAnswer, ModelPart, ModelRequest } from "./model.ts";

const KEY = "sk-test-0123456789";
let provider: ScriptedProvider;

beforeAll(async () => {
  provider = await startScriptedProvider({
    keys: [KEY],
    models: ["scripted", "unpriced"],
    modelInfo: [
      {
        model_name: "scripted",
        model_info: {
          input_cost_per_token: 0.000001,
          output_cost_per_token: 0.000002,
          max_input_tokens: 128_000,
          max_output_tokens: 8_192,
        },
      },
    ],
  });
});
afterEach(() => provider.reset());
afterAll(() => provider.stop());

function client(options: { key?: string | null; baseUrl?: string; limits?: Record<string, number> } = {}) {
  const { key = KEY, baseUrl = provider.url, limits } = options;
  return createGatewayClient({
    baseUrl,
    apiKey: key === null ? null : { reveal: () => key },
    clock: systemClock,
    ...(limits === undefined ? {} : { limits }),
  });
}

const ignoreParts = (_part: ModelPart): void => undefined;

const bash = {
  name: "bash",
  description: "Run a command",
  inputSchema: { type: "object", properties: { command: { type: "string" } } },
};

function request(text: string, changes: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: "scripted",
    system: "You are a test.",
    messages: [{ role: "user", content: [{ type: "text", text }] }],
    tools: [bash],
    signal: new AbortController().signal,
    ...changes,
  };
}

async function ask(
  text: string,
  changes: Partial<ModelRequest> = {},
): Promise<{ answer: ModelAnswer; parts: ModelPart[] }> {
  const parts: ModelPart[] = [];
  const answer = await client().streamAnswer(request(text, changes), (part) => parts.push(part));
  return { answer, parts };
}

async function failure(promise: Promise<unknown>): Promise<ModelError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ModelError)) throw new Error(`expected a ModelError, got ${String(error)}`, { cause: error });
  return error;
}

describe("an answer", () => {
  test("streams its text and ends with usage and cost", async () => {
    provider.script([{ text: "one two three", usage: { prompt: 100, completion: 20, cached: 80 }, cost: 0.000068 }]);
    const { answer, parts } = await ask("hi");
    expect(parts).toEqual(["one ", "two ", "three"].map((text) => ({ type: "text", text })));
    expect(answer).toEqual({
      text: "one two three",
      reasoning: "",
      reasoningState: null,
      toolCalls: [],
      finish: "stop",
      usage: { inputTokens: 20, outputTokens: 20, cacheReadTokens: 80, cacheCreationTokens: 0, reasoningTokens: 0 },
      usageSource: "gateway",
      cost: { usd: "0.000068", source: "gateway" },
    });
  });

  test("streams reasoning apart from text and keeps what must be handed back", async () => {
    const { answer, parts } = await ask("THINK");
    expect(answer.reasoning).toBe("Let me think. Six times seven.");
    expect(answer.text).toBe("The answer is 42.");
    expect(answer.usage.reasoningTokens).toBe(8);
    expect(answer.reasoningState).toMatchObject({ model: "scripted", text: answer.reasoning });
    expect(parts.findIndex(({ type }) => type === "text")).toBeGreaterThan(
      parts.findLastIndex(({ type }) => type === "reasoning"),
    );
  });

  test("holds parallel tool calls in order with their input", async () => {
    const { answer, parts } = await ask("PARALLEL[ls -la|uname]");
    expect(parts.filter(({ type }) => type === "tool_call")).toEqual([
      { type: "tool_call", name: "bash" },
      { type: "tool_call", name: "bash" },
    ]);
    expect(answer.finish).toBe("tool_calls");
    expect(answer.toolCalls.map(({ name, input }) => ({ name, input }))).toEqual([
      { name: "bash", input: { command: "ls -la" } },
      { name: "bash", input: { command: "uname" } },
    ]);
    expect(new Set(answer.toolCalls.map(({ id }) => id)).size).toBe(2);
  });

  test("keeps the raw text of a tool call that is not JSON", async () => {
    const { answer } = await ask("BADJSON");
    expect(answer.toolCalls).toMatchObject([{ name: "bash", input: {}, invalidInput: '{"command": "ls' }]);
  });

  test("that was cut by the token limit says so", async () => {
    provider.script([{ text: "and then", finish: "length" }]);
    expect((await ask("go on", { maxOutputTokens: 2 })).answer.finish).toBe("length");
    expect(provider.chats[0]?.body?.max_tokens).toBe(2);
  });

  test("without the gateway's cost is priced from its table", async () => {
    provider.script([{ text: "hi" }]);
    expect((await ask("hi")).answer.cost).toEqual({ usd: "0.00014", source: "estimated" });
  });

  test("of a model without a price costs an unknown amount, not nothing", async () => {
    provider.script([{ text: "hi" }]);
    expect((await ask("hi", { model: "unpriced" })).answer.cost).toEqual({ usd: null, source: "unpriced" });
  });

  test("without counts is counted by us and marked", async () => {
    const { answer } = await ask("NOUSAGE");
    expect(answer.usageSource).toBe("estimated");
    expect(answer.usage.inputTokens).toBeGreaterThan(5);
    expect(answer.usage.outputTokens).toBeGreaterThan(2);
  });
});

describe("a request", () => {
  test("is exactly one, tells the gateway not to retry, and carries the whole conversation", async () => {
    provider.script([{ text: "done" }]);
    await ask("", {
      effort: "high",
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "look" },
            { type: "image", mediaType: "image/png", data: "iVBORw0KGgo=" },
          ],
        },
        { role: "assistant", text: "I look.", toolCalls: [{ id: "call_1", name: "bash", input: { command: "ls" } }] },
        {
          role: "tool",
          toolCallId: "call_1",
          name: "bash",
          content: [{ type: "text", text: "a.txt" }],
          isError: false,
        },
      ],
    });
    expect(provider.chats).toHaveLength(1);
    const [sent] = provider.chats;
    expect(sent?.headers).toMatchObject({ authorization: `Bearer ${KEY}`, "x-litellm-num-retries": "0" });
    expect(sent?.body).toMatchObject({
      model: "scripted",
      stream: true,
      stream_options: { include_usage: true },
      reasoning_effort: "high",
      tools: [{ type: "function", function: { name: "bash", parameters: bash.inputSchema } }],
      messages: [
        { role: "system", content: "You are a test." },
        {
          role: "user",
          content: [
            { type: "text", text: "look" },
            { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
          ],
        },
        {
          role: "assistant",
          content: "I look.",
          tool_calls: [{ id: "call_1", type: "function", function: { name: "bash", arguments: '{"command":"ls"}' } }],
        },
        { role: "tool", tool_call_id: "call_1", content: "a.txt" },
      ],
    });
  });

  test.each(["", "/", "/v1", "/v1/"])("finds the gateway when its address ends with '%s'", async (ending) => {
    await client({ baseUrl: provider.url + ending }).streamAnswer(request("FAST"), ignoreParts);
    expect(provider.chats[0]?.path).toBe("/v1/chat/completions");
  });

  test("is not made at all when it was already aborted", async () => {
    await expect(ask("FAST", { signal: AbortSignal.abort(new Error("stopped")) })).rejects.toThrow("stopped");
    expect(provider.chats).toHaveLength(0);
  });

  test("that is aborted in the middle ends at once with the caller's reason, and frees the gateway", async () => {
    const abort = new AbortController();
    const parts: ModelPart[] = [];
    const running = client().streamAnswer(request("HOLD", { signal: abort.signal }), (part) => parts.push(part));
    await until(() => parts.length > 0);
    abort.abort(new Error("the user interrupted"));
    await expect(running).rejects.toThrow("the user interrupted");
    await until(() => provider.chats[0]?.aborted);
  });

  test("that is aborted before the first byte ends at once", async () => {
    const abort = new AbortController();
    const running = client().streamAnswer(request("HANG", { signal: abort.signal }), ignoreParts);
    await until(() => provider.chats.length === 1);
    abort.abort(new Error("the user interrupted"));
    await expect(running).rejects.toThrow("the user interrupted");
    await until(() => provider.chats[0]?.aborted);
  });
});

describe("a failure", () => {
  test.each([
    ["ERR429RA7", "rate_limited", 7_000],
    ["ERR500", "upstream_unavailable", null],
    ["ERR401", "gateway_auth", null],
    ["ERR400", "bad_request", null],
    ["CTXLEN", "context_length", null],
    ["DISCONNECT", "stream_interrupted", null],
    ["ERREVENT", "stream_interrupted", null],
    ["NOFINISH", "stream_interrupted", null],
    ["REFUSE", "gateway_unreachable", null],
  ])("%s is told apart as %s, and not retried here", async (marker, kind, retryAfterMs) => {
    const error = await failure(ask(marker));
    expect({ kind: error.kind, retryAfterMs: error.retryAfterMs }).toEqual({ kind, retryAfterMs });
    expect(error.message).not.toContain(KEY);
    expect(provider.chats).toHaveLength(1);
  });

  test.each([
    ["HANG", { firstByteMs: 80 }, "no answer within 80 ms"],
    ["SILENT", { firstByteMs: 80 }, "no answer within 80 ms"],
    ["STALL", { idleMs: 80 }, "silence for 80 ms"],
    ["SLOW", { totalMs: 300 }, "no end of the answer within 300 ms"],
  ])("%s ends by our own limit and frees the gateway", async (marker, limits, why) => {
    const error = await failure(client({ limits }).streamAnswer(request(marker), ignoreParts));
    expect(error.kind).toBe("timeout");
    expect(error.message).toContain(why);
    await until(() => provider.chats[0]?.aborted);
  });

  test("does not carry the conversation into logs", async () => {
    const error = await failure(ask("ERR500 this is private"));
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("private");
    expect(error.cause).toBeUndefined();
  });

  test("with the key in its text is shown without it", async () => {
    provider.script([{ status: 400, error: { message: `Received key ${KEY} and ${KEY.toUpperCase()}` } }]);
    expect((await failure(ask("hi"))).message).not.toContain(KEY);
  });

  test("to connect names the address and the setting", async () => {
    const gone = await startScriptedProvider();
    await gone.stop();
    const error = await failure(client({ baseUrl: gone.url }).streamAnswer(request("hi"), ignoreParts));
    expect(error.kind).toBe("gateway_unreachable");
    expect(error.message).toBe(
      `The gateway at ${gone.url} can't be reached (ECONNREFUSED). Nothing listens there: is the gateway running? Check LITELLM_GATEWAY_URL.`,
    );
  });

  test("to find a gateway at the address is told apart from a broken one", async () => {
    const site = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<html>Welcome</html>");
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    // A listening TCP server has an address with a port.
    const baseUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    try {
      const error = await failure(client({ baseUrl }).streamAnswer(request("hi"), ignoreParts));
      expect(error).toMatchObject({ kind: "bad_request", retryable: false });
      expect(error.message).toContain("LITELLM_GATEWAY_URL");
      expect(await client({ baseUrl }).check()).toMatchObject({
        ready: false,
        message: expect.stringContaining("LITELLM_GATEWAY_URL"),
      });
    } finally {
      site.close();
      site.closeAllConnections();
    }
  });
});

describe("the gateway", () => {
  test("lists its models with limits and prices where it knows them", async () => {
    expect(await client().listModels()).toEqual([
      {
        id: "scripted",
        displayName: "scripted",
        ownedBy: "test",
        createdAt: 1_700_000_000_000,
        maxInputTokens: 128_000,
        maxOutputTokens: 8_192,
        inputCostPerToken: 0.000001,
        outputCostPerToken: 0.000002,
      },
      expect.objectContaining({ id: "unpriced", maxInputTokens: null, inputCostPerToken: null }),
    ]);
  });

  test("is ready when it answers with models", async () => {
    expect(await client().check()).toMatchObject({ ready: true, url: provider.url, modelCount: 2 });
  });

  test.each([
    ["a wrong key", "sk-wrong-0123456789", "refused the key"],
    ["no key", null, "wants a key"],
  ])("with %s is not ready and says what to do", async (_what, key, text) => {
    const state = await client({ key }).check();
    expect(state).toMatchObject({ ready: false, message: expect.stringContaining(text) });
    expect(state.message).toContain("LITELLM_API_KEY");
  });

  test.each([
    ["http://h:4000/", "http://h:4000"],
    ["http://h:4000/v1/", "http://h:4000"],
    ["https://h/litellm/v1?x=1", "https://h/litellm"],
  ])("address %s is %s", (given, url) => expect(gatewayUrl(given)).toBe(url));

  test.each(["localhost:4000", "ftp://h", "http://user:secret@h"])(
    "address %s is refused without repeating it",
    (given) => {
      expect(() => gatewayUrl(given)).toThrow(/must/);
      expect(() => gatewayUrl(given)).not.toThrow(/secret/);
    },
  );
});
