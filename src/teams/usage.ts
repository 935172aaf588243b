// Use case: what a team used in a range of days, in sums.
import {
  MAX_USAGE_DAYS,
  MAX_USAGE_ROWS,
  type UsageFigures,
  type UsageGroup,
  type UsageQuery,
  type UsageReport,
  type UsageRow,
} from "../contract/usage.ts";
import type { Database } from "../db/database.ts";
import { sumUsage, type UsageGroupColumn, type UsageSumsRow } from "../db/usage.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";

const DEFAULT_DAYS = 30;
const DAY_MS = 86_400_000;
const columns: Record<UsageGroup, UsageGroupColumn> = {
  day: "day",
  agent: "agent_id",
  model: "model",
  session: "session_id",
};

export type Usage = ReturnType<typeof createUsage>;

export function createUsage({ db, clock }: { db: Database; clock: Clock }) {
  return {
    async report(teamId: string, query: UsageQuery): Promise<UsageReport> {
      const { from, to } = rangeOf(query, clock.now());
      const groups = (query.group_by ?? []).map((group) => columns[group]);
      const [totals, rows] = await Promise.all([
        sumUsage(db, { teamId, from, to, groups: [], limit: 1 }),
        sumUsage(db, { teamId, from, to, groups, limit: MAX_USAGE_ROWS + 1 }),
      ]);
      const [sum] = totals;
      if (!sum) throw new Error("a sum without groups has one row");
      return {
        type: "usage_report",
        time_zone: "UTC",
        starting_on: from,
        ending_on: to,
        totals: toFigures(sum),
        data: groups.length === 0 ? [] : rows.slice(0, MAX_USAGE_ROWS).map(toRow),
        truncated: rows.length > MAX_USAGE_ROWS,
      };
    },
  };
}

/** Both ends included. */
export function rangeOf(query: UsageQuery, nowMs: number): { from: string; to: string } {
  const to = query.ending_on ?? dayOf(nowMs);
  const end = Date.parse(`${to}T00:00:00Z`);
  const from = query.starting_on ?? dayOf(end - (DEFAULT_DAYS - 1) * DAY_MS);
  const days = (end - Date.parse(`${from}T00:00:00Z`)) / DAY_MS + 1;
  if (days < 1) throw new PlatformError("invalid_request", "starting_on: is after ending_on");
  if (days > MAX_USAGE_DAYS)
    throw new PlatformError("invalid_request", `starting_on: at most ${MAX_USAGE_DAYS} days in one report`);
  return { from, to };
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function toFigures(row: UsageSumsRow): UsageFigures {
  return {
    model_requests: row.model_requests,
    unpriced_requests: row.unpriced_requests,
    tool_calls: row.tool_calls,
    input_tokens: row.input_tokens,
    output_tokens: row.output_tokens,
    cache_read_input_tokens: row.cache_read_tokens,
    cache_creation_input_tokens: row.cache_creation_tokens,
    active_seconds: row.active_ms / 1_000,
    list_cost_usd: row.cost_usd,
  };
}

function toRow(row: UsageSumsRow): UsageRow {
  const { day, agent_id, model, session_id } = row;
  return {
    ...(day === null ? {} : { day }),
    ...(agent_id === null ? {} : { agent: { id: agent_id, name: row.agent_name } }),
    ...(model === null ? {} : { model }),
    ...(session_id === null
      ? {}
      : { session: { id: session_id, title: row.session_title, deleted: !row.session_exists } }),
    ...toFigures(row),
  };
}
