// One-time login tokens and browser sessions: only hashes are kept.
import { sql } from "kysely";
import type { Database } from "./database.ts";

export async function insertLoginToken(
  db: Database,
  input: { tokenHash: Buffer; teamId: string; lifetimeS: number },
): Promise<void> {
  await sql`insert into login_tokens (token_hash, team_id, expires_at)
    values (${input.tokenHash}, ${input.teamId}, now() + make_interval(secs => ${input.lifetimeS}))`.execute(db);
}

/** The team of a token that was not used and has not expired; it is used up in the same statement. */
export async function takeLoginToken(db: Database, tokenHash: Buffer): Promise<string | null> {
  const result = await sql<{ team_id: string }>`update login_tokens set used_at = now()
    where token_hash = ${tokenHash} and used_at is null and expires_at > now() returning team_id`.execute(db);
  return result.rows[0]?.team_id ?? null;
}

export async function insertBrowserSession(
  db: Database,
  input: { tokenHash: Buffer; teamId: string; apiKeyId: string | null; lifetimeS: number },
): Promise<void> {
  await sql`insert into browser_sessions (token_hash, team_id, api_key_id, expires_at)
    values (${input.tokenHash}, ${input.teamId}, ${input.apiKeyId}, now() + make_interval(secs => ${input.lifetimeS}))`.execute(
    db,
  );
}

/** The key is that which it was begun with; null: a one-time link. */
export type BrowserSessionRow = { teamId: string; keyId: string | null; keyName: string | null; keyRevoked: boolean };

export async function findBrowserSession(db: Database, tokenHash: Buffer): Promise<BrowserSessionRow | null> {
  const result = await sql<BrowserSessionRow>`
    select b.team_id as "teamId", k.id as "keyId", k.name as "keyName", (k.revoked_at is not null) as "keyRevoked"
    from browser_sessions b left join api_keys k on k.id = b.api_key_id
    where b.token_hash = ${tokenHash} and b.expires_at > now()`.execute(db);
  return result.rows[0] ?? null;
}

export async function deleteBrowserSession(db: Database, tokenHash: Buffer): Promise<void> {
  await sql`delete from browser_sessions where token_hash = ${tokenHash}`.execute(db);
}

/** Forgets what has expired. */
export async function forgetExpiredLogins(db: Database): Promise<void> {
  await sql`delete from browser_sessions where expires_at < now()`.execute(db);
  await sql`delete from login_tokens where expires_at < now() - interval '1 day'`.execute(db);
}
