// What a model request cost: as the gateway says, else tokens times prices, else unknown - never silently zero.
import type { ModelCost, ModelUsage } from "./model.ts";

/** US dollars per token. */
export type ModelPrices = {
  input: number;
  output: number;
  /** Null: reading the cache costs as much as input. */
  cacheRead: number | null;
  /** Null: writing the cache costs as much as input. */
  cacheCreation: number | null;
};

/** The gateway's own figure wins; without it the estimate; without prices `null`. */
export function costOf(usage: ModelUsage, gatewayUsd: number | null, prices: ModelPrices | null): ModelCost {
  if (gatewayUsd !== null) return { usd: decimalUsd(gatewayUsd), source: "gateway" };
  if (prices === null) return { usd: null, source: "unpriced" };
  const usd =
    usage.inputTokens * prices.input +
    usage.cacheReadTokens * (prices.cacheRead ?? prices.input) +
    usage.cacheCreationTokens * (prices.cacheCreation ?? prices.input) +
    usage.outputTokens * prices.output;
  return { usd: decimalUsd(usd), source: "estimated" };
}

/** A number of dollars as plain decimal text, exact to a millionth of a millionth. */
export function decimalUsd(usd: number): string {
  const text = usd.toFixed(12);
  return text.replace(/\.?0+$/, "");
}
