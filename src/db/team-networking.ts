// A team's own networking: what its environments get without a choice, and what none of them may exceed.
import { sql } from "kysely";
import type { Networking } from "../contract/environments.ts";
import type { Database, DatabaseTransaction } from "./database.ts";

export type TeamNetworkingRow = { default: Networking | null; ceiling: Networking | null; updatedAt: Date | null };

/** `forUpdate`: nobody else changes it until the end of the transaction. Null when there is no such team. */
export async function findTeamNetworking(
  db: Database,
  { teamId, forUpdate = false }: { teamId: string; forUpdate?: boolean },
): Promise<TeamNetworkingRow | null> {
  const lock = forUpdate ? sql`for no key update` : sql``;
  const result = await sql<TeamNetworkingRow>`select networking_default as "default", networking_ceiling as ceiling,
    networking_updated_at as "updatedAt" from teams where id = ${teamId} ${lock}`.execute(db);
  return result.rows[0] ?? null;
}

export async function updateTeamNetworking(
  tx: DatabaseTransaction,
  input: { teamId: string; default: Networking | null; ceiling: Networking | null; now: Date },
): Promise<void> {
  const json = (networking: Networking | null) => (networking === null ? null : JSON.stringify(networking));
  await sql`update teams set networking_default = ${json(input.default)}::jsonb, networking_ceiling = ${json(input.ceiling)}::jsonb,
    networking_updated_at = ${input.now} where id = ${input.teamId}`.execute(tx);
  // What each of them reaches may be another thing now: who follows the team is told, by the trigger.
  await sql`update environments set team_id = team_id where team_id = ${input.teamId} and archived_at is null`.execute(
    tx,
  );
}
