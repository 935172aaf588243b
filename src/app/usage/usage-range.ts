// The days that the usage page shows, and what it measures, kept in its address. Pure.

export const PRESETS = [7, 30, 90] as const;
export const METRICS = ["cost", "tokens", "requests", "time"] as const;
export type Metric = (typeof METRICS)[number];
/** Days as 2026-01-31, UTC, both ends included. `days`: null when the ends were chosen. */
export type UsageView = { from: string; to: string; days: number | null; metric: Metric };

const DEFAULT_DAYS = 30;
const DAY_MS = 86_400_000;

/** What cannot be understood is as if it were not there. */
export function readUsageView(params: URLSearchParams, nowMs: number): UsageView {
  const metric = METRICS.find((one) => one === params.get("show")) ?? "cost";
  const [from, to] = [params.get("from"), params.get("to")];
  if (from && to && isDay(from) && isDay(to) && from <= to) return { from, to, days: null, metric };
  const days = PRESETS.find((one) => String(one) === params.get("days")) ?? DEFAULT_DAYS;
  const today = dayOf(nowMs);
  return { from: dayOf(nowMs - (days - 1) * DAY_MS), to: today, days, metric };
}

export function usagePath(view: UsageView): string {
  const params = new URLSearchParams();
  if (view.days === null) {
    params.set("from", view.from);
    params.set("to", view.to);
  } else if (view.days !== DEFAULT_DAYS) params.set("days", String(view.days));
  if (view.metric !== "cost") params.set("show", view.metric);
  const query = params.toString();
  return query === "" ? "/usage" : `/usage?${query}`;
}

/** Every day from the first to the last. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  const end = Date.parse(`${to}T00:00:00Z`);
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= end; at += DAY_MS) days.push(dayOf(at));
  return days;
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
