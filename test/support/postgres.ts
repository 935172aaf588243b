// Databases for tests: one embedded Postgres a vitest run, and in it one fresh, migrated database a test file.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { inject } from "vitest";
import { startEmbeddedPostgres } from "../../src/db/embedded/embedded-postgres.ts";
import { migrate, readMigrations } from "../../src/db/migrate.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The cluster of this run, as its owner; see postgres-setup.ts. */
    postgresUrl: string;
  }
}

export type FreshDatabase = {
  url: string;
  /** Ends all connections to it and removes it. */
  drop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** A database with this release's schema and no rows but those of the migrations. A copy of a template: about 30 ms. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const template = `template_${readMigrations().at(-1)?.checksum.slice(0, 16) ?? "empty"}`;
  return makeDatabase(template, async (admin) => {
    // Test files run in several processes: the first one makes the template, the others wait for it.
    await admin.query("select pg_advisory_lock(1)");
    const found = await admin.query("select 1 from pg_database where datname = $1", [template]);
    if (found.rowCount === 0) {
      await admin.query(`create database "${template}_making"`);
      await migrate({ url: urlOf(`${template}_making`) });
      await admin.query(`alter database "${template}_making" rename to "${template}"`);
    }
  });
}

/** As `freshDatabase`, with nothing beside it: its cluster is its own. Takes some two seconds. */
export async function databaseOfItsOwn(): Promise<FreshDatabase> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "berth-test-postgres-"));
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false });
  const drop = async () => {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  await migrate({ url: postgres.url });
  return { url: postgres.url, drop, [Symbol.asyncDispose]: drop };
}

/** A database without any table. */
export async function emptyDatabase(): Promise<FreshDatabase> {
  return makeDatabase("template1");
}

async function makeDatabase(template: string, prepare?: (admin: pg.Client) => Promise<void>): Promise<FreshDatabase> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  await asAdmin(async (admin) => {
    await prepare?.(admin);
    await admin.query(`create database "${name}" template "${template}" strategy file_copy`);
  });
  const drop = () =>
    asAdmin((admin) => admin.query(`drop database if exists "${name}" with (force)`)).then(() => undefined);
  return { url: urlOf(name), drop, [Symbol.asyncDispose]: drop };
}

function urlOf(database: string): string {
  const url = new URL(inject("postgresUrl"));
  url.pathname = `/${database}`;
  return url.href;
}

async function asAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: inject("postgresUrl") });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
