// Session rows as the API needs them. Appending to a session's log is in events.ts, leases in leases.ts.
import { type RawBuilder, sql } from "kysely";
import type { SessionAgent } from "../contract/agents.ts";
import type { StopReason } from "../contract/events.ts";
import type { SessionResource } from "../contract/session-resources.ts";
import type { Budget, LastMessage, WaitingFor } from "../contract/sessions.ts";
import type { Database } from "./database.ts";
import { createdWithin, type PageRequest, pageClause, type TimeBounds } from "./page.ts";
import type { SessionStatus } from "./schema.ts";

export type SessionRow = {
  id: string;
  agent: SessionAgent;
  environmentId: string;
  title: string | null;
  metadata: Record<string, string>;
  vaultIds: string[];
  budget: Budget | null;
  status: SessionStatus;
  stopReason: StopReason | null;
  /** Null unless the stop reason is `requires_action`. */
  waitsFor: WaitingFor | null;
  lastSeq: number;
  /** A worker holds it for a turn now. Upkeep (hibernating its sandbox) is nobody's concern: it has no work. */
  leased: boolean;
  /** Something was sent that no worker has begun to work on, or a retry is due: shown as running. */
  workWaits: boolean;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheCreationTokens: number;
  costUsd: string;
  costComplete: boolean;
  /** The running stretch is counted in. */
  activeMs: number;
  createdAt: Date;
  updatedAt: Date;
  archivedAt: Date | null;
  lastMessage: LastMessage | null;
  forkedFrom: { session_id: string; event_id: string | null } | null;
  resources: SessionResource[];
};

/** As JavaScript writes it. */
const ISO_TIME = sql.lit('YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
// An archived session has no wake_at; an ended one is never shown as anything else.
const workWaits = sql`(s.status <> 'terminated' and coalesce(s.wake_at <= now(), false))`;
/** As the API shows them. */
const resources = sql`(select coalesce(jsonb_agg(r.config || jsonb_build_object('id', r.id, 'status', r.status, 'problem', r.problem,
    'created_at', to_char(r.created_at at time zone 'UTC', ${ISO_TIME}), 'updated_at', to_char(r.updated_at at time zone 'UTC', ${ISO_TIME}))
    order by r.created_at, r.id), '[]') from session_resources r where r.session_id = s.id)`;
/** Of a session `s`, as `SessionRow` names them. */
export const sessionColumns = sql`s.id, s.agent, s.environment_id as "environmentId", s.title, s.metadata, s.vault_ids as "vaultIds", s.budget, s.status, ${workWaits} as "workWaits",
  s.stop_reason as "stopReason", s.waits_for as "waitsFor", s.last_seq as "lastSeq",
  (s.wake_at is not null and s.lease_owner is not null and coalesce(s.lease_until > now(), false)) as "leased",
  s.input_tokens as "inputTokens", s.output_tokens as "outputTokens", s.cache_read_tokens as "cacheReadTokens",
  s.cache_creation_tokens as "cacheCreationTokens", s.cost_usd as "costUsd", s.cost_complete as "costComplete",
  s.active_ms + coalesce((extract(epoch from now() - s.active_since) * 1000)::bigint, 0) as "activeMs",
  s.created_at as "createdAt", s.updated_at as "updatedAt", s.archived_at as "archivedAt", s.last_message as "lastMessage", s.forked_from as "forkedFrom", ${resources} as resources`;

export async function insertSession(
  db: Database,
  input: {
    id: string;
    teamId: string;
    agent: SessionAgent;
    environmentId: string;
    title: string | null;
    metadata: Record<string, string>;
    vaultIds: readonly string[];
    budget: Budget | null;
    now: Date;
  },
): Promise<void> {
  await sql`insert into sessions (id, team_id, agent_id, agent_version, agent, environment_id, title, metadata, vault_ids, budget, created_at, updated_at)
    values (${input.id}, ${input.teamId}, ${input.agent.id}, ${input.agent.version}, ${JSON.stringify(input.agent)}::jsonb,
      ${input.environmentId}, ${input.title}, ${JSON.stringify(input.metadata)}::jsonb, ${JSON.stringify(input.vaultIds)}::jsonb,
      ${input.budget ? JSON.stringify(input.budget) : null}::jsonb, ${input.now}, ${input.now})`.execute(db);
}

export async function findSession(
  db: Database,
  input: { teamId: string; sessionId: string; forUpdate?: boolean },
): Promise<SessionRow | null> {
  const lock = input.forUpdate ? sql`for update` : sql``;
  const result = await sql<SessionRow>`select ${sessionColumns} from sessions s
    where s.id = ${input.sessionId} and s.team_id = ${input.teamId} ${lock}`.execute(db);
  return result.rows[0] ?? null;
}

export async function updateSession(
  db: Database,
  input: {
    teamId: string;
    sessionId: string;
    title: string | null;
    metadata: Record<string, string>;
    agent: SessionAgent;
    budget: Budget | null;
  },
): Promise<void> {
  await sql`update sessions set title = ${input.title}, metadata = ${JSON.stringify(input.metadata)}::jsonb,
      agent = ${JSON.stringify(input.agent)}::jsonb, budget = ${input.budget ? JSON.stringify(input.budget) : null}::jsonb, updated_at = now()
    where id = ${input.sessionId} and team_id = ${input.teamId}`.execute(db);
}

/** Nothing is done in an archived session any more: no work is left to claim, and no earlier lease can write. */
export async function archiveSession(
  db: Database,
  input: { teamId: string; sessionId: string; now: Date },
): Promise<void> {
  await sql`update sessions set archived_at = ${input.now}, updated_at = ${input.now}, wake_at = null,
      lease_owner = null, lease_until = null, lease_epoch = lease_epoch + 1
    where id = ${input.sessionId} and team_id = ${input.teamId} and archived_at is null`.execute(db);
}

/** Removes the session with its log; its sandbox is put down for the worker to remove. */
export async function deleteSession(db: Database, input: { teamId: string; sessionId: string }): Promise<void> {
  await sql`
    with removed as (
      delete from sandboxes where session_id = ${input.sessionId} and team_id = ${input.teamId} returning name, team_id, backend
    )
    insert into sandbox_removals (name, team_id, backend) select name, team_id, backend from removed
    on conflict (name) do nothing`.execute(db);
  await sql`delete from sessions where id = ${input.sessionId} and team_id = ${input.teamId}`.execute(db);
}

export async function listSessions(
  db: Database,
  input: {
    teamId: string;
    agentId?: string | undefined;
    agentVersion?: number | undefined;
    statuses?: readonly SessionStatus[] | undefined;
    /** Only those that wait for somebody's answer. */
    requiresAction?: boolean | undefined;
    /** Only those that wait for answers of this kind, among others. */
    waitingFor?: "tool_confirmation" | "custom_tool_result" | undefined;
    /** Every word is a part of the title; or it is the session's id. */
    search?: string | undefined;
    createdAt?: TimeBounds | undefined;
    includeArchived: boolean;
    page: PageRequest;
  },
): Promise<SessionRow[]> {
  const conditions: RawBuilder<unknown>[] = [sql`s.team_id = ${input.teamId}`, ...createdWithin("s", input.createdAt)];
  if (!input.includeArchived) conditions.push(sql`s.archived_at is null`);
  if (input.agentId !== undefined) conditions.push(sql`s.agent_id = ${input.agentId}`);
  if (input.agentId !== undefined && input.agentVersion !== undefined)
    conditions.push(sql`s.agent_version = ${input.agentVersion}`);
  if (input.statuses)
    conditions.push(sql`case when ${workWaits} then 'running' else s.status end = any(${[...input.statuses]}::text[])`);
  if (input.requiresAction || input.waitingFor !== undefined)
    conditions.push(
      sql`s.stop_reason->>'type' = 'requires_action' and s.status = 'idle' and not ${workWaits} and s.archived_at is null`,
    );
  if (input.waitingFor === "tool_confirmation")
    conditions.push(sql`(s.waits_for->'tool_confirmations'->>'count')::int > 0`);
  if (input.waitingFor === "custom_tool_result")
    conditions.push(sql`(s.waits_for->'custom_tool_results'->>'count')::int > 0`);
  if (input.search !== undefined) conditions.push(searchCondition(input.search));
  const result =
    await sql<SessionRow>`select ${sessionColumns} from sessions s ${pageClause("s", conditions, input.page)}`.execute(
      db,
    );
  return result.rows;
}

function searchCondition(search: string): RawBuilder<unknown> {
  const words = search.split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return sql`true`;
  const parts = words.map((word) => sql`s.title ilike ${`%${word.replace(/[\\%_]/g, "\\$&")}%`}`);
  return sql`(s.id = ${search.trim()} or (${sql.join(parts, sql` and `)}))`;
}

/** Where these sessions' logs end; a session that is absent from the answer does not exist (any more). */
export async function lastSeqs(db: Database, sessionIds: readonly string[]): Promise<Map<string, number>> {
  const result = await sql<{ id: string; last_seq: number }>`
    select id, last_seq from sessions where id = any(${[...sessionIds]}::text[])`.execute(db);
  return new Map(result.rows.map((row) => [row.id, row.last_seq]));
}

/** `server`: of an MCP server's tool. */
export type PendingAction = {
  id: string;
  type: "agent.tool_use" | "agent.mcp_tool_use" | "agent.custom_tool_use";
  name: string;
  server: string | null;
};

/** Tool uses that wait for a client: asked ones without confirmation and result, custom ones without result. An interrupt ends all waits. */
export async function listPendingActions(db: Database, sessionId: string): Promise<PendingAction[]> {
  const result = await sql<PendingAction>`
    select e.id, e.type, e.payload->>'name' as name, e.payload->>'mcp_server_name' as server from events e
    where e.session_id = ${sessionId} and not e.echo
      and (e.type = 'agent.custom_tool_use' or (e.type in ('agent.tool_use', 'agent.mcp_tool_use') and e.payload->>'evaluated_permission' = 'ask'))
      and not exists (
        select 1 from events r where r.session_id = e.session_id and r.seq > e.seq
          and r.type in ('agent.tool_result', 'agent.mcp_tool_result', 'user.tool_confirmation', 'user.custom_tool_result')
          and coalesce(r.payload->>'tool_use_id', r.payload->>'mcp_tool_use_id', r.payload->>'custom_tool_use_id') = e.id)
          and not exists (
        select 1 from events i where i.session_id = e.session_id and i.seq > e.seq and i.type in ('user.interrupt', 'session.rewound', 'session.forked'))
    order by e.seq`.execute(db);
  return result.rows;
}
