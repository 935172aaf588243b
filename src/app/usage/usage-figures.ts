// Numbers of the usage page: what is measured, and how it is written. Pure.
import type { UsageFigures } from "../../contract/usage.ts";
import { formatDuration } from "../../lib/format-duration.ts";
import { formatCount } from "../components/format.ts";
import type { Metric } from "./usage-range.ts";

export const metricWords: Record<Metric, string> = {
  cost: "Cost",
  tokens: "Tokens",
  requests: "Model requests",
  time: "Active time",
};

export const nothingWords: Record<Metric, string> = {
  cost: "Nothing that has a known price was used in these days.",
  tokens: "No tokens were used in these days.",
  requests: "No model was asked in these days.",
  time: "No agent worked in these days.",
};

export function tokensOf(figures: UsageFigures): number {
  return figures.input_tokens + figures.output_tokens;
}

export function measure(figures: UsageFigures, metric: Metric): number {
  switch (metric) {
    case "cost":
      return Number(figures.list_cost_usd);
    case "tokens":
      return tokensOf(figures);
    case "requests":
      return figures.model_requests;
    case "time":
      return figures.active_seconds;
  }
}

export function formatValue(value: number, metric: Metric): string {
  switch (metric) {
    case "cost":
      return formatDollars(value);
    case "time":
      return formatDuration(value * 1_000);
    default:
      return formatCount(value);
  }
}

/** Small amounts keep four digits, so that they are not nothing. */
export function formatDollars(dollars: number): string {
  return `$${dollars.toFixed(dollars !== 0 && dollars < 0.1 ? 4 : 2)}`;
}

/** A cost that may be too low says so; one that nobody knows is not zero. */
export function formatCostOf(figures: UsageFigures): string {
  const { model_requests, unpriced_requests, list_cost_usd } = figures;
  if (model_requests > 0 && unpriced_requests === model_requests) return "unknown";
  const dollars = formatDollars(Number(list_cost_usd));
  return unpriced_requests > 0 ? `at least ${dollars}` : dollars;
}
