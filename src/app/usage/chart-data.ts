// Rows of a report (by day and model) as the columns of a chart: every day, the largest models, the rest together. Pure.
import type { UsageRow } from "../../contract/usage.ts";
import { measure } from "./usage-figures.ts";
import { daysBetween, type Metric } from "./usage-range.ts";

export const MAX_SERIES = 6;
export const OTHERS = "other models";

/** `values`: in the order of `series`. */
export type ChartData = { series: string[]; days: { day: string; values: number[] }[] };

export function chartData(
  rows: readonly UsageRow[],
  { from, to, metric }: { from: string; to: string; metric: Metric },
): ChartData {
  const totals = new Map<string, number>();
  for (const row of rows) totals.set(row.model ?? "", (totals.get(row.model ?? "") ?? 0) + measure(row, metric));
  const byTotal = [...totals].filter(([, total]) => total > 0).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
  const shown = byTotal.slice(0, byTotal.length > MAX_SERIES ? MAX_SERIES - 1 : MAX_SERIES).map(([model]) => model);
  const series = byTotal.length > MAX_SERIES ? [...shown, OTHERS] : shown;
  const days = daysBetween(from, to).map((day) => ({ day, values: series.map(() => 0) }));
  const byDay = new Map(days.map((one) => [one.day, one.values]));
  for (const row of rows) {
    const values = byDay.get(row.day ?? "");
    const at = shown.indexOf(row.model ?? "");
    const index = at === -1 ? series.indexOf(OTHERS) : at;
    if (values && index !== -1) values[index] = (values[index] ?? 0) + measure(row, metric);
  }
  return { series, days };
}
