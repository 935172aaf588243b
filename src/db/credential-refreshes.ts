// Renewed tokens of OAuth credentials: taken by one process at a time, and kept only while the credential is what it was.
import { sql } from "kysely";
import type { CredentialAuth } from "../contract/credentials.ts";
import type { Database, DatabaseTransaction } from "./database.ts";

type Place = { teamId: string; vaultId: string; credentialId: string };

/** One process at a time renews a credential; the others wait until the end of its transaction. */
export async function lockRefresh(tx: DatabaseTransaction, credentialId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`refresh.${credentialId}`}, 0))`.execute(tx);
}

/** The new expiry and version; false when somebody changed, archived or deleted the credential meanwhile. */
export async function keepRefreshed(
  tx: DatabaseTransaction,
  input: Place & { auth: CredentialAuth; fromVersion: number; now: Date },
): Promise<boolean> {
  const result = await sql<{ id: string }>`update credentials set auth = ${JSON.stringify(input.auth)}::jsonb,
      version = version + 1, problem = null, updated_at = ${input.now}
    where id = ${input.credentialId} and vault_id = ${input.vaultId} and team_id = ${input.teamId}
      and version = ${input.fromVersion} and archived_at is null returning id`.execute(tx);
  return result.rows.length > 0;
}

/** Why it could not be renewed, for people. */
export async function noteProblem(
  db: Database,
  input: Place & { fromVersion: number; problem: string },
): Promise<void> {
  await sql`update credentials set problem = ${input.problem}
    where id = ${input.credentialId} and vault_id = ${input.vaultId} and team_id = ${input.teamId}
      and version = ${input.fromVersion} and archived_at is null`.execute(db);
}
