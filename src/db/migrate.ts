// Brings the schema up to date: plain SQL files in order, each in one transaction (unless it says otherwise), one migrator at a time.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { messageOf } from "../lib/errors.ts";

export type Migration = {
  id: string;
  checksum: string;
  sql: string;
  /** The number of the newest migration that a release must know to go on working beside this one; null: none can. */
  worksFrom: string | null;
  /** Checksums of texts that it had before it was made to do the same in another way: a database that has one of them has it. */
  formerly: readonly string[];
  /** Its statements are run one by one, each for itself: what builds an index beside writes can't be in a transaction. */
  withoutTransaction: boolean;
};

/** A row of `schema_migrations`. Databases of the first releases have no `works_from`. */
export type AppliedMigration = { id: string; checksum: string; works_from?: string | null };

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
const ASK_AGAIN_MS = 100;

export function readMigrations(directory: string = DEFAULT_DIRECTORY): Migration[] {
  const files = readdirSync(directory).filter((file) => file.endsWith(".sql"));
  const migrations = files.sort().map((file) => {
    if (!/^\d{4}-[a-z0-9-]+\.sql$/.test(file))
      throw new MigrationError(`${file} must be named like 0007-what-it-does.sql`);
    const sql = readFileSync(`${directory}/${file}`, "utf8").replaceAll("\r\n", "\n");
    const id = file.slice(0, -".sql".length);
    return {
      id,
      checksum: createHash("sha256").update(sql).digest("hex"),
      sql,
      worksFrom: readWorksFrom(id, sql),
      formerly: [...sql.matchAll(/^-- formerly: ([0-9a-f]{64})$/gm)].map(([, checksum = ""]) => checksum),
      withoutTransaction: /^-- without a transaction$/m.test(sql),
    };
  });
  for (const [index, migration] of migrations.entries()) {
    if (Number(migration.id.slice(0, 4)) !== index + 1)
      throw new MigrationError(`${migration.id}: numbers begin at 0001 and have no gap or double`);
  }
  return migrations;
}

/**
 * A comment of its own line, `-- works from: 0003`: whatever knows 0003 works on with this one applied, since it only adds.
 * Without it every release before is shut out, which an upgrade without a pause can't have.
 */
function readWorksFrom(id: string, sql: string): string | null {
  const found = /^-- works from: (.*)$/m.exec(sql)?.[1]?.trim();
  if (found === undefined) return null;
  if (!/^\d{4}$/.test(found) || found >= id.slice(0, 4))
    throw new MigrationError(`${id}: "works from: ${found}" must be the number of an earlier migration`);
  return found;
}

/**
 * Pure: which migrations are still to be applied. The database may have newer ones that say that they let this release
 * work on. Throws `MigrationError` when the database is otherwise not a prefix of what we know.
 */
export function pendingMigrations(known: readonly Migration[], applied: readonly AppliedMigration[]): Migration[] {
  const newest = known.at(-1)?.id.slice(0, 4) ?? "0000";
  for (const [index, row] of applied.entries()) {
    const migration = known[index];
    if (!migration) {
      if (row.works_from && row.works_from <= newest) continue;
      throw new MigrationError(
        `The database is newer than this release: it has ${row.id}, which this release does not know. Start the release that made it, or a later one.`,
      );
    }
    if (migration.id !== row.id) {
      throw new MigrationError(
        `The database has ${row.id} where this release has ${migration.id}. It was made by another branch of Berth.`,
      );
    }
    if (migration.checksum !== row.checksum && !migration.formerly.includes(row.checksum)) {
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
    await takeTurn(client);
    await client.query(
      "create table if not exists schema_migrations (id text primary key, checksum text not null, applied_at timestamptz not null default now())",
    );
    await client.query("alter table schema_migrations add column if not exists works_from text");
    const applied = await client.query<AppliedMigration>(
      "select id, checksum, works_from from schema_migrations order by id",
    );
    const pending = pendingMigrations(known, applied.rows);
    for (const migration of pending) await apply(client, migration);
    return pending.map((migration) => migration.id);
  } finally {
    await client.end();
  }
}

/** Asks again and again: an index that is built beside writes waits for every statement that began before, also for one that waits for a lock. */
async function takeTurn(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [
      ADVISORY_LOCK,
    ]);
    if (rows[0]?.taken) return;
    await setTimeout(ASK_AGAIN_MS);
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  if (migration.withoutTransaction) return applyOneByOne(client, migration);
  try {
    await client.query("begin");
    await client.query(migration.sql);
    await record(client, migration);
    await client.query("commit");
  } catch (cause) {
    await client.query("rollback");
    throw new MigrationError(`Migration ${migration.id} failed and left no trace: ${messageOf(cause)}`, { cause });
  }
}

/** Each statement can be run again: one that is broken off is begun anew at the next start. */
async function applyOneByOne(client: pg.Client, migration: Migration): Promise<void> {
  try {
    for (const statement of statementsOf(migration.sql)) await client.query(statement);
    await record(client, migration);
  } catch (cause) {
    throw new MigrationError(`Migration ${migration.id} failed, and is begun anew next time: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** They have no semicolon inside. */
function statementsOf(sql: string): string[] {
  const withoutComments = sql.replaceAll(/^--.*$/gm, "");
  return withoutComments
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

async function record(client: pg.Client, migration: Migration): Promise<void> {
  await client.query("insert into schema_migrations (id, checksum, works_from) values ($1, $2, $3)", [
    migration.id,
    migration.checksum,
    migration.worksFrom,
  ]);
}

/** Whether this release can work with the schema: `/readyz` asks. `known`: the migrations of this release. */
export async function schemaState(
  list: () => Promise<AppliedMigration[]>,
  known: readonly Migration[] = readMigrations(),
): Promise<{ current: boolean; detail: string }> {
  try {
    const applied = await list();
    const pending = pendingMigrations(known, applied);
    if (pending.length === 0) {
      const newer = applied.length > known.length ? `, and newer ones up to ${applied.at(-1)?.id}` : "";
      return { current: true, detail: `schema ${known.at(-1)?.id ?? "empty"}${newer}` };
    }
    return {
      current: false,
      detail: `${pending.length} migrations are missing, first ${pending[0]?.id}. Run npm run migrate.`,
    };
  } catch (error) {
    if (error instanceof MigrationError) return { current: false, detail: error.message };
    throw error;
  }
}
