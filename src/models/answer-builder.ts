// Folds the parts of one streamed answer into a whole, and reads what only the raw chunks hold: cost, cache counts, signed thinking.
import type { AnsweredToolCall, ModelAnswer, ModelUsage } from "./model.ts";
import type { ReasoningState } from "./prompt.ts";

type Json = ReasoningState["thinkingBlocks"][number];

export type AnswerBuilder = {
  addText(text: string): void;
  addReasoning(text: string): void;
  addToolCall(call: { id: string; name: string; input: string }): void;
  /** A chunk as the gateway sent it. */
  addRawChunk(chunk: unknown): void;
  readonly text: string;
  readonly reasoning: string;
  readonly toolCalls: AnsweredToolCall[];
  /** Null when the gateway sent no counts. */
  readonly usage: ModelUsage | null;
  /** The gateway's own figure in US dollars. */
  readonly gatewayUsd: number | null;
  finish(reason: string): ModelAnswer["finish"];
  reasoningState(model: string): ReasoningState | null;
};

export function createAnswerBuilder(): AnswerBuilder {
  const toolCalls: AnsweredToolCall[] = [];
  const thinking = new Map<number, Json>();
  let [text, reasoning] = ["", ""];
  let usage: ModelUsage | null = null;
  let gatewayUsd: number | null = null;

  return {
    addText: (piece) => {
      text += piece;
    },
    addReasoning: (piece) => {
      reasoning += piece;
    },
    addToolCall: ({ id, name, input }) => toolCalls.push({ id, name, ...parseToolInput(input) }),
    addRawChunk(chunk) {
      const counts = recordIn(chunk, "usage");
      if (counts !== null) {
        usage = usageOf(counts);
        const cost = counts.cost;
        if (typeof cost === "number" && Number.isFinite(cost) && cost >= 0) gatewayUsd = cost;
      }
      const choices = isRecord(chunk) && Array.isArray(chunk.choices) ? chunk.choices : [];
      const blocks = recordIn(choices[0], "delta")?.thinking_blocks;
      if (Array.isArray(blocks)) for (const block of blocks) if (isRecord(block)) mergeThinking(thinking, block);
    },
    get text() {
      return text;
    },
    get reasoning() {
      return reasoning;
    },
    toolCalls,
    get usage() {
      return usage;
    },
    get gatewayUsd() {
      return gatewayUsd;
    },
    finish(reason) {
      // Some servers say `stop` although they call tools, and the other way round.
      if (reason === "length" || reason === "content-filter") return reason === "length" ? "length" : "content_filter";
      if (toolCalls.length > 0) return "tool_calls";
      return reason === "stop" || reason === "tool-calls" ? "stop" : "other";
    },
    reasoningState(model) {
      const thinkingBlocks = [...thinking.values()].filter((block) => block.signature || block.data);
      if (reasoning === "" && thinkingBlocks.length === 0) return null;
      return { model, text: reasoning, thinkingBlocks };
    },
  };
}

/** A tool's input from the text that the model wrote; anything but a JSON object is kept as `invalidInput`. */
export function parseToolInput(text: string): { input: unknown; invalidInput?: string } {
  if (text.trim() === "") return { input: {} };
  try {
    const input: unknown = JSON.parse(text);
    if (isRecord(input)) return { input };
  } catch {
    return { input: {}, invalidInput: text };
  }
  return { input: {}, invalidInput: text };
}

/** OpenAI's counts include cached tokens in the prompt; ours keep them apart. */
export function usageOf(counts: Record<string, unknown>): ModelUsage {
  const prompt = recordIn(counts, "prompt_tokens_details") ?? {};
  const completion = recordIn(counts, "completion_tokens_details") ?? {};
  const cacheReadTokens = numberOf(prompt.cached_tokens) || numberOf(counts.cache_read_input_tokens);
  const cacheCreationTokens = numberOf(prompt.cache_creation_tokens) || numberOf(counts.cache_creation_input_tokens);
  return {
    inputTokens: Math.max(0, numberOf(counts.prompt_tokens) - cacheReadTokens - cacheCreationTokens),
    outputTokens: numberOf(counts.completion_tokens),
    cacheReadTokens,
    cacheCreationTokens,
    reasoningTokens: numberOf(completion.reasoning_tokens),
  };
}

/** Deltas of one block follow each other until its signature; a block that comes whole (`redacted_thinking`) stands alone. */
function mergeThinking(blocks: Map<number, Json>, delta: Record<string, unknown>): void {
  const last = blocks.get(blocks.size - 1);
  const { type, thinking, signature } = delta;
  if (type !== "thinking") {
    // It came out of JSON.parse, so it is JSON.
    blocks.set(blocks.size, delta as Json);
    return;
  }
  const open = last !== undefined && last.type === "thinking" && !last.signature ? last : null;
  const block = open ?? { type: "thinking", thinking: "", signature: "" };
  if (typeof thinking === "string") block.thinking = String(block.thinking) + thinking;
  if (typeof signature === "string" && signature !== "") block.signature = signature;
  if (open === null) blocks.set(blocks.size, block);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function recordIn(value: unknown, key: string): Record<string, unknown> | null {
  const inner = isRecord(value) ? value[key] : null;
  return isRecord(inner) ? inner : null;
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
}
