// The client of a LiteLLM (OpenAI-compatible) gateway: one streamed request per call, never retried, with usage and cost.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { type AnswerBuilder, createAnswerBuilder } from "./answer-builder.ts";
import { createCatalog, type GetJson, parseModels } from "./catalog.ts";
import { costOf } from "./cost.ts";
import {
  type GatewayName,
  ModelError,
  modelErrorInStream,
  modelErrorOfConnection,
  modelErrorOfResponse,
} from "./errors.ts";
import type { ModelAnswer, ModelClient, ModelPart, ModelRequest } from "./model.ts";
import { toPrompt } from "./prompt.ts";
import { estimateTextTokens, estimateTokens } from "./tokens.ts";
import { DEFAULT_LIMITS, type RequestLimits, startWatchdog } from "./watchdog.ts";

/** LiteLLM would make a failing call three times, multiplied by our own retries. */
const NO_RETRIES = { "x-litellm-num-retries": "0" };
const CHECK_TIMEOUT_MS = 5_000;

/** Models that are kept ready. */
const MAX_CHAT_MODELS = 200;

export type GatewayOptions = {
  /** `http://host:4000`, with or without a path, a trailing slash or `/v1`. */
  baseUrl: string;
  /** Null when the gateway needs none. */
  apiKey: { reveal(): string } | null;
  clock: Clock;
  limits?: Partial<RequestLimits>;
  fetch?: typeof fetch;
};

export function createGatewayClient(options: GatewayOptions): ModelClient {
  const { apiKey, clock } = options;
  const send = options.fetch ?? globalThis.fetch;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const url = gatewayUrl(options.baseUrl);
  const gateway: GatewayName = { url, keySent: apiKey !== null };
  // The provider's own interface instead of the SDK's `streamText`: the same request for half of the CPU time per chunk,
  // and no second idea of steps, retries and tool validation beside our loop's.
  const provider = createOpenAICompatible({
    name: "openaiCompatible",
    baseURL: `${url}/v1`,
    headers: NO_RETRIES,
    includeUsage: true,
    fetch: send,
    ...(apiKey === null ? {} : { apiKey: apiKey.reveal() }),
  });
  /** Making a model builds its schemas, which costs more than a request; so few names that a full map is simply emptied. */
  const chatModels = new Map<string, ReturnType<typeof provider.chatModel>>();
  const chatModel = (id: string) => {
    const known = chatModels.get(id);
    if (known) return known;
    if (chatModels.size >= MAX_CHAT_MODELS) chatModels.clear();
    const made = provider.chatModel(id);
    chatModels.set(id, made);
    return made;
  };

  const withoutKey = (text: string) => (apiKey === null ? text : text.replaceAll(apiKey.reveal(), "[key]"));
  const toHttpError = (status: number, body: string, headers: Record<string, string>) =>
    modelErrorOfResponse({ status, body: withoutKey(body), headers }, gateway, clock.now());

  const getJson: GetJson = async (path, { timeoutMs }) => {
    let response: Response;
    let body: string;
    try {
      const headers = apiKey === null ? {} : { authorization: `Bearer ${apiKey.reveal()}` };
      response = await send(`${url}${path}`, { headers, signal: AbortSignal.timeout(timeoutMs) });
      body = await response.text();
    } catch (error) {
      if (error instanceof DOMException && error.name === "TimeoutError") {
        throw new ModelError("timeout", `The gateway at ${url} did not answer ${path} within ${timeoutMs / 1_000} s.`);
      }
      throw modelErrorOfConnection(error, gateway);
    }
    if (!response.ok) throw toHttpError(response.status, body, Object.fromEntries(response.headers));
    try {
      return JSON.parse(body);
    } catch (error) {
      throw new ModelError("bad_request", `${url}${path} does not answer JSON. Check LITELLM_GATEWAY_URL.`, {
        cause: error,
      });
    }
  };
  const catalog = createCatalog({ getJson, clock, url });

  /** What a thrown value means; `began` tells whether any of the answer had come. */
  const toModelError = (error: unknown, began: boolean, callId: string | null): ModelError => {
    if (error instanceof ModelError) return error;
    const failure = httpFailureOf(error);
    if (failure !== null && failure.status !== 200) return toHttpError(failure.status, failure.body, failure.headers);
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    if (!began && failure === null) return modelErrorOfConnection(cause, gateway);
    // The SDK's error is not the cause: it carries the whole conversation, which would end up in logs.
    return new ModelError(
      "stream_interrupted",
      `The connection to the gateway at ${url} broke off in the middle of an answer.`,
      {
        cause: failure === null ? undefined : cause,
        callId,
      },
    );
  };

  const streamAnswer = async (request: ModelRequest, onPart: (part: ModelPart) => void): Promise<ModelAnswer> => {
    request.signal.throwIfAborted();
    const watchdog = startWatchdog({ clock, limits, signal: request.signal });
    const builder = createAnswerBuilder();
    let began = false;
    let callId: string | null = null;
    let finish: string | null = null;
    try {
      const { stream, response } = await chatModel(request.model).doStream({
        prompt: toPrompt(request),
        abortSignal: watchdog.signal,
        includeRawChunks: true,
        ...(request.tools.length === 0
          ? {}
          : { tools: request.tools.map((tool) => ({ type: "function" as const, ...tool })) }),
        ...(request.maxOutputTokens === undefined ? {} : { maxOutputTokens: request.maxOutputTokens }),
        ...(request.effort === undefined
          ? {}
          : { providerOptions: { openaiCompatible: { reasoningEffort: request.effort } } }),
      });
      callId = response?.headers?.["x-litellm-call-id"] ?? null;
      // Leaving the loop, by whatever way, cancels the stream and with it the request.
      for await (const part of stream) {
        switch (part.type) {
          case "raw":
            began = true;
            watchdog.touch();
            builder.addRawChunk(part.rawValue);
            break;
          case "text-delta":
            builder.addText(part.delta);
            onPart({ type: "text", text: part.delta });
            break;
          case "reasoning-delta":
            builder.addReasoning(part.delta);
            onPart({ type: "reasoning", text: part.delta });
            break;
          case "tool-input-start":
            onPart({ type: "tool_call", name: part.toolName });
            break;
          case "tool-call":
            builder.addToolCall({ id: part.toolCallId, name: part.toolName, input: part.input });
            break;
          case "error":
            throw streamError(part.error, {
              gateway,
              callId,
              began,
              contentType: response?.headers?.["content-type"] ?? "",
            });
          case "finish":
            finish = part.finishReason.unified;
            break;
        }
      }
    } catch (error) {
      request.signal.throwIfAborted();
      if (watchdog.expired !== null) {
        throw new ModelError("timeout", `The gateway at ${url} or the model behind it hangs: ${watchdog.expired}.`, {
          callId,
        });
      }
      throw toModelError(error, began, callId);
    } finally {
      watchdog.stop();
    }
    if (finish === null) throw streamError(null, { gateway, callId, began, contentType: "" });
    return toAnswer({ request, builder, finish, callId });
  };

  const toAnswer = async (parts: {
    request: ModelRequest;
    builder: AnswerBuilder;
    finish: string;
    callId: string | null;
  }): Promise<ModelAnswer> => {
    const { request, builder, finish, callId } = parts;
    const usage = builder.usage ?? {
      inputTokens: estimateTokens(request.messages, request),
      outputTokens: estimateTextTokens(builder.text + builder.reasoning + JSON.stringify(builder.toolCalls)),
      cacheReadTokens: 0,
      cacheCreationTokens: 0,
      reasoningTokens: estimateTextTokens(builder.reasoning),
    };
    const prices = builder.gatewayUsd === null ? await catalog.findPrices(request.model) : null;
    return {
      text: builder.text,
      reasoning: builder.reasoning,
      reasoningState: builder.reasoningState(request.model),
      toolCalls: builder.toolCalls,
      finish: builder.finish(finish),
      usage,
      usageSource: builder.usage === null ? "estimated" : "gateway",
      cost: costOf(usage, builder.gatewayUsd, prices),
      ...(callId === null ? {} : { callId }),
    };
  };

  return {
    id: "gateway",
    streamAnswer,
    priceOf: async (model, usage) => costOf(usage, null, await catalog.findPrices(model)),
    listModels: () => catalog.listModels(),
    async check() {
      try {
        const { length } = parseModels(await getJson("/v1/models", { timeoutMs: CHECK_TIMEOUT_MS }), url);
        if (length === 0)
          return { ready: false, url, message: `The gateway at ${url} offers this key no model.`, modelCount: 0 };
        return {
          ready: true,
          url,
          message: `The gateway at ${url} answers and offers ${length} models.`,
          modelCount: length,
        };
      } catch (error) {
        return { ready: false, url, message: messageOf(error), modelCount: 0 };
      }
    },
  };
}

/** The address without trailing slashes and `/v1`; throws when it is none, or holds a password that would show up in messages. */
export function gatewayUrl(baseUrl: string): string {
  const parsed = URL.parse(baseUrl.trim());
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new Error("The gateway's address must be a URL such as http://127.0.0.1:4000");
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw new Error("The gateway's address must not hold a user name or password; the key goes into LITELLM_API_KEY");
  }
  return `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, "").replace(/\/v1$/, "").replace(/\/+$/, "");
}

/** The provider reports trouble inside a stream as a part: the gateway's error object, or an error of its own about the stream's form. */
function streamError(
  error: unknown,
  context: { gateway: GatewayName; callId: string | null; began: boolean; contentType: string },
): ModelError {
  const { gateway, callId, began, contentType } = context;
  if (!began && !contentType.startsWith("text/event-stream")) {
    return new ModelError(
      "bad_request",
      `${gateway.url}/v1/chat/completions answers ${contentType || "nothing"} instead of a stream. Check LITELLM_GATEWAY_URL.`,
    );
  }
  if (error === null || error instanceof Error) {
    return new ModelError("stream_interrupted", `The model's answer ended early at the gateway ${gateway.url}.`, {
      callId,
    });
  }
  return modelErrorInStream(error, gateway, callId);
}

function httpFailureOf(error: unknown): { status: number; body: string; headers: Record<string, string> } | null {
  if (!(error instanceof Error) || !("statusCode" in error) || typeof error.statusCode !== "number") return null;
  const body = "responseBody" in error && typeof error.responseBody === "string" ? error.responseBody : "";
  // The SDK's type says so; an instanceof check would need a package that we don't depend on.
  const headers =
    "responseHeaders" in error ? (error.responseHeaders as Record<string, string> | undefined) : undefined;
  return { status: error.statusCode, body, headers: headers ?? {} };
}
