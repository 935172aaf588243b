// Agents and their versions: one row an agent, one row each version.
import { type RawBuilder, sql } from "kysely";
import type { AgentDefinition } from "../contract/agents.ts";
import type { Database } from "./database.ts";
import { createdWithin, type PageRequest, pageClause, type TimeBounds } from "./page.ts";

/** An agent as one of its versions describes it. */
export type AgentRow = {
  id: string;
  version: number;
  definition: AgentDefinition;
  createdAt: Date;
  /** When this version was made, or the agent archived. */
  updatedAt: Date;
  archivedAt: Date | null;
};

const columns = sql`a.id, v.version, v.definition, a.created_at as "createdAt", a.archived_at as "archivedAt",
  case when v.version = a.version then a.updated_at else v.created_at end as "updatedAt"`;

export async function insertAgent(
  db: Database,
  input: { id: string; teamId: string; definition: AgentDefinition; now: Date },
): Promise<void> {
  await sql`
    with made as (
      insert into agents (id, team_id, version, created_at, updated_at)
      values (${input.id}, ${input.teamId}, 1, ${input.now}, ${input.now}) returning id
    )
    insert into agent_versions (agent_id, version, team_id, definition, created_at)
    select id, 1, ${input.teamId}, ${JSON.stringify(input.definition)}::jsonb, ${input.now} from made`.execute(db);
}

/** Whether the team has or ever had one: archived agents count. */
export async function hasAgents(db: Database, teamId: string): Promise<boolean> {
  const result = await sql<{ found: boolean }>`
    select exists (select from agents where team_id = ${teamId}) as found`.execute(db);
  return result.rows[0]?.found === true;
}

/** Holds the agent until the end of the transaction. Read it afterwards: what was read before may be out of date. */
export async function lockAgent(db: Database, input: { teamId: string; agentId: string }): Promise<void> {
  await sql`select id from agents where id = ${input.agentId} and team_id = ${input.teamId} for update`.execute(db);
}

/** The current version, or the one asked for. */
export async function findAgent(
  db: Database,
  input: { teamId: string; agentId: string; version?: number | undefined },
): Promise<AgentRow | null> {
  const version = input.version === undefined ? sql`a.version` : sql`${input.version}`;
  const result = await sql<AgentRow>`
    select ${columns} from agents a join agent_versions v on v.agent_id = a.id and v.version = ${version}
    where a.id = ${input.agentId} and a.team_id = ${input.teamId}`.execute(db);
  return result.rows[0] ?? null;
}

/** The caller holds the row's lock, so `version` is the next one. */
export async function insertAgentVersion(
  db: Database,
  input: { agentId: string; teamId: string; version: number; definition: AgentDefinition; now: Date },
): Promise<void> {
  await sql`
    with bumped as (
      update agents set version = ${input.version}, updated_at = ${input.now}
      where id = ${input.agentId} and team_id = ${input.teamId} returning id
    )
    insert into agent_versions (agent_id, version, team_id, definition, created_at)
    select id, ${input.version}, ${input.teamId}, ${JSON.stringify(input.definition)}::jsonb, ${input.now} from bumped`.execute(
    db,
  );
}

export async function archiveAgent(db: Database, input: { teamId: string; agentId: string; now: Date }): Promise<void> {
  await sql`update agents set archived_at = ${input.now}, updated_at = ${input.now}
    where id = ${input.agentId} and team_id = ${input.teamId} and archived_at is null`.execute(db);
}

export async function listAgents(
  db: Database,
  input: { teamId: string; includeArchived: boolean; createdAt?: TimeBounds | undefined; page: PageRequest },
): Promise<AgentRow[]> {
  const conditions: RawBuilder<unknown>[] = [sql`a.team_id = ${input.teamId}`, ...createdWithin("a", input.createdAt)];
  if (!input.includeArchived) conditions.push(sql`a.archived_at is null`);
  const result = await sql<AgentRow>`
    select ${columns} from agents a join agent_versions v on v.agent_id = a.id and v.version = a.version
    ${pageClause("a", conditions, input.page)}`.execute(db);
  return result.rows;
}

/** Newest first, from `before` (exclusive) down. */
export async function listAgentVersions(
  db: Database,
  input: { teamId: string; agentId: string; before?: number | undefined; limit: number },
): Promise<AgentRow[]> {
  const before = input.before === undefined ? sql`` : sql`and v.version < ${input.before}`;
  const result = await sql<AgentRow>`
    select ${columns} from agents a join agent_versions v on v.agent_id = a.id
    where a.id = ${input.agentId} and a.team_id = ${input.teamId} ${before} order by v.version desc limit ${input.limit}`.execute(
    db,
  );
  return result.rows;
}
