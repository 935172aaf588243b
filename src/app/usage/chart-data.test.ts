// Every day has a column, every model with something to show has a part of it, and nothing is lost in "other models".
import { expect, test } from "vitest";
import type { UsageRow } from "../../contract/usage.ts";
import { chartData, MAX_SERIES, OTHERS } from "./chart-data.ts";

const row = (day: string, model: string, input_tokens: number, usd = "0"): UsageRow => ({
  day,
  model,
  model_requests: 1,
  unpriced_requests: 0,
  tool_calls: 0,
  input_tokens,
  output_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
  active_seconds: 0,
  list_cost_usd: usd,
});
const range = { from: "2026-03-01", to: "2026-03-03" };

test("days without use are there, with nothing", () => {
  const rows = [row("2026-03-01", "a", 5), row("2026-03-03", "b", 7), row("2026-03-03", "a", 1)];
  expect(chartData(rows, { ...range, metric: "tokens" })).toEqual({
    series: ["b", "a"],
    days: [
      { day: "2026-03-01", values: [0, 5] },
      { day: "2026-03-02", values: [0, 0] },
      { day: "2026-03-03", values: [7, 1] },
    ],
  });
});

test("many models become the largest and the rest", () => {
  const rows = Array.from({ length: 10 }, (_, index) => row("2026-03-02", `m${index}`, 10 - index));
  const data = chartData(rows, { ...range, metric: "tokens" });
  expect(data.series).toEqual(["m0", "m1", "m2", "m3", "m4", OTHERS]);
  expect(data.series).toHaveLength(MAX_SERIES);
  expect(data.days[1]?.values).toEqual([10, 9, 8, 7, 6, 5 + 4 + 3 + 2 + 1]);
});

test("what is zero in this measure has no series", () => {
  expect(chartData([row("2026-03-01", "free", 5)], { ...range, metric: "cost" }).series).toEqual([]);
});
