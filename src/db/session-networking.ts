// What a session's environment lets it reach, for what the server itself asks on its behalf.
import { sql } from "kysely";
import type { Networking } from "../contract/environments.ts";
import type { Database } from "./database.ts";

/** Null: there is no such session. */
export async function findSessionNetworking(db: Database, sessionId: string): Promise<Networking | null> {
  const result = await sql<{ networking: Networking | null }>`
    select e.config->'networking' as networking from sessions s join environments e on e.id = s.environment_id
    where s.id = ${sessionId}`.execute(db);
  return result.rows[0]?.networking ?? null;
}
