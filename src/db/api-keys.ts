// A team's API keys as people manage them. Their values are never stored: see teams.ts for how a key is found by its hash.
import { sql } from "kysely";
import type { Database } from "./database.ts";

export type ManagedKeyRow = {
  id: string;
  name: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
};

const columns = sql`id, name, created_at as "createdAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt"`;

export async function insertApiKey(
  db: Database,
  input: { id: string; teamId: string; name: string; keyHash: Buffer; now: Date },
): Promise<ManagedKeyRow> {
  const result = await sql<ManagedKeyRow>`insert into api_keys (id, team_id, name, key_hash, created_at)
    values (${input.id}, ${input.teamId}, ${input.name}, ${input.keyHash}, ${input.now}) returning ${columns}`.execute(
    db,
  );
  const row = result.rows[0];
  if (!row) throw new Error("a key was neither made nor refused");
  return row;
}

/** Newest first, from `before` (exclusive) down: ids sort by creation. */
export async function listApiKeys(
  db: Database,
  input: { teamId: string; before: string | undefined; limit: number },
): Promise<ManagedKeyRow[]> {
  const before = input.before === undefined ? sql`` : sql`and id < ${input.before}`;
  const result = await sql<ManagedKeyRow>`select ${columns} from api_keys
    where team_id = ${input.teamId} ${before} order by id desc limit ${input.limit}`.execute(db);
  return result.rows;
}

export async function findManagedKey(
  db: Database,
  input: { teamId: string; keyId: string },
): Promise<ManagedKeyRow | null> {
  const result = await sql<ManagedKeyRow>`select ${columns} from api_keys
    where id = ${input.keyId} and team_id = ${input.teamId}`.execute(db);
  return result.rows[0] ?? null;
}

/** A key that is revoked already keeps its time. */
export async function revokeApiKey(db: Database, input: { teamId: string; keyId: string; now: Date }): Promise<void> {
  await sql`update api_keys set revoked_at = ${input.now}
    where id = ${input.keyId} and team_id = ${input.teamId} and revoked_at is null`.execute(db);
}
