// How many sessions of a team run at once, where that is limited: counted under one lock, and told in the timeline of those that wait.
import { sql } from "kysely";
import { type Database, inTransaction } from "./database.ts";
import { SUSPECT_AFTER } from "./leases.ts";

/** Any number that nobody else uses as a lock's key in this database. */
const CLAIMS_LOCK = 5_115_001;
const WAITS_LOCK = 5_115_002;

/** Of all that a worker holds for a turn; upkeep holds sessions that have no work. */
export const heldByTeam = sql`
  select team_id, count(*) filter (where lease_until >= now()) as places
  from sessions where lease_owner is not null and wake_at is not null group by team_id`;

/** Does `claim`; with a limit no two claims at once, so that both do not take a team's last place. */
export async function claimWithin<T>(
  db: Database,
  limit: number | null,
  claim: (db: Database) => Promise<T>,
): Promise<T> {
  if (limit === null) return claim(db);
  return inTransaction(db, async (tx) => {
    await sql`select pg_advisory_xact_lock(${CLAIMS_LOCK}::bigint)`.execute(tx);
    return claim(tx);
  });
}

/** Writes down which sessions wait because of their team's limit, a hundred of each team, and since when; and which do so no more. */
export async function noteWaits(db: Database, input: { limit: number }): Promise<void> {
  await inTransaction(db, async (tx) => {
    // Of two workers at once each would write it down.
    await sql`select pg_advisory_xact_lock(${WAITS_LOCK}::bigint)`.execute(tx);
    await waitsStatement(input).execute(tx);
  });
}

const waitsStatement = (input: { limit: number }) => sql`
    with full_teams as (select team_id from (${heldByTeam}) as held where places >= ${input.limit}),
    waiting as (
      select s.* from full_teams f cross join lateral (
        select id, team_id, wake_at from sessions
        where team_id = f.team_id and wake_at is not null and lease_owner is null
          and failed_claims < ${sql.lit(SUSPECT_AFTER)} and wake_at <= now()
        order by wake_at limit 100
      ) s
    ),
    over as (
      update session_timeline t set ended_at = now()
      where kind = 'waits_for_place' and ended_at is null and not exists (
        select 1 from sessions s where s.id = t.session_id and s.wake_at <= now() and s.lease_owner is null)
    )
    insert into session_timeline (session_id, team_id, kind, started_at, detail)
    select id, team_id, 'waits_for_place', wake_at, jsonb_build_object('limit', 'sessions', 'of', ${input.limit}::integer)
    from waiting w where not exists (
      select 1 from session_timeline t where t.session_id = w.id and t.kind = 'waits_for_place' and t.ended_at is null)`;
