// Workers as others see them: one row each, a lock that lives as long as its connection, and what they know of their surroundings.
import { sql } from "kysely";
import type { Database } from "./database.ts";

export type WorkerIdentity = { id: string; lockKey: number; hostname: string; pid: number; version: string };

/** Adds or renews the row. Call it only while the lock is held: a row without a lock means a dead worker. */
export async function registerWorker(db: Database, worker: WorkerIdentity): Promise<void> {
  await sql`
    insert into workers (id, lock_key, hostname, pid, version)
    values (${worker.id}, ${worker.lockKey}, ${worker.hostname}, ${worker.pid}, ${worker.version})
    on conflict (id) do update set seen_at = now()`.execute(db);
}

/** False when the row is gone: others took this worker for dead. */
export async function reportHealth(db: Database, input: { workerId: string; health: unknown }): Promise<boolean> {
  const result = await sql`update workers set seen_at = now(), health = ${JSON.stringify(input.health)}::jsonb
    where id = ${input.workerId}`.execute(db);
  return result.numAffectedRows === 1n;
}

export async function removeWorker(db: Database, input: { workerId: string }): Promise<void> {
  await sql`delete from workers where id = ${input.workerId}`.execute(db);
}
