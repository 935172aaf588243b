// Which waiting sessions a worker takes next: fairly between teams, and in a team the one that has waited longest.
import { sql } from "kysely";
import type { Database } from "./database.ts";
import { type Claim, failedClaims, isDue, leaseInterval, SUSPECT_AFTER, toClaim } from "./leases.ts";
import { claimWithin, heldByTeam } from "./team-places.ts";

/** A claim looks at so many teams with work, beginning where the one before ended: its cost does not grow with their number. */
const TEAMS_A_LOOK = 64;
/** So many more are chosen than are wanted, since other workers take of the same. */
const SPARE = 16;
/** Looks in a row of which others took something; then the next wake-up or poll looks again. */
const MAX_MISSES = 5;
/** Known to the planner, as the index is for these only. */
const isFree = sql`wake_at is not null and lease_owner is null and failed_claims < ${sql.lit(SUSPECT_AFTER)}`;

export type Claims = {
  /**
   * Takes sessions that have work, no live lease and no suspicion, until there is no room or no more; each is held at once. A lease
   * that ran out counts as a failed claim. The next place is the team's that holds fewest, so a team with a thousand that wait delays
   * another team's one by no more than a place.
   */
  take(input: { room: () => number; hold: (claim: Claim) => void }): Promise<void>;
};

export function createClaims(options: {
  db: Database;
  workerId: string;
  /** Sessions of one team at once, of all workers; null: as many as there are places. */
  teamLimit: number | null;
}): Claims {
  const { db, workerId, teamLimit } = options;
  /** The team at which the last look ended. */
  let lookFrom = "";
  return {
    async take({ room, hold }) {
      const begunAt = lookFrom;
      let wrapped = false;
      let missed = 0;
      for (let limit = room(); limit > 0; limit = room()) {
        const { claims, chosen, lastTeam } = await claimOnce(db, { workerId, limit, lookFrom, teamLimit });
        for (const claim of claims) hold(claim);
        // Other workers were faster with some of those that were chosen; or a row is locked for long.
        if (claims.length < chosen && ++missed < MAX_MISSES) continue;
        lookFrom = lastTeam ?? "";
        // Every team was looked at.
        if (lastTeam === null ? wrapped || begunAt === "" : wrapped && lastTeam >= begunAt) return;
        wrapped ||= lastTeam === null;
      }
    },
  };
}

type Look = {
  claims: Claim[];
  /** How many should have been taken. */
  chosen: number;
  /** Null: there is no team behind those that were looked at. */
  lastTeam: string | null;
};

type LookInput = { workerId: string; limit: number; lookFrom: string; teamLimit: number | null };

async function claimOnce(db: Database, input: LookInput): Promise<Look> {
  const { rows } = await claimWithin(db, input.teamLimit, (tx) => claimStatement(input).execute(tx));
  const claims = rows.flatMap(({ id, lease_epoch }) =>
    id === null ? [] : [toClaim({ id, lease_epoch }, input.workerId)],
  );
  const { chosen = 0, last_team: lastTeam = null } = rows[0] ?? {};
  return { claims, chosen, lastTeam };
}

/** Apart, so that a test can have it explained. */
export const claimStatement = ({ workerId, limit, lookFrom, teamLimit }: LookInput) => sql<{
  id: string | null;
  lease_epoch: number;
  chosen: number;
  last_team: string | null;
}>`
  with recursive ${waitingTeams(lookFrom)}, ${chosenSessions(limit + SPARE, teamLimit)},
  due as (
    select s.id from chosen c join sessions s on s.id = c.id
    where ${isDue} and ${failedClaims} < ${SUSPECT_AFTER}
    order by c.place, c.waits_since limit ${limit} for update of s skip locked
  ),
  claimed as (
    update sessions s set
      lease_owner = ${workerId}, lease_epoch = lease_epoch + 1, lease_until = now() + ${leaseInterval},
      failed_claims = ${failedClaims}
    from due where s.id = due.id
    returning s.id, s.lease_epoch
  )
  select c.id, c.lease_epoch, least((select count(*) from chosen), ${limit}) as chosen,
    (select team_id from waiting where nth = ${TEAMS_A_LOOK}) as last_team
  from (values (1)) as one (row) left join claimed c on true`;

/** Found by leaping through the index from team to team, each with the time since when its first session waits. */
const waitingTeams = (lookFrom: string) => sql`
  waiting (team_id, wake_at, nth) as (
    (select team_id, wake_at, 1 from sessions where ${isFree} and team_id > ${lookFrom} order by team_id, wake_at limit 1)
    union all
    select n.team_id, n.wake_at, w.nth + 1 from waiting w cross join lateral (
      select team_id, wake_at from sessions where ${isFree} and team_id > w.team_id order by team_id, wake_at limit 1
    ) n where w.nth < ${TEAMS_A_LOOK}
  )`;

/**
 * Without a lock: locking all that might be chosen would hide them from other workers. Each team before it in the order gets a place
 * before a team does, so that of the last ones few are read.
 */
const chosenSessions = (limit: number, teamLimit: number | null) => sql`
  held as (${heldByTeam}),
  teams as (
    select w.team_id, coalesce(h.places, 0) as places, row_number() over (order by coalesce(h.places, 0), w.wake_at) as nth
    from waiting w left join held h using (team_id) where w.wake_at <= now() ${teamLimit === null ? sql`` : sql`and coalesce(h.places, 0) < ${teamLimit}`}
    order by nth limit ${limit}
  ),
  chosen as materialized (
    select c.id, c.place, c.wake_at as waits_since from (
      select f.id, t.places + f.nth as place, f.wake_at from teams t cross join lateral (
        select d.id, d.wake_at, row_number() over (order by d.wake_at) as nth from (
          select id, wake_at from sessions where team_id = t.team_id and ${isFree} and wake_at <= now()
          order by wake_at limit ${limit} - t.nth + 1
        ) d
      ) f
      union all
      select id, 0, wake_at from sessions
      where lease_owner is not null and lease_until < now() and wake_at <= now() and ${failedClaims} < ${SUSPECT_AFTER}
    ) c ${teamLimit === null ? sql`` : sql`where c.place <= ${teamLimit}`} order by c.place, c.wake_at limit ${limit}
  )`;
