// Vaults: named sets of credentials. The one of resources is nobody's to see: session-resources.ts.
import { type RawBuilder, sql } from "kysely";
import type { Database } from "./database.ts";
import { type PageRequest, pageClause } from "./page.ts";

export type VaultRow = {
  id: string;
  displayName: string;
  metadata: Record<string, string>;
  createdAt: Date;
  updatedAt: Date;
  archivedAt: Date | null;
};

const columns = sql`v.id, v.display_name as "displayName", v.metadata, v.created_at as "createdAt",
  v.updated_at as "updatedAt", v.archived_at as "archivedAt"`;

type Place = { teamId: string; vaultId: string };

export async function insertVault(
  db: Database,
  input: Place & { displayName: string; metadata: Record<string, string>; now: Date },
): Promise<void> {
  await sql`insert into vaults (id, team_id, display_name, metadata, created_at, updated_at)
    values (${input.vaultId}, ${input.teamId}, ${input.displayName}, ${JSON.stringify(input.metadata)}::jsonb,
      ${input.now}, ${input.now})`.execute(db);
}

export async function findVault(db: Database, input: Place & { forUpdate?: boolean }): Promise<VaultRow | null> {
  const lock = input.forUpdate ? sql`for update` : sql``;
  const result = await sql<VaultRow>`select ${columns} from vaults v
    where v.id = ${input.vaultId} and v.team_id = ${input.teamId} and not v.of_resources ${lock}`.execute(db);
  return result.rows[0] ?? null;
}

/** Those of the team, in no order. Held until the end of the transaction: none is archived or deleted meanwhile. */
export async function holdVaults(
  tx: Database,
  input: { teamId: string; vaultIds: readonly string[] },
): Promise<VaultRow[]> {
  const result = await sql<VaultRow>`select ${columns} from vaults v
    where v.team_id = ${input.teamId} and v.id = any(${[...input.vaultIds]}::text[]) and not v.of_resources for share`.execute(
    tx,
  );
  return result.rows;
}

export async function updateVault(
  db: Database,
  input: Place & { displayName: string; metadata: Record<string, string>; now: Date },
): Promise<void> {
  await sql`update vaults set display_name = ${input.displayName}, metadata = ${JSON.stringify(input.metadata)}::jsonb,
      updated_at = ${input.now} where id = ${input.vaultId} and team_id = ${input.teamId}`.execute(db);
}

/** Its credentials are archived with it, and their values are gone. */
export async function archiveVault(db: Database, input: Place & { now: Date }): Promise<void> {
  const { vaultId, teamId, now } = input;
  await sql`delete from credential_secrets where vault_id = ${vaultId} and team_id = ${teamId}`.execute(db);
  await sql`update credentials set archived_at = ${now}, updated_at = ${now}, version = version + 1
    where vault_id = ${vaultId} and team_id = ${teamId} and archived_at is null`.execute(db);
  await sql`update vaults set archived_at = ${now}, updated_at = ${now}
    where id = ${vaultId} and team_id = ${teamId}`.execute(db);
}

/** With its credentials and their values. */
export async function deleteVault(db: Database, input: Place): Promise<void> {
  await sql`delete from vaults where id = ${input.vaultId} and team_id = ${input.teamId}`.execute(db);
}

export async function listVaults(
  db: Database,
  input: { teamId: string; includeArchived: boolean; page: PageRequest },
): Promise<VaultRow[]> {
  const conditions: RawBuilder<unknown>[] = [sql`v.team_id = ${input.teamId}`, sql`not v.of_resources`];
  if (!input.includeArchived) conditions.push(sql`v.archived_at is null`);
  const result =
    await sql<VaultRow>`select ${columns} from vaults v ${pageClause("v", conditions, input.page)}`.execute(db);
  return result.rows;
}
