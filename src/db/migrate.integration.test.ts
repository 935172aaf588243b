// Migrations against a real Postgres.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { emptyDatabase, type FreshDatabase } from "../../test/support/postgres.ts";
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
