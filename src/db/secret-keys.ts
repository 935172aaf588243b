// Which KEKs are in use (their names only), and the team keys that they seal.
import { sql } from "kysely";
import { PlatformError } from "../lib/errors.ts";
import { type Database, type DatabaseTransaction, isBusyFailure } from "./database.ts";

export type TeamKeyRow = { id: string; teamId: string; kekId: string; sealedKey: Buffer };

const columns = sql`k.id, k.team_id as "teamId", k.kek_id as "kekId", k.sealed_key as "sealedKey"`;

/** Without these keys something that is stored cannot be opened, or nothing new be sealed. */
export async function listNeededKeks(db: Database): Promise<string[]> {
  const result = await sql<{ id: string }>`select id from keks
    where retired_at is null or id in (select kek_id from team_keys) order by created_at, id`.execute(db);
  return result.rows.map((row) => row.id);
}

/**
 * Puts the KEK down as the one that seals, unless another one is, and holds it until the end of the transaction: nobody
 * retires it meanwhile. False: another one seals here.
 */
export async function holdKek(tx: DatabaseTransaction, kekId: string): Promise<boolean> {
  // Of two servers with keys of their own the first one decides.
  await sql`select pg_advisory_xact_lock(hashtextextended('first kek', 0))`.execute(tx);
  await sql`insert into keks (id) select ${kekId} where not exists (
    select from keks where retired_at is null and id <> ${kekId}) on conflict do nothing`.execute(tx);
  const found = await sql<{ usable: boolean }>`
    select retired_at is null as usable from keks where id = ${kekId} for share`.execute(tx);
  return found.rows[0]?.usable === true;
}

/**
 * Runs `work` on a connection that no other such work has at the same time, on whatever machine; whoever is second waits. The
 * lock ends with the process that is killed. Throws `conflict` when the other one goes on for longer than a lock is waited for.
 */
export async function asOnlyRotation<T>(db: Database, work: (connection: Database) => Promise<T>): Promise<T> {
  return db.connection().execute(async (connection) => {
    try {
      await sql`select pg_advisory_lock(hashtextextended('rotation of keks', 0))`.execute(connection);
    } catch (error) {
      if (!isBusyFailure(error)) throw error;
      throw new PlatformError("conflict", "another rotation of keys is running: wait for its end", { cause: error });
    }
    try {
      return await work(connection);
    } finally {
      await sql`select pg_advisory_unlock(hashtextextended('rotation of keks', 0))`.execute(connection);
    }
  });
}

/** From now on only this one seals team keys. Waits for those who hold another. */
export async function retireOtherKeks(tx: DatabaseTransaction, kekId: string): Promise<void> {
  await sql`insert into keks (id) values (${kekId}) on conflict (id) do update set retired_at = null`.execute(tx);
  await sql`update keks set retired_at = now() where id <> ${kekId} and retired_at is null`.execute(tx);
}

/** The team's key for new values, held until the end of the transaction: it is not retired meanwhile. */
export async function holdTeamKey(tx: DatabaseTransaction, teamId: string): Promise<TeamKeyRow | null> {
  const result = await sql<TeamKeyRow>`select ${columns} from team_keys k
    where k.team_id = ${teamId} and k.retired_at is null for share`.execute(tx);
  return result.rows[0] ?? null;
}

/** False: the team got a key meanwhile. */
export async function insertTeamKey(tx: DatabaseTransaction, row: TeamKeyRow): Promise<boolean> {
  const result = await sql<{ id: string }>`insert into team_keys (id, team_id, kek_id, sealed_key)
    values (${row.id}, ${row.teamId}, ${row.kekId}, ${row.sealedKey})
    on conflict (team_id) where retired_at is null do nothing returning id`.execute(tx);
  return result.rows.length > 0;
}

export async function listTeamKeysOfOtherKeks(db: Database, kekId: string): Promise<TeamKeyRow[]> {
  const result = await sql<TeamKeyRow>`select ${columns} from team_keys k
    where k.kek_id <> ${kekId} order by k.id limit 100`.execute(db);
  return result.rows;
}

/** Seals it with another KEK; nothing when somebody else did. */
export async function resealTeamKey(
  db: Database,
  input: { before: TeamKeyRow; kekId: string; sealedKey: Buffer },
): Promise<void> {
  const { before, kekId, sealedKey } = input;
  await sql`update team_keys set kek_id = ${kekId}, sealed_key = ${sealedKey}
    where id = ${before.id} and kek_id = ${before.kekId}`.execute(db);
}

export type TeamKeyState = TeamKeyRow & { retired: boolean; values: number };

/** Of every team, or of one. */
export async function listTeamKeys(db: Database): Promise<TeamKeyState[]> {
  const result = await sql<TeamKeyState>`select ${columns}, k.retired_at is not null as retired,
      (select count(*) from credential_secrets s where s.team_key_id = k.id) as "values"
    from team_keys k order by k.team_id, k.created_at, k.id`.execute(db);
  return result.rows;
}

/** Waits for those who hold it. */
export async function retireTeamKey(tx: DatabaseTransaction, teamKeyId: string): Promise<boolean> {
  const result = await sql<{ id: string }>`update team_keys set retired_at = now()
    where id = ${teamKeyId} and retired_at is null returning id`.execute(tx);
  return result.rows.length > 0;
}

/** Keys that nothing needs any more. */
export async function deleteRetiredTeamKeys(db: Database): Promise<void> {
  await sql`delete from team_keys k where k.retired_at is not null
    and not exists (select from credential_secrets s where s.team_key_id = k.id)`.execute(db);
}

/** All that the KEKs sealed is given up: its credentials are archived. Returns how many. */
export async function abandonSecrets(tx: DatabaseTransaction): Promise<number> {
  await sql`delete from credential_secrets`.execute(tx);
  await sql`delete from team_keys`.execute(tx);
  await sql`delete from keks`.execute(tx);
  const result = await sql`update credentials set archived_at = now(), updated_at = now(), version = version + 1
    where archived_at is null returning id`.execute(tx);
  return result.rows.length;
}
