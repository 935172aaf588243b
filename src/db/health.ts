// What the database knows about the state of the system, for /readyz.
import { sql } from "kysely";
import type { Database } from "./database.ts";
import type { AppliedMigration } from "./migrate.ts";

export type WorkerRow = {
  id: string;
  hostname: string;
  pid: number;
  version: string;
  seenAgoMs: number;
  health: unknown;
};

/** Workers that were seen in the last minute, the latest first. */
export async function listLiveWorkers(db: Database): Promise<WorkerRow[]> {
  const result = await sql<WorkerRow>`select id, hostname, pid, version, health,
      (extract(epoch from now() - seen_at) * 1000)::float8 as "seenAgoMs"
    from workers where seen_at > now() - interval '1 minute' order by seen_at desc limit 100`.execute(db);
  return result.rows;
}

/** Throws when Postgres does not answer. */
export async function pingDatabase(db: Database): Promise<void> {
  await sql`select 1`.execute(db);
}

/** Which migrations this database has. All columns: the first releases had fewer. */
export async function listMigrations(db: Database): Promise<AppliedMigration[]> {
  return (await sql<AppliedMigration>`select * from schema_migrations order by id`.execute(db)).rows;
}
