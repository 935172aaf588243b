// The packages that a session's environment lists now.
import { sql } from "kysely";
import type { PackageLists } from "../contract/environments.ts";
import type { Database } from "./database.ts";

/** Null for a session that is gone. A package manager without packages may be missing. */
export async function findSessionPackages(
  db: Database,
  { sessionId }: { sessionId: string },
): Promise<{ teamId: string; lists: Partial<PackageLists> } | null> {
  const result = await sql<{ team_id: string; packages: (Partial<PackageLists> & { type?: string }) | null }>`
    select s.team_id, e.config->'packages' as packages from sessions s join environments e on e.id = s.environment_id
    where s.id = ${sessionId}`.execute(db);
  const row = result.rows[0];
  if (!row) return null;
  const { type: _, ...lists } = row.packages ?? {};
  return { teamId: row.team_id, lists };
}
