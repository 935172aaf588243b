// First answers of POSTs that carried an Idempotency-Key.
import { sql } from "kysely";
import type { Database } from "./database.ts";

export type KeptAnswer = { requestHash: Buffer; status: number; response: unknown };

/**
 * Takes the key for this transaction, or answers what an earlier one kept. A concurrent twin waits here until the first
 * is committed (then it gets its answer) or rolled back (then it takes the key).
 */
export async function takeIdempotencyKey(
  db: Database,
  input: { teamId: string; key: string; requestHash: Buffer },
): Promise<KeptAnswer | null> {
  const taken = await sql`insert into idempotency_keys (team_id, key, request_hash)
    values (${input.teamId}, ${input.key}, ${input.requestHash}) on conflict do nothing returning key`.execute(db);
  if (taken.rows.length > 0) return null;
  const kept = await sql<KeptAnswer>`select request_hash as "requestHash", status, response from idempotency_keys
    where team_id = ${input.teamId} and key = ${input.key}`.execute(db);
  const row = kept.rows[0];
  // Removed by age between the two statements: 48 hours old and gone, so this request counts as a new one.
  if (!row) return takeIdempotencyKey(db, input);
  return row;
}

export async function keepAnswer(
  db: Database,
  input: { teamId: string; key: string; status: number; response: unknown },
): Promise<void> {
  await sql`update idempotency_keys set status = ${input.status}, response = ${JSON.stringify(input.response)}::jsonb
    where team_id = ${input.teamId} and key = ${input.key}`.execute(db);
}

/** Forgets keys older than 48 hours. */
export async function forgetOldKeys(db: Database): Promise<void> {
  await sql`delete from idempotency_keys where created_at < now() - interval '48 hours'`.execute(db);
}
