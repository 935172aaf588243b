// The built-in demo model: answers without any gateway, so that a newcomer and a test see the whole path work.
import type { Clock } from "../lib/clock.ts";
import { nextDemoAnswer } from "./demo-script.ts";
import type { ModelClient, ModelInfo } from "./model.ts";
import { estimateTextTokens, estimateTokens } from "./tokens.ts";

export const DEMO_MODEL_ID = "demo";

const DEMO_MODEL: ModelInfo = {
  id: DEMO_MODEL_ID,
  displayName: "Berth demo model (scripted, no network)",
  ownedBy: "berth",
  createdAt: 0,
  maxInputTokens: 200_000,
  maxOutputTokens: 8_192,
  inputCostPerToken: 0,
  outputCostPerToken: 0,
};
/** A long text streams faster, not longer. */
const MAX_STREAM_MS = 1_500;

/** `wordDelayMs` is the pause between two words; 0 streams without any. */
export function createDemoModel({ clock, wordDelayMs = 15 }: { clock: Clock; wordDelayMs?: number }): ModelClient {
  return {
    id: "demo",
    async streamAnswer(request, onPart) {
      request.signal.throwIfAborted();
      const { reasoning, text, toolCalls } = nextDemoAnswer(request);
      const words = [
        ...wordsOf(reasoning).map((word) => ({ type: "reasoning" as const, text: word })),
        ...wordsOf(text).map((word) => ({ type: "text" as const, text: word })),
      ];
      const delayMs = Math.min(wordDelayMs, MAX_STREAM_MS / Math.max(1, words.length));
      for (const word of words) {
        if (delayMs > 0) await clock.sleep(delayMs, request.signal);
        onPart(word);
      }
      for (const { name } of toolCalls) onPart({ type: "tool_call", name });
      const reasoningTokens = estimateTextTokens(reasoning);
      return {
        text,
        reasoning,
        reasoningState: null,
        toolCalls,
        finish: toolCalls.length > 0 ? "tool_calls" : "stop",
        usage: {
          inputTokens: estimateTokens(request.messages, request),
          outputTokens:
            reasoningTokens + estimateTextTokens(text + (toolCalls.length > 0 ? JSON.stringify(toolCalls) : "")),
          cacheReadTokens: 0,
          cacheCreationTokens: 0,
          reasoningTokens,
        },
        usageSource: "estimated",
        cost: { usd: "0", source: "estimated" },
      };
    },
    priceOf: async () => ({ usd: "0", source: "estimated" }),
    listModels: async () => [DEMO_MODEL],
    check: async () => ({
      ready: true,
      url: null,
      message:
        "No gateway is set: the demo model answers. Set LITELLM_GATEWAY_URL and LITELLM_API_KEY for real models.",
      modelCount: 1,
    }),
  };
}

function wordsOf(text: string): string[] {
  return text.match(/^\s*\S+\s*|\S+\s*/g) ?? [];
}
