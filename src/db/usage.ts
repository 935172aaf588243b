// Reads what was used. The rows are kept by triggers: migrations/0003-usage.sql.
import { sql } from "kysely";
import type { Database } from "./database.ts";

export type UsageGroupColumn = "day" | "agent_id" | "model" | "session_id";
export type UsageSumsRow = {
  day: string | null;
  agent_id: string | null;
  model: string | null;
  session_id: string | null;
  agent_name: string | null;
  session_title: string | null;
  session_exists: boolean;
  model_requests: number;
  unpriced_requests: number;
  tool_calls: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_creation_tokens: number;
  active_ms: number;
  cost_usd: string;
};

/** Sums by the columns in `groups` (none: one row), by day, then the dearest first. Days are text, both ends included. */
export async function sumUsage(
  db: Database,
  input: { teamId: string; from: string; to: string; groups: readonly UsageGroupColumn[]; limit: number },
): Promise<UsageSumsRow[]> {
  const column = (name: UsageGroupColumn) =>
    input.groups.includes(name) ? sql`u.${sql.ref(name)}` : sql`null::text as ${sql.ref(name)}`;
  const day = input.groups.includes("day") ? sql`to_char(u.day, 'YYYY-MM-DD') as day` : sql`null::text as day`;
  const by = input.groups.map((name) => sql`u.${sql.ref(name)}`);
  const result = await sql<UsageSumsRow>`
    with sums as (
      select ${day}, ${column("agent_id")}, ${column("model")}, ${column("session_id")},
        coalesce(sum(model_requests), 0)::bigint as model_requests, coalesce(sum(unpriced_requests), 0)::bigint as unpriced_requests,
        coalesce(sum(tool_calls), 0)::bigint as tool_calls, coalesce(sum(input_tokens), 0)::bigint as input_tokens,
        coalesce(sum(output_tokens), 0)::bigint as output_tokens, coalesce(sum(cache_read_tokens), 0)::bigint as cache_read_tokens,
        coalesce(sum(cache_creation_tokens), 0)::bigint as cache_creation_tokens, coalesce(sum(active_ms), 0)::bigint as active_ms,
        coalesce(sum(cost_usd), 0) as cost_usd
      from usage_daily u
      where u.team_id = ${input.teamId} and u.day between ${input.from}::date and ${input.to}::date
      ${by.length > 0 ? sql`group by ${sql.join(by)}` : sql``}
    )
    select sums.*, v.definition->>'name' as agent_name, s.title as session_title, s.id is not null as session_exists
    from sums
    left join agents a on a.id = sums.agent_id
    left join agent_versions v on v.agent_id = a.id and v.version = a.version
    left join sessions s on s.id = sums.session_id
    order by sums.day nulls first, sums.cost_usd desc, sums.input_tokens + sums.output_tokens desc,
      sums.agent_id, sums.model, sums.session_id
    limit ${input.limit}`.execute(db);
  return result.rows;
}
