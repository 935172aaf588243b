// Which installation this database is of.
import { sql } from "kysely";
import type { Database } from "./database.ts";

/** Made by a migration and never changed; a restored backup has the id of its original. */
export async function readInstallationId(db: Database): Promise<string> {
  const result = await sql<{ id: string }>`select id from installation`.execute(db);
  const id = result.rows[0]?.id;
  if (id === undefined) throw new Error("the database has no installation id: its one row in `installation` is gone");
  return id;
}
