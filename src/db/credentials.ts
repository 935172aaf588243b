// Credentials of vaults, and the sealed values that belong to them.
import { type RawBuilder, sql } from "kysely";
import type { CredentialAuth } from "../contract/credentials.ts";
import type { Database } from "./database.ts";
import { type PageRequest, pageClause } from "./page.ts";

/** Of requests to the repository at this URL, and to nothing else of its host: the token of a session's resource. */
type RepositoryAuth = { type: "github_repository"; url: string };
export type StoredAuth = CredentialAuth | RepositoryAuth;

export type CredentialRow = {
  id: string;
  vaultId: string;
  displayName: string | null;
  auth: CredentialAuth;
  metadata: Record<string, string>;
  version: number;
  problem: string | null;
  problemSince: Date | null;
  problemFinal: boolean;
  createdAt: Date;
  updatedAt: Date;
  archivedAt: Date | null;
};

const columns = sql`c.id, c.vault_id as "vaultId", c.display_name as "displayName", c.auth, c.metadata, c.version, c.problem,
  c.problem_since as "problemSince", c.problem_final as "problemFinal",
  c.created_at as "createdAt", c.updated_at as "updatedAt", c.archived_at as "archivedAt"`;

type Place = { teamId: string; vaultId: string; credentialId: string };
type Changeable = Pick<CredentialRow, "displayName" | "auth" | "metadata">;

export async function insertCredential(
  db: Database,
  input: Place & Omit<Changeable, "auth"> & { auth: StoredAuth; now: Date },
): Promise<void> {
  await sql`insert into credentials (id, team_id, vault_id, display_name, auth, metadata, created_at, updated_at)
    values (${input.credentialId}, ${input.teamId}, ${input.vaultId}, ${input.displayName}, ${JSON.stringify(input.auth)}::jsonb,
      ${JSON.stringify(input.metadata)}::jsonb, ${input.now}, ${input.now})`.execute(db);
}

export async function findCredential(
  db: Database,
  input: Place & { forUpdate?: boolean },
): Promise<CredentialRow | null> {
  const lock = input.forUpdate ? sql`for update` : sql``;
  const result = await sql<CredentialRow>`select ${columns} from credentials c
    where c.id = ${input.credentialId} and c.vault_id = ${input.vaultId} and c.team_id = ${input.teamId} ${lock}`.execute(
    db,
  );
  return result.rows[0] ?? null;
}

/** A problem that it had counts as mended by a new version, and stays with a new name. */
export async function updateCredential(
  db: Database,
  input: Place & Changeable & { version: number; now: Date },
): Promise<void> {
  await sql`update credentials set display_name = ${input.displayName}, auth = ${JSON.stringify(input.auth)}::jsonb,
      metadata = ${JSON.stringify(input.metadata)}::jsonb, version = ${input.version}, updated_at = ${input.now},
      problem = case when version = ${input.version} then problem end,
      problem_since = case when version = ${input.version} then problem_since end,
      problem_final = version = ${input.version} and problem_final
    where id = ${input.credentialId} and vault_id = ${input.vaultId} and team_id = ${input.teamId}`.execute(db);
}

/** Its values are gone. */
export async function archiveCredential(db: Database, input: Place & { now: Date }): Promise<void> {
  const { credentialId, vaultId, teamId, now } = input;
  await sql`delete from credential_secrets where credential_id = ${credentialId} and team_id = ${teamId}`.execute(db);
  await sql`update credentials set archived_at = ${now}, updated_at = ${now}, version = version + 1
    where id = ${credentialId} and vault_id = ${vaultId} and team_id = ${teamId} and archived_at is null`.execute(db);
}

export async function deleteCredential(db: Database, input: Place): Promise<void> {
  await sql`delete from credentials
    where id = ${input.credentialId} and vault_id = ${input.vaultId} and team_id = ${input.teamId}`.execute(db);
}

export async function listCredentials(
  db: Database,
  input: { teamId: string; vaultId: string; includeArchived: boolean; page: PageRequest },
): Promise<CredentialRow[]> {
  const conditions: RawBuilder<unknown>[] = [sql`c.team_id = ${input.teamId}`, sql`c.vault_id = ${input.vaultId}`];
  if (!input.includeArchived) conditions.push(sql`c.archived_at is null`);
  const result =
    await sql<CredentialRow>`select ${columns} from credentials c ${pageClause("c", conditions, input.page)}`.execute(
      db,
    );
  return result.rows;
}

/** All that are not archived of these vaults, oldest first. */
export async function listActiveCredentials(
  db: Database,
  input: { teamId: string; vaultIds: readonly string[] },
): Promise<CredentialRow[]> {
  const result = await sql<CredentialRow>`select ${columns} from credentials c
    where c.team_id = ${input.teamId} and c.vault_id = any(${[...input.vaultIds]}::text[]) and c.archived_at is null
    order by c.created_at, c.id`.execute(db);
  return result.rows;
}

export type SealedField = { field: string; version: number; teamKeyId: string; sealedKey: Buffer; sealedValue: Buffer };

/** In the place of what the field held before. */
export async function putSealedField(db: Database, input: Place & SealedField): Promise<void> {
  await sql`insert into credential_secrets (credential_id, team_id, vault_id, field, version, team_key_id, sealed_key, sealed_value)
    values (${input.credentialId}, ${input.teamId}, ${input.vaultId}, ${input.field}, ${input.version}, ${input.teamKeyId},
      ${input.sealedKey}, ${input.sealedValue})
    on conflict (credential_id, field) do update set version = excluded.version, team_key_id = excluded.team_key_id,
      sealed_key = excluded.sealed_key, sealed_value = excluded.sealed_value`.execute(db);
}

export async function deleteSealedField(db: Database, input: Place & { field: string }): Promise<void> {
  await sql`delete from credential_secrets
    where credential_id = ${input.credentialId} and team_id = ${input.teamId} and field = ${input.field}`.execute(db);
}

export type SealedKeyRow = Place & Pick<SealedField, "field" | "version" | "teamKeyId" | "sealedKey">;

/** Some whose data key another team key of the same team seals. They are held until the end of the transaction. */
export async function holdSealedKeys(
  tx: Database,
  input: { teamKeyId: string; limit: number },
): Promise<SealedKeyRow[]> {
  const result =
    await sql<SealedKeyRow>`select credential_id as "credentialId", vault_id as "vaultId", team_id as "teamId", field,
      version, team_key_id as "teamKeyId", sealed_key as "sealedKey"
    from credential_secrets where team_key_id = ${input.teamKeyId}
    order by credential_id, field limit ${input.limit} for update`.execute(tx);
  return result.rows;
}

export async function resealKey(
  tx: Database,
  input: { row: SealedKeyRow; teamKeyId: string; sealedKey: Buffer },
): Promise<void> {
  const { row, teamKeyId, sealedKey } = input;
  await sql`update credential_secrets set team_key_id = ${teamKeyId}, sealed_key = ${sealedKey}
    where credential_id = ${row.credentialId} and field = ${row.field} and version = ${row.version}`.execute(tx);
}
