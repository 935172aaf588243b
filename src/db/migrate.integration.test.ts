// Migrations against a real Postgres.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { emptyDatabase, type FreshDatabase } from "../../test/support/postgres.ts";
import { until } from "../../test/support/until.ts";
import { type AppliedMigration, migrate, readMigrations, schemaState } from "./migrate.ts";

let database: FreshDatabase;
let directory: string;

beforeEach(async () => {
  database = await emptyDatabase();
  directory = mkdtempSync(join(tmpdir(), "berth-migrations-"));
});
afterEach(async () => {
  await database.drop();
  rmSync(directory, { recursive: true });
});

async function rows<T extends pg.QueryResultRow>(sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

it("six migrators at once all succeed and each migration is applied once", async () => {
  const applied = await Promise.all(Array.from({ length: 6 }, () => migrate({ url: database.url })));
  expect(applied.flat().sort()).toEqual(readMigrations().map((migration) => migration.id));
  expect(await schemaState(() => rows("select * from schema_migrations order by id"))).toMatchObject({ current: true });
});

it("a failing migration leaves no trace and the ones before it stay", async () => {
  writeFileSync(join(directory, "0001-good.sql"), "create table good (id int);");
  writeFileSync(join(directory, "0002-bad.sql"), "create table half (id int); select nonsense;");
  await expect(migrate({ url: database.url, directory })).rejects.toThrow(/0002-bad failed.*nonsense/);
  const tables = await rows<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'public' order by 1",
  );
  expect(tables.map((table) => table.name)).toEqual(["good", "schema_migrations"]);
  writeFileSync(join(directory, "0002-bad.sql"), "create table whole (id int);");
  expect(await migrate({ url: database.url, directory })).toEqual(["0002-bad"]);
});

it("a release that is older than the database refuses to touch it", async () => {
  writeFileSync(join(directory, "0001-a.sql"), "create table a (id int);");
  writeFileSync(join(directory, "0002-b.sql"), "create table b (id int);");
  await migrate({ url: database.url, directory });
  rmSync(join(directory, "0002-b.sql"));
  await expect(migrate({ url: database.url, directory })).rejects.toThrow(/newer than this release/);
});

it("a release works on beside a newer schema that says that it may, and not beside any other", async () => {
  writeFileSync(join(directory, "0001-a.sql"), "create table a (id int);");
  const [first] = readMigrations(directory);
  if (!first) throw new Error("no migration");
  writeFileSync(join(directory, "0002-b.sql"), "-- works from: 0001\nalter table a add column b int;");
  await migrate({ url: database.url, directory });
  const list = () => rows<AppliedMigration>("select * from schema_migrations order by id");
  expect(await schemaState(list, [first])).toEqual({
    current: true,
    detail: "schema 0001-a, and newer ones up to 0002-b",
  });
  writeFileSync(join(directory, "0003-c.sql"), "-- works from: 0002\nalter table a drop column id;");
  await migrate({ url: database.url, directory });
  expect(await schemaState(list, [first])).toMatchObject({ current: false });
});

it("a database of a release that knew nothing of this is brought up to date", async () => {
  writeFileSync(join(directory, "0001-a.sql"), "create table a (id int);");
  const [first] = readMigrations(directory);
  await rows(
    "create table schema_migrations (id text primary key, checksum text not null, applied_at timestamptz not null default now())",
  );
  await rows(`insert into schema_migrations (id, checksum) values ('0001-a', '${first?.checksum}')`);
  writeFileSync(join(directory, "0002-b.sql"), "create table b (id int);");
  const list = () => rows<AppliedMigration>("select * from schema_migrations order by id");
  expect(await schemaState(list, readMigrations(directory))).toMatchObject({
    current: false,
    detail: expect.stringContaining("1 migrations"),
  });
  expect(await migrate({ url: database.url, directory })).toEqual(["0002-b"]);
});

const BESIDE = "-- works from: 0001\n-- without a transaction\n-- Built; beside.\n";
const INDEX = "drop index concurrently if exists a_id;\ncreate unique index concurrently a_id on a (id);";

async function tableWithAnIndexToCome(): Promise<void> {
  writeFileSync(join(directory, "0001-a.sql"), "create table a (id int);");
  await migrate({ url: database.url, directory });
  writeFileSync(join(directory, "0002-index.sql"), BESIDE + INDEX);
}

it("an index that is built beside writes holds up none of them, by any number of migrators", async () => {
  await tableWithAnIndexToCome();
  const writer = new pg.Client({ connectionString: database.url });
  await writer.connect();
  try {
    await writer.query("begin");
    await writer.query("insert into a values (1)");
    const migrating = Promise.all([1, 2, 3].map(() => migrate({ url: database.url, directory })));
    const building =
      "select 1 from pg_stat_activity where datname = current_database() and query like 'create unique%'";
    await until(async () => (await rows(building)).length > 0);
    await rows("set lock_timeout = '5s'; insert into a values (2)");
    await writer.query("commit");
    expect((await migrating).flat()).toEqual(["0002-index"]);
  } finally {
    await writer.end();
  }
  expect(await rows("select indisvalid from pg_index where indexrelid = 'a_id'::regclass")).toEqual([
    { indisvalid: true },
  ]);
});

it("an index that was left half-built is begun anew", async () => {
  await tableWithAnIndexToCome();
  await rows("insert into a values (1), (1)");
  await expect(migrate({ url: database.url, directory })).rejects.toThrow(/0002-index failed, and is begun anew/);
  const valid = "select indisvalid from pg_index where indexrelid = 'a_id'::regclass";
  expect(await rows(valid)).toEqual([{ indisvalid: false }]);
  await rows("delete from a");
  expect(await migrate({ url: database.url, directory })).toEqual(["0002-index"]);
  expect(await rows(valid)).toEqual([{ indisvalid: true }]);
});
