// Sessions whose workers failed again and again: claimed one by one, for a process that holds nothing else.
import { sql } from "kysely";
import { type Database, inTransaction } from "./database.ts";
import { type Claim, failedClaims, isDue, leaseInterval, SUSPECT_AFTER, toClaim } from "./leases.ts";
import { claimWithin, heldByTeam } from "./team-places.ts";

export type Suspect = Claim & {
  /** In a row, while it was held alone. */
  failuresAlone: number;
};

/** Takes the suspect that has waited longest, for a process that is about to be started with this worker id. */
export async function claimSuspect(
  db: Database,
  input: { workerId: string; teamLimit: number | null },
): Promise<Suspect | null> {
  return claimWithin(db, input.teamLimit, (tx) => claimOne(tx, input));
}

async function claimOne(
  db: Database,
  { workerId, teamLimit }: { workerId: string; teamLimit: number | null },
): Promise<Suspect | null> {
  const hasPlace =
    teamLimit === null
      ? sql``
      : sql`and not exists (select 1 from (${heldByTeam}) as held where held.team_id = sessions.team_id and held.places >= ${teamLimit})`;
  const result = await sql<{ id: string; lease_epoch: number; failures_alone: number }>`
    with due as (
      select id from sessions
      where ${isDue} and ${failedClaims} >= ${SUSPECT_AFTER} ${hasPlace}
      order by wake_at limit 1 for update skip locked
    )
    update sessions s set
      lease_owner = ${workerId}, lease_epoch = lease_epoch + 1, lease_until = now() + ${leaseInterval},
      failed_claims = ${failedClaims}
    from due where s.id = due.id
    returning s.id, s.lease_epoch, s.failures_alone`.execute(db);
  const row = result.rows[0];
  return row ? { ...toClaim(row, workerId), failuresAlone: row.failures_alone } : null;
}

/** The process that held it alone is dead: counted also when another worker noticed first, and tried again in `delayMs`. */
export async function noteFailureAlone(db: Database, input: Claim & { delayMs: number }): Promise<void> {
  await inTransaction(db, async (tx) => {
    // First as for any dead worker, so that the timeline says so.
    await sql`
      update sessions set lease_owner = null, lease_until = null, failed_claims = failed_claims + 1
      where id = ${input.sessionId} and lease_owner = ${input.fence.owner} and lease_epoch = ${input.fence.epoch}`.execute(
      tx,
    );
    await sql`
      update sessions set failures_alone = failures_alone + 1,
        wake_at = now() + ${Math.round(input.delayMs)}::integer * interval '1 millisecond'
      where id = ${input.sessionId} and lease_owner is null and lease_epoch = ${input.fence.epoch} and wake_at is not null`.execute(
      tx,
    );
  });
}

/** It did no harm for a while: anybody may hold it, until the next failure. */
export async function handBack(db: Database, input: Claim): Promise<void> {
  await sql`
    update sessions set lease_owner = null, lease_until = null, failed_claims = least(failed_claims, ${SUSPECT_AFTER - 1}),
      wake_at = case when wake_at is null then null else least(wake_at, now()) end
    where id = ${input.sessionId} and lease_owner = ${input.fence.owner} and lease_epoch = ${input.fence.epoch}`.execute(
    db,
  );
}
