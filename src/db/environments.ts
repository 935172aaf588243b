// Environments. Deleted ones are kept for the sessions made in them, and never shown.
import { type RawBuilder, sql } from "kysely";
import type { CloudConfig } from "../contract/environments.ts";
import type { Database } from "./database.ts";
import { type PageRequest, pageClause } from "./page.ts";

export type EnvironmentRow = {
  id: string;
  name: string;
  description: string | null;
  config: CloudConfig;
  metadata: Record<string, string>;
  isDefault: boolean;
  createdAt: Date;
  updatedAt: Date;
  archivedAt: Date | null;
};

const columns = sql`e.id, e.name, e.description, e.config, e.metadata, e.is_default as "isDefault",
  e.created_at as "createdAt", e.updated_at as "updatedAt", e.archived_at as "archivedAt"`;

export type NewEnvironment = Pick<EnvironmentRow, "id" | "name" | "description" | "config" | "metadata"> & {
  teamId: string;
  now: Date;
};

/** A taken name violates `environments_name`. */
export async function insertEnvironment(db: Database, input: NewEnvironment): Promise<void> {
  await sql`insert into environments (id, team_id, name, description, config, metadata, created_at, updated_at)
    values (${input.id}, ${input.teamId}, ${input.name}, ${input.description}, ${JSON.stringify(input.config)}::jsonb,
      ${JSON.stringify(input.metadata)}::jsonb, ${input.now}, ${input.now})`.execute(db);
}

/** Does nothing when the team has a default environment already. */
export async function ensureDefaultEnvironment(db: Database, input: NewEnvironment): Promise<void> {
  await sql`insert into environments (id, team_id, name, description, config, metadata, is_default, created_at, updated_at)
    values (${input.id}, ${input.teamId}, ${input.name}, ${input.description}, ${JSON.stringify(input.config)}::jsonb,
      ${JSON.stringify(input.metadata)}::jsonb, true, ${input.now}, ${input.now})
    on conflict do nothing`.execute(db);
}

export async function findEnvironment(
  db: Database,
  input: { teamId: string; environmentId: string; forUpdate?: boolean },
): Promise<EnvironmentRow | null> {
  const lock = input.forUpdate ? sql`for update` : sql``;
  const result = await sql<EnvironmentRow>`select ${columns} from environments e
    where e.id = ${input.environmentId} and e.team_id = ${input.teamId} and e.deleted_at is null ${lock}`.execute(db);
  return result.rows[0] ?? null;
}

export async function findDefaultEnvironment(db: Database, teamId: string): Promise<EnvironmentRow | null> {
  const result = await sql<EnvironmentRow>`select ${columns} from environments e
    where e.team_id = ${teamId} and e.is_default and e.deleted_at is null`.execute(db);
  return result.rows[0] ?? null;
}

/** A taken name violates `environments_name`. */
export async function updateEnvironment(
  db: Database,
  input: Omit<NewEnvironment, "teamId"> & { teamId: string },
): Promise<void> {
  await sql`update environments set name = ${input.name}, description = ${input.description},
      config = ${JSON.stringify(input.config)}::jsonb, metadata = ${JSON.stringify(input.metadata)}::jsonb, updated_at = ${input.now}
    where id = ${input.id} and team_id = ${input.teamId}`.execute(db);
}

export async function archiveEnvironment(
  db: Database,
  input: { teamId: string; environmentId: string; now: Date; andDelete: boolean },
): Promise<void> {
  const deletedAt = input.andDelete ? sql`${input.now}` : sql`deleted_at`;
  await sql`update environments set archived_at = coalesce(archived_at, ${input.now}), deleted_at = ${deletedAt}, updated_at = ${input.now}
    where id = ${input.environmentId} and team_id = ${input.teamId}`.execute(db);
}

export async function listEnvironments(
  db: Database,
  input: { teamId: string; includeArchived: boolean; page: PageRequest },
): Promise<EnvironmentRow[]> {
  const conditions: RawBuilder<unknown>[] = [sql`e.team_id = ${input.teamId}`, sql`e.deleted_at is null`];
  if (!input.includeArchived) conditions.push(sql`e.archived_at is null`);
  const result =
    await sql<EnvironmentRow>`select ${columns} from environments e ${pageClause("e", conditions, input.page)}`.execute(
      db,
    );
  return result.rows;
}
