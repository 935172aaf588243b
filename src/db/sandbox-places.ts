// How many sandboxes of a team run at once, where that is limited: who may start one, and who is next.
import { sql } from "kysely";
import { type Database, type DatabaseTransaction, inTransaction } from "./database.ts";

/** Who asked longer ago does not wait any more. */
const waits = (row: "p" | "o") =>
  sql`${sql.ref(row)}.granted_at is null and ${sql.ref(row)}.seen_at > now() - interval '90 seconds'`;
/** A start takes less; until then a place is kept for it. */
const starts = (row: "p" | "o") => sql`${sql.ref(row)}.granted_at > now() - interval '2 minutes'`;

export type SandboxPlace = { granted: true } | { granted: false /** How many are before it. */; ahead: number };

/**
 * Asks for a place among the team's running sandboxes; one that runs has its place. Where there is none, who asked first is next,
 * as long as it goes on asking. Somebody for whom nobody works (a person at files) gets a place that is left, and delays nobody.
 */
export async function askForSandboxPlace(
  db: Database,
  input: { sessionId: string; teamId: string; limit: number },
): Promise<SandboxPlace> {
  const { sessionId, teamId, limit } = input;
  return inTransaction(db, async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`sandbox places of ${teamId}`}, 0))`.execute(tx);
    await sql`
      insert into sandbox_places as p (session_id, team_id) values (${sessionId}, ${teamId})
      on conflict (session_id) do update set seen_at = now(),
        asked_at = case when ${waits("p")} then p.asked_at else now() end,
        granted_at = case when ${starts("p")} then p.granted_at end`.execute(tx);
    const facts = await readPlaces(tx, { sessionId, teamId });
    if (!facts.has && facts.used + facts.ahead >= limit) return { granted: false, ahead: facts.ahead };
    await sql`update sandbox_places set granted_at = coalesce(granted_at, now()) where session_id = ${sessionId}`.execute(
      tx,
    );
    return { granted: true };
  });
}

async function readPlaces(
  tx: DatabaseTransaction,
  { sessionId, teamId }: { sessionId: string; teamId: string },
): Promise<{ has: boolean; used: number; ahead: number }> {
  const found = await sql<{ has: boolean; used: number; ahead: number }>`
    with others as (
      select p.*, exists (select 1 from sandboxes b where b.session_id = p.session_id and b.state = 'running') as runs
      from sandbox_places p where p.team_id = ${teamId} and p.session_id <> ${sessionId}
    )
    select
      exists (select 1 from sandboxes where session_id = ${sessionId} and state = 'running')
        or mine.granted_at is not null as has,
      (select count(*) from sandboxes where team_id = ${teamId} and state = 'running' and session_id <> ${sessionId})
        + (select count(*) from others o where ${starts("o")} and not o.runs) as used,
      (select count(*) from others o join sessions s on s.id = o.session_id
        where ${waits("o")} and s.wake_at is not null and (o.asked_at, o.session_id) < (mine.asked_at, mine.session_id)) as ahead
    from sandbox_places mine where mine.session_id = ${sessionId}`.execute(tx);
  return found.rows[0] ?? { has: false, used: 0, ahead: 0 };
}

/** For a row of `sandboxes` named `b`: somebody of its team waits for a place. */
export const isPlaceWanted = sql`exists (select 1 from sandbox_places p where p.team_id = b.team_id and ${waits("p")})`;
