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
      version = version + 1, problem = null, problem_since = null, problem_final = false, updated_at = ${input.now}
    where id = ${input.credentialId} and vault_id = ${input.vaultId} and team_id = ${input.teamId}
      and version = ${input.fromVersion} and archived_at is null returning id`.execute(tx);
  return result.rows.length > 0;
}

/** Why it could not be renewed, for people. `final`: somebody has to authorize it again. Since when stays what it was. */
export async function noteProblem(
  db: Database,
  input: Place & { fromVersion: number; problem: string; final: boolean; now: Date },
): Promise<void> {
  await sql`update credentials set problem = ${input.problem}, problem_final = ${input.final},
      problem_since = case when problem is null then ${input.now} else coalesce(problem_since, ${input.now}) end
    where id = ${input.credentialId} and vault_id = ${input.vaultId} and team_id = ${input.teamId}
      and version = ${input.fromVersion} and archived_at is null`.execute(db);
}

/** False: this session was told of this failure of the credential before. */
export async function noteTold(
  tx: DatabaseTransaction,
  input: { sessionId: string; credentialId: string; version: number; final: boolean },
): Promise<boolean> {
  const result = await sql<{ told: true }>`
    insert into told_credential_problems (session_id, credential_id, version, final)
    select s.id, c.id, ${input.version}, ${input.final} from sessions s join credentials c on c.team_id = s.team_id
    where s.id = ${input.sessionId} and c.id = ${input.credentialId}
    on conflict do nothing returning true as told`.execute(tx);
  return result.rows.length > 0;
}

/** The MCP servers of the session's agent; empty where there is no such session. */
export async function listMcpServersOf(db: Database, sessionId: string): Promise<{ name: string; url: string }[]> {
  const result = await sql<{ servers: { name: string; url: string }[] | null }>`
    select agent->'mcp_servers' as servers from sessions where id = ${sessionId}`.execute(db);
  return result.rows[0]?.servers ?? [];
}
