// The port to language models: one request, one streamed answer. Adapters: the gateway (LiteLLM) and the demo model.

export type JsonSchema = Record<string, unknown>;

export type ContentPart =
  | { type: "text"; text: string }
  | { type: "image"; mediaType: string /** Base64. */; data: string }
  | { type: "image_url"; url: string }
  | { type: "file"; mediaType: string /** Base64. */; data: string; name?: string };

export type ToolCall = { id: string; name: string; input: unknown };

export type ModelMessage =
  | { role: "system"; text: string }
  | { role: "user"; content: ContentPart[] }
  | {
      role: "assistant";
      text: string;
      /** What an earlier answer gave as `reasoningState`, unchanged. Some models need it back between tool calls. */
      reasoning?: unknown;
      toolCalls: ToolCall[];
    }
  | { role: "tool"; toolCallId: string; name: string; content: ContentPart[]; isError: boolean };

export type ToolSpec = { name: string; description: string; inputSchema: JsonSchema };

export type ModelRequest = {
  model: string;
  system: string;
  messages: ModelMessage[];
  tools: ToolSpec[];
  maxOutputTokens?: number;
  /** `low`, `medium`, `high`, `xhigh` or `max`; passed on as it is. */
  effort?: string;
  signal: AbortSignal;
};

/** A piece of the answer while it streams. `tool_call`: the model begins to write one; its input is still to come. */
export type ModelPart =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string }
  | { type: "tool_call"; name: string };

/** Counted as the Managed Agents API does: `inputTokens` holds neither cache reads nor cache writes; `outputTokens` includes reasoning. */
export type ModelUsage = {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheCreationTokens: number;
  reasoningTokens: number;
};

/** A decimal number of US dollars without exponent; null when nobody knows the price (never zero then). */
export type ModelCost = { usd: string | null; source: "gateway" | "estimated" | "unpriced" };

export type AnsweredToolCall = ToolCall & {
  /** The raw text, when the model sent something else than a JSON object. `input` is then `{}`. */
  invalidInput?: string;
};

export type ModelAnswer = {
  text: string;
  reasoning: string;
  /** Opaque JSON to hand back as the assistant message's `reasoning`; null when there is nothing to hand back. */
  reasoningState: unknown;
  toolCalls: AnsweredToolCall[];
  finish: "stop" | "tool_calls" | "length" | "content_filter" | "other";
  usage: ModelUsage;
  /** `estimated` when the gateway sent no counts. */
  usageSource: "gateway" | "estimated";
  cost: ModelCost;
  /** The gateway's id of this call, for its operator's logs. */
  callId?: string;
};

export type ModelInfo = {
  id: string;
  displayName: string;
  ownedBy: string;
  /** Milliseconds since the epoch; 0 when unknown. */
  createdAt: number;
  maxInputTokens: number | null;
  maxOutputTokens: number | null;
  inputCostPerToken: number | null;
  outputCostPerToken: number | null;
};

/** Whether models can be used now, in words for people. */
export type GatewayState = {
  ready: boolean;
  /** Without credentials and query; null for a client without a gateway. */
  url: string | null;
  /** What is the matter and what to check, or what was found. */
  message: string;
  modelCount: number;
};

/**
 * Answers model requests. `streamAnswer` makes exactly one request and never retries; it throws `ModelError` when the
 * model or the way to it fails, and the signal's reason when the caller aborts. Parts already passed to `onPart` of a
 * failed request are void.
 */
export type ModelClient = {
  readonly id: string;
  streamAnswer(request: ModelRequest, onPart: (part: ModelPart) => void): Promise<ModelAnswer>;
  /** What a request cost that ended before the gateway could say. Never throws: an unknown price is an answer. */
  priceOf(model: string, usage: ModelUsage): Promise<ModelCost>;
  listModels(): Promise<ModelInfo[]>;
  /** Never throws: trouble is an answer. */
  check(): Promise<GatewayState>;
};
