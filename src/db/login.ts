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
  input: { tokenHash: Buffer; teamId: string; lifetimeS: number },
): Promise<void> {
  await sql`insert into browser_sessions (token_hash, team_id, expires_at)
    values (${input.tokenHash}, ${input.teamId}, now() + make_interval(secs => ${input.lifetimeS}))`.execute(db);
}

export async function findBrowserSession(db: Database, tokenHash: Buffer): Promise<string | null> {
  const result = await sql<{ team_id: string }>`select team_id from browser_sessions
    where token_hash = ${tokenHash} and expires_at > now()`.execute(db);
  return result.rows[0]?.team_id ?? null;
}

export async function deleteBrowserSession(db: Database, tokenHash: Buffer): Promise<void> {
  await sql`delete from browser_sessions where token_hash = ${tokenHash}`.execute(db);
}

/** Forgets what has expired. */
export async function forgetExpiredLogins(db: Database): Promise<void> {
  await sql`delete from browser_sessions where expires_at < now()`.execute(db);
  await sql`delete from login_tokens where expires_at < now() - interval '1 day'`.execute(db);
}
