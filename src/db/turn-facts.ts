// The parts of a session's row that a turn needs, read under the worker's lease.
import { sql } from "kysely";
import type { SessionAgent } from "../contract/agents.ts";
import { type Database, leaseLost } from "./database.ts";
import type { Fence } from "./events.ts";

export type TurnFacts = {
  teamId: string;
  environmentId: string;
  agent: SessionAgent;
  budget: { type: "limit"; max_list_cost: { amount: string; currency: string } } | null;
  archived: boolean;
  failedClaims: number;
  failuresAlone: number;
  retryAttempt: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheCreationTokens: number;
  /** Decimal US dollars, exact. */
  costUsd: string;
  costComplete: boolean;
  activeMs: number;
};

/** Throws `lease_lost` when the worker no longer holds the session, or there is none. */
export async function getTurnFacts(db: Database, input: { sessionId: string; fence: Fence }): Promise<TurnFacts> {
  const result = await sql<{
    team_id: string;
    environment_id: string;
    agent: SessionAgent;
    budget: TurnFacts["budget"];
    archived_at: Date | null;
    failed_claims: number;
    failures_alone: number;
    retry_attempt: number;
    input_tokens: number;
    output_tokens: number;
    cache_read_tokens: number;
    cache_creation_tokens: number;
    cost_usd: string;
    cost_complete: boolean;
    active_ms: number;
  }>`
    select team_id, environment_id, agent, budget, archived_at, failed_claims, failures_alone, retry_attempt,
      input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, cost_usd, cost_complete,
      active_ms + coalesce((extract(epoch from now() - active_since) * 1000)::bigint, 0) as active_ms
    from sessions
    where id = ${input.sessionId} and lease_owner = ${input.fence.owner} and lease_epoch = ${input.fence.epoch}`.execute(
    db,
  );
  const row = result.rows[0];
  if (!row) throw leaseLost(input.sessionId);
  return {
    teamId: row.team_id,
    environmentId: row.environment_id,
    agent: row.agent,
    budget: row.budget,
    archived: row.archived_at !== null,
    failedClaims: row.failed_claims,
    failuresAlone: row.failures_alone,
    retryAttempt: row.retry_attempt,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    cacheReadTokens: row.cache_read_tokens,
    cacheCreationTokens: row.cache_creation_tokens,
    costUsd: row.cost_usd,
    costComplete: row.cost_complete,
    activeMs: row.active_ms,
  };
}

/** Locks the session's row and tells whether this entry of the log is already there, and whether the lease still holds; without one, whether there is such a session. */
export async function lockAndLookFor(
  db: Database,
  input: { sessionId: string; fence: Fence | null; eventId: string; echo: boolean },
): Promise<{ present: boolean; held: boolean }> {
  const { fence } = input;
  const held = fence
    ? sql`lease_owner is not distinct from ${fence.owner} and lease_epoch = ${fence.epoch}`
    : sql`true`;
  const row = await sql<{ held: boolean }>`select ${held} as held
    from sessions where id = ${input.sessionId} for update`.execute(db);
  const event = await sql`select 1 from events
    where session_id = ${input.sessionId} and id = ${input.eventId} and echo = ${input.echo} limit 1`.execute(db);
  return { present: event.rows.length > 0, held: row.rows[0]?.held ?? false };
}
