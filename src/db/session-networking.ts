// What sessions may reach by their environments, as those are now: for the egress broker, and for what the server itself asks on their behalf.
import { sql } from "kysely";
import type { Networking } from "../contract/environments.ts";
import type { Database } from "./database.ts";

export type SessionNetworking = {
  teamId: string;
  sessionId: string;
  networking: Networking;
  /** Null: its team has none of its own. */
  teamCeiling: Networking | null;
};

/** Of the session of a disk, with the addresses of its repositories; null when it is no session's. */
export async function findNetworking(
  db: Database,
  { identity }: { identity: string },
): Promise<(SessionNetworking & { repositories: string[] }) | null> {
  const result = await sql<SessionNetworking & { repositories: string[] }>`
    select s.team_id as "teamId", s.id as "sessionId", e.config->'networking' as networking,
      t.networking_ceiling as "teamCeiling",
      array(select r.config->>'url' from session_resources r where r.session_id = s.id) as repositories
    from sandboxes b join sessions s on s.id = b.session_id join environments e on e.id = s.environment_id
      join teams t on t.id = s.team_id
    where b.identity = ${identity}`.execute(db);
  const [row, ...more] = result.rows;
  // Two sessions with one disk there are not; should there be, neither's rules are the right ones.
  return row && more.length === 0 ? row : null;
}

/** Null when it is gone, or another team's. */
export async function findSessionNetworking(
  db: Database,
  { sessionId, teamId }: { sessionId: string; teamId?: string },
): Promise<SessionNetworking | null> {
  const ofTeam = teamId === undefined ? sql`` : sql`and s.team_id = ${teamId}`;
  const result = await sql<SessionNetworking>`
    select s.team_id as "teamId", s.id as "sessionId", e.config->'networking' as networking,
      t.networking_ceiling as "teamCeiling"
    from sessions s join environments e on e.id = s.environment_id join teams t on t.id = s.team_id where s.id = ${sessionId} ${ofTeam}`.execute(
    db,
  );
  const [row] = result.rows;
  return row?.networking ? row : null;
}
