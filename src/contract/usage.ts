// What a team used: tokens, requests, tool calls, time and cost, by day, agent, model or session. Berth's own addition.
import { z } from "zod";

export const USAGE_GROUPS = ["day", "agent", "model", "session"] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];
/** Days in one report. */
export const MAX_USAGE_DAYS = 366;
/** Rows in one report; the largest are kept. */
export const MAX_USAGE_ROWS = 5_000;

const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, "must be a day as 2026-01-31")
  .refine((text) => isDay(text), { error: "is no day of the calendar" });

/** The 30th of February would become a day in March. */
function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** Days are UTC, both ends included. Without them: the last 30 days. */
export const usageQuery = z.strictObject({
  starting_on: day.optional(),
  ending_on: day.optional(),
  group_by: z
    .array(z.enum(USAGE_GROUPS))
    .max(USAGE_GROUPS.length)
    .refine((groups) => new Set(groups).size === groups.length, { error: "names a group twice" })
    .optional(),
});
export type UsageQuery = z.infer<typeof usageQuery>;

export const usageFigures = z.strictObject({
  model_requests: z.int(),
  /** Requests whose price nobody knows: `list_cost_usd` is then too low. */
  unpriced_requests: z.int(),
  tool_calls: z.int(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cache_read_input_tokens: z.int(),
  cache_creation_input_tokens: z.int(),
  active_seconds: z.number(),
  /** Exact decimal dollars. */
  list_cost_usd: z.string(),
});
export type UsageFigures = z.infer<typeof usageFigures>;

export const usageRow = z.strictObject({
  day: z.string().optional(),
  agent: z.strictObject({ id: z.string(), name: z.string().nullable() }).optional(),
  model: z.string().optional(),
  /** A deleted session's usage stays. */
  session: z.strictObject({ id: z.string(), title: z.string().nullable(), deleted: z.boolean() }).optional(),
  ...usageFigures.shape,
});
export type UsageRow = z.infer<typeof usageRow>;

export const usageReport = z.strictObject({
  type: z.literal("usage_report"),
  time_zone: z.literal("UTC"),
  starting_on: z.string(),
  ending_on: z.string(),
  totals: usageFigures,
  data: z.array(usageRow),
  /** There were more rows than one report has. */
  truncated: z.boolean(),
});
export type UsageReport = z.infer<typeof usageReport>;
