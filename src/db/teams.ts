// Teams and their API keys. Of a key only the SHA-256 is kept.
import { sql } from "kysely";
import type { Database } from "./database.ts";

export type Team = { id: string; name: string };

/** The team of this name, made if there is none. Safe when several processes ask at once. */
export async function ensureTeam(db: Database, input: { id: string; name: string }): Promise<Team> {
  await sql`insert into teams (id, name) values (${input.id}, ${input.name}) on conflict (name) do nothing`.execute(db);
  const result = await sql<Team>`select id, name from teams where name = ${input.name}`.execute(db);
  const team = result.rows[0];
  if (!team) throw new Error(`team ${input.name} is neither there nor made`);
  return team;
}

export async function findTeam(db: Database, teamId: string): Promise<Team | null> {
  const result = await sql<Team>`select id, name from teams where id = ${teamId}`.execute(db);
  return result.rows[0] ?? null;
}

export async function listTeamIds(db: Database): Promise<string[]> {
  const result = await sql<{ id: string }>`select id from teams order by id`.execute(db);
  return result.rows.map(({ id }) => id);
}

/** Waits for, and then holds until the end of the transaction, the right to change a team's keys. */
export async function lockTeam(db: Database, teamId: string): Promise<void> {
  await sql`select id from teams where id = ${teamId} for update`.execute(db);
}

/** Makes `keyHash` the only live key of this name. The caller holds `lockTeam`. */
export async function setNamedKey(
  db: Database,
  input: { id: string; teamId: string; name: string; keyHash: Buffer },
): Promise<void> {
  await sql`update api_keys set revoked_at = now()
    where team_id = ${input.teamId} and name = ${input.name} and key_hash <> ${input.keyHash} and revoked_at is null`.execute(
    db,
  );
  await sql`insert into api_keys (id, team_id, name, key_hash)
    values (${input.id}, ${input.teamId}, ${input.name}, ${input.keyHash})
    on conflict (key_hash) do update set revoked_at = null
    where api_keys.team_id = ${input.teamId} and api_keys.revoked_at is not null`.execute(db);
}

export type ApiKeyRow = { id: string; teamId: string; name: string; keyHash: Buffer };

export async function findApiKey(db: Database, keyHash: Buffer): Promise<ApiKeyRow | null> {
  const result = await sql<ApiKeyRow>`select id, team_id as "teamId", name, key_hash as "keyHash" from api_keys
    where key_hash = ${keyHash} and revoked_at is null`.execute(db);
  return result.rows[0] ?? null;
}

export async function touchApiKey(db: Database, keyId: string): Promise<void> {
  await sql`update api_keys set last_used_at = now()
    where id = ${keyId} and (last_used_at is null or last_used_at < now() - interval '1 minute')`.execute(db);
}
