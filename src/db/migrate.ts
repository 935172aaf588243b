// Brings the schema up to date: plain SQL files in order, each in one transaction, one migrator at a time.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pg from "pg";

export type Migration = { id: string; checksum: string; sql: string };

/** The schema and the migrations of this release do not fit together. The message says which and what to do. */
class MigrationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MigrationError";
  }
}

const DEFAULT_DIRECTORY = fileURLToPath(new URL("./migrations/", import.meta.url));
/** Any number that nobody else takes: "berth" on a telephone. */
const ADVISORY_LOCK = 23_784;

export function readMigrations(directory: string = DEFAULT_DIRECTORY): Migration[] {
  const files = readdirSync(directory).filter((file) => file.endsWith(".sql"));
  const migrations = files.sort().map((file) => {
    if (!/^\d{4}-[a-z0-9-]+\.sql$/.test(file))
      throw new MigrationError(`${file} must be named like 0007-what-it-does.sql`);
    const sql = readFileSync(`${directory}/${file}`, "utf8").replaceAll("\r\n", "\n");
    return { id: file.slice(0, -".sql".length), checksum: createHash("sha256").update(sql).digest("hex"), sql };
  });
  for (const [index, migration] of migrations.entries()) {
    if (Number(migration.id.slice(0, 4)) !== index + 1)
      throw new MigrationError(`${migration.id}: numbers begin at 0001 and have no gap or double`);
  }
  return migrations;
}

/** Pure: which migrations are still to be applied. Throws `MigrationError` when the database is not a prefix of what we know. */
export function pendingMigrations(
  known: readonly Migration[],
  applied: readonly { id: string; checksum: string }[],
): Migration[] {
  for (const [index, row] of applied.entries()) {
    const migration = known[index];
    if (!migration) {
      throw new MigrationError(
        `The database is newer than this release: it has ${row.id}, which this release does not know. Start the release that made it, or a later one.`,
      );
    }
    if (migration.id !== row.id) {
      throw new MigrationError(
        `The database has ${row.id} where this release has ${migration.id}. It was made by another branch of Berth.`,
      );
    }
    if (migration.checksum !== row.checksum) {
      throw new MigrationError(
        `${row.id} was changed after it was applied. Migrations are never edited: restore the file and add a new one.`,
      );
    }
  }
  return known.slice(applied.length);
}

/** Applies what is missing and answers the ids of it. Any number of processes may call this at once. */
export async function migrate(options: { url: string; directory?: string }): Promise<string[]> {
  const known = readMigrations(options.directory);
  // A connection of its own: the lock belongs to it and goes with it, whatever happens to this process.
  const client = new pg.Client({
    connectionString: options.url,
    application_name: "berth-migrate",
    connectionTimeoutMillis: 10_000,
  });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [ADVISORY_LOCK]);
    await client.query(
      "create table if not exists schema_migrations (id text primary key, checksum text not null, applied_at timestamptz not null default now())",
    );
    const applied = await client.query<{ id: string; checksum: string }>(
      "select id, checksum from schema_migrations order by id",
    );
    const pending = pendingMigrations(known, applied.rows);
    for (const migration of pending) await apply(client, migration);
    return pending.map((migration) => migration.id);
  } finally {
    await client.end();
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query("begin");
    await client.query(migration.sql);
    await client.query("insert into schema_migrations (id, checksum) values ($1, $2)", [
      migration.id,
      migration.checksum,
    ]);
    await client.query("commit");
  } catch (cause) {
    await client.query("rollback");
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MigrationError(`Migration ${migration.id} failed and left no trace: ${why}`, { cause });
  }
}

/** Whether the schema is exactly this release's: `/readyz` asks. */
export async function schemaState(
  query: (sql: string) => Promise<{ id: string; checksum: string }[]>,
): Promise<{ current: boolean; detail: string }> {
  const known = readMigrations();
  try {
    const pending = pendingMigrations(known, await query("select id, checksum from schema_migrations order by id"));
    if (pending.length === 0) return { current: true, detail: `schema ${known.at(-1)?.id ?? "empty"}` };
    return {
      current: false,
      detail: `${pending.length} migrations are missing, first ${pending[0]?.id}. Run npm run migrate.`,
    };
  } catch (error) {
    if (error instanceof MigrationError) return { current: false, detail: error.message };
    throw error;
  }
}
