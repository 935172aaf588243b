// Sessions, agents, environments, vaults and API keys that changed since a place in the history of the database. Gap-free under concurrent commits, without a lock.
import { sql } from "kysely";
import type { Database } from "./database.ts";
import { type SessionRow, sessionColumns } from "./sessions.ts";

/**
 * A place is a transaction id: everything that was not visible when it was taken was, or will be, changed by this
 * transaction or a later one. So reading "from" a place may bring a row again, and never misses one.
 */
export type Place = bigint;
/** `xid`: the transaction that made it so. The same thing with the same one is in the same state. */
export type Change = { teamId: string; id: string; xid: string } & (
  | { kind: "session"; row: SessionRow | null }
  | { kind: "agent" | "environment" | "vault" | "api_key" }
);

/** What changed from `from` on for these teams, more than `limit` when there is more, and the place to read from the next time. */
export async function readChanges(
  db: Database,
  input: { teamIds: readonly string[]; from: Place; limit: number },
): Promise<{ next: Place; changes: Change[] }> {
  const teamIds = [...input.teamIds];
  const from = String(input.from);
  // The place is of the same snapshot as the rows, or (for all others) of an earlier one.
  const found = await sql<{ next: string } & (SessionRow & { teamId: string; xid: string })>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as next, c.* from (values (1)) as one left join lateral (
      select s.team_id as "teamId", s.changed_xid::text as xid, ${sessionColumns} from sessions s
      where s.team_id = any(${teamIds}::text[]) and s.changed_xid >= ${from}::text::xid8
        -- Rows of a restored database may be of transactions that this one has not come to.
        and s.changed_xid < pg_snapshot_xmax(pg_current_snapshot())
      limit ${input.limit + 1}
    ) as c on true`.execute(db);
  const since = (kind: string, table: string, id: string) => sql`(
    select ${sql.lit(kind)} as kind, team_id as "teamId", ${sql.ref(id)} as id, changed_xid::text as xid from ${sql.table(table)}
    where team_id = any(${teamIds}::text[]) and changed_xid >= ${from}::text::xid8
      and changed_xid < pg_snapshot_xmax(pg_current_snapshot())
    limit ${input.limit + 1})`;
  const others = await sql<Other>`${since("deleted", "deleted_sessions", "session_id")}
    union all ${since("agent", "agents", "id")} union all ${since("environment", "environments", "id")}
    union all ${since("vault", "vaults", "id")} union all ${since("api_key", "api_keys", "id")}`.execute(db);
  const next = found.rows[0]?.next;
  if (next === undefined) throw new Error("the database did not say where its history stands");
  const changed = found.rows.filter((row) => row.id !== null);
  return {
    next: BigInt(next),
    changes: [
      ...changed.map((row): Change => ({ kind: "session", teamId: row.teamId, id: row.id, xid: row.xid, row })),
      ...others.rows.map(
        ({ kind, ...change }): Change =>
          kind === "deleted" ? { kind: "session", ...change, row: null } : { kind, ...change },
      ),
    ],
  };
}

type Other = {
  kind: "deleted" | "agent" | "environment" | "vault" | "api_key";
  teamId: string;
  id: string;
  xid: string;
};

/** Where the history stands, and whose history it is: places of another database mean nothing here. */
export async function readPlace(db: Database): Promise<{ place: Place; history: string }> {
  const result = await sql<{ place: string; history: string }>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as place,
      (select system_identifier from pg_control_system())::text || '/' || d.oid::text as history
    from pg_database d where d.datname = current_database()`.execute(db);
  const row = result.rows[0];
  if (!row) throw new Error("the database did not say where its history stands");
  return { place: BigInt(row.place), history: row.history };
}

/** Nobody asks for what was deleted so long ago: cursors are refused before. */
export async function forgetDeletedSessions(db: Database): Promise<void> {
  await sql`delete from deleted_sessions where deleted_at < now() - interval '2 days'`.execute(db);
}
