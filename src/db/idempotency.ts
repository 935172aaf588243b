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

/** A repeated request comes this soon, also after a wait that we asked for; later the same words are another request. */
const REPEATED_WITHIN_S = 120;

/**
 * Requests without a key. Several of the same words may run at once; one that repeats another waits until those have
 * ended, so that it finds what they kept. `hash`: of the request, hexadecimal.
 */
export async function lockRequest(tx: Database, input: { hash: string; repeats: boolean }): Promise<void> {
  const lock = input.repeats ? sql`pg_advisory_xact_lock` : sql`pg_advisory_xact_lock_shared`;
  await sql`select ${lock}(hashtextextended(${`request.${input.hash}`}, 0))`.execute(tx);
}

/** An answer that is on its way; the server forgets it once it has been sent. */
export async function keepUnsent(
  tx: Database,
  input: { teamId: string; hash: string; id: string; status: number; response: unknown },
): Promise<void> {
  await sql`insert into idempotency_keys (team_id, key, request_hash, status, response)
    values (${input.teamId}, ${`unsent.${input.hash}.${input.id}`}, ${Buffer.from(input.hash, "hex")}, ${input.status},
      ${JSON.stringify(input.response)}::jsonb)`.execute(tx);
}

/** An answer to these words that was never sent; from now on it is on its way as `id`. One that nobody repeated yet comes first. */
export async function takeUnsent(
  tx: Database,
  input: { teamId: string; hash: string; id: string },
): Promise<{ status: number; response: unknown } | null> {
  // Ids are hexadecimal; punctuation counts for nothing in some collations.
  const within = (prefix: string) => {
    const begin = `${prefix}.${input.hash}.`;
    return sql`(key >= ${`${begin}0`} and key < ${`${begin}g`})`;
  };
  const taken = await sql<{ status: number; response: unknown }>`
    update idempotency_keys set key = ${`resent.${input.hash}.${input.id}`}
    where team_id = ${input.teamId} and key = (
      select key from idempotency_keys
      where team_id = ${input.teamId} and (${within("unsent")} or ${within("resent")})
        and created_at > now() - ${REPEATED_WITHIN_S}::int * interval '1 second'
      order by key like 'resent.%', created_at limit 1)
    returning status, response`.execute(tx);
  return taken.rows[0] ?? null;
}

export async function forgetUnsent(db: Database, input: { teamId: string; hash: string; id: string }): Promise<void> {
  const keys = ["unsent", "resent"].map((prefix) => `${prefix}.${input.hash}.${input.id}`);
  await sql`delete from idempotency_keys where team_id = ${input.teamId} and key = any(${keys}::text[])`.execute(db);
}

/** Forgets keys older than 48 hours. */
export async function forgetOldKeys(db: Database): Promise<void> {
  await sql`delete from idempotency_keys where created_at < now() - interval '48 hours'`.execute(db);
}
