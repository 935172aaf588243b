// What sessions' sandboxes begin with, and the vault of each team that holds their tokens and is shown to nobody.
import { type RawBuilder, sql } from "kysely";
import type { Checkout, ResourceStatus } from "../contract/session-resources.ts";
import type { Database } from "./database.ts";
import { type PageRequest, pageClause } from "./page.ts";

export type RepositoryConfig = {
  type: "github_repository";
  url: string;
  mount_path: string;
  checkout: Checkout | null;
};
export type SessionResourceRow = {
  id: string;
  config: RepositoryConfig;
  credentialId: string | null;
  status: ResourceStatus;
  problem: string | null;
  attempt: number;
  createdAt: Date;
  updatedAt: Date;
};

const columns = sql`r.id, r.config, r.credential_id as "credentialId", r.status, r.problem, r.attempt,
  r.created_at as "createdAt", r.updated_at as "updatedAt"`;

type Place = { teamId: string; sessionId: string; resourceId: string };

export async function insertSessionResource(
  db: Database,
  input: Place & { config: RepositoryConfig; credentialId: string | null; now: Date },
): Promise<void> {
  await sql`insert into session_resources (id, session_id, team_id, config, credential_id, created_at, updated_at)
    values (${input.resourceId}, ${input.sessionId}, ${input.teamId}, ${JSON.stringify(input.config)}::jsonb, ${input.credentialId},
      ${input.now}, ${input.now})`.execute(db);
}

/** In the order in which they were named. */
export async function listSessionResources(
  db: Database,
  input: { teamId: string; sessionId: string },
): Promise<SessionResourceRow[]> {
  const result = await sql<SessionResourceRow>`select ${columns} from session_resources r
    where r.session_id = ${input.sessionId} and r.team_id = ${input.teamId} order by r.created_at, r.id`.execute(db);
  return result.rows;
}

export async function pageSessionResources(
  db: Database,
  input: { teamId: string; sessionId: string; page: PageRequest },
): Promise<SessionResourceRow[]> {
  const conditions: RawBuilder<unknown>[] = [sql`r.session_id = ${input.sessionId}`, sql`r.team_id = ${input.teamId}`];
  const result =
    await sql<SessionResourceRow>`select ${columns} from session_resources r ${pageClause("r", conditions, input.page)}`.execute(
      db,
    );
  return result.rows;
}

export async function findSessionResource(
  db: Database,
  input: Place & { forUpdate?: boolean },
): Promise<SessionResourceRow | null> {
  const lock = input.forUpdate ? sql`for update` : sql``;
  const result = await sql<SessionResourceRow>`select ${columns} from session_resources r
    where r.id = ${input.resourceId} and r.session_id = ${input.sessionId} and r.team_id = ${input.teamId} ${lock}`.execute(
    db,
  );
  return result.rows[0] ?? null;
}

/** One that failed is tried again, and what is wrong with this one is told, also when it is the same. */
export async function setResourceCredential(
  db: Database,
  input: Place & { credentialId: string; now: Date },
): Promise<void> {
  await sql`update session_resources set credential_id = ${input.credentialId}, updated_at = ${input.now},
      status = case status when 'failed' then 'waiting' else status end,
      problem = case status when 'failed' then null else problem end
    where id = ${input.resourceId} and session_id = ${input.sessionId} and team_id = ${input.teamId}`.execute(db);
}

/** `attempt`: the one that this came of. False, and nothing is written, when it or another one has come to its end meanwhile. */
export async function setResourceOutcome(
  db: Database,
  input: { sessionId: string; resourceId: string; attempt: number; status: ResourceStatus; problem: string | null },
): Promise<boolean> {
  const result =
    await sql`update session_resources set status = ${input.status}, problem = ${input.problem}, attempt = attempt + 1, updated_at = now()
    where id = ${input.resourceId} and session_id = ${input.sessionId} and attempt = ${input.attempt}`.execute(db);
  return result.numAffectedRows === 1n;
}

export async function deleteSessionResource(db: Database, input: Place): Promise<void> {
  await sql`delete from session_resources
    where id = ${input.resourceId} and session_id = ${input.sessionId} and team_id = ${input.teamId}`.execute(db);
}

/** The team's vault of tokens, made when there is none. Archived from the start: nothing but a resource leads to it. */
export async function ensureResourceVault(
  db: Database,
  input: { teamId: string; vaultId: string; now: Date },
): Promise<string> {
  await sql`insert into vaults (id, team_id, display_name, created_at, updated_at, archived_at, of_resources)
    values (${input.vaultId}, ${input.teamId}, 'Tokens of resources', ${input.now}, ${input.now}, ${input.now}, true)
    on conflict (team_id) where of_resources do nothing`.execute(db);
  const result = await sql<{ id: string }>`select id from vaults
    where team_id = ${input.teamId} and of_resources`.execute(db);
  const [row] = result.rows;
  if (!row) throw new Error("the vault of resources is gone while it is needed");
  return row.id;
}
