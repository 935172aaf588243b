// Vitest global setup: starts one embedded Postgres for the run, without fsync, and removes it afterwards.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres } from "../../src/db/embedded/embedded-postgres.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), "berth-test-postgres-"));
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false });
  project.provide("postgresUrl", postgres.superuserUrl);
  return async () => {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}
