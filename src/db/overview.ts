// What the database knows of what is running now.
import { sql } from "kysely";
import type { Database } from "./database.ts";

export type SessionCounts = {
  running: number;
  waitingForPerson: number;
  waitingForProgram: number;
  idle: number;
  terminated: number;
};

/** Of a team, archived ones left out, as lists show them. */
export async function countSessions(db: Database, input: { teamId: string }): Promise<SessionCounts> {
  const result = await sql<SessionCounts>`
    with shown as (
      select case
        when status = 'terminated' then 'terminated'
        when status in ('running', 'rescheduling') or wake_at <= now() then 'running'
        when (waits_for->'tool_confirmations'->>'count')::int > 0 then 'person'
        when stop_reason->>'type' = 'requires_action' then 'program'
        else 'idle' end as state
      from sessions where team_id = ${input.teamId} and archived_at is null
    )
    select count(*) filter (where state = 'running') as running, count(*) filter (where state = 'person') as "waitingForPerson",
      count(*) filter (where state = 'program') as "waitingForProgram",
      count(*) filter (where state = 'idle') as idle, count(*) filter (where state = 'terminated') as terminated
    from shown`.execute(db);
  return result.rows[0] ?? { running: 0, waitingForPerson: 0, waitingForProgram: 0, idle: 0, terminated: 0 };
}

export type Queue = { length: number; oldestMs: number | null };

/** Work of all teams that no worker has begun; which is next: claims.ts. */
export async function readQueue(db: Database): Promise<Queue> {
  const result = await sql<Queue>`
    select count(*) as length, (extract(epoch from now() - min(wake_at)) * 1000)::float8 as "oldestMs"
    from sessions where wake_at <= now() and (lease_owner is null or lease_until < now())`.execute(db);
  return result.rows[0] ?? { length: 0, oldestMs: null };
}

export type WorkerFacts = {
  id: string;
  hostname: string;
  version: string;
  startedAt: Date;
  seenAgoMs: number;
  /** Sessions that it holds for a turn. */
  running: number;
  concurrency: number | null;
};

/** Those that were seen in the last minute. */
export async function listWorkerFacts(db: Database): Promise<WorkerFacts[]> {
  const result = await sql<WorkerFacts>`
    select id, hostname, version, started_at as "startedAt", (extract(epoch from now() - seen_at) * 1000)::float8 as "seenAgoMs",
      (select count(*) from sessions s where s.lease_owner = workers.id and s.wake_at is not null)::int as running,
      (health->>'concurrency')::int as concurrency
    from workers where seen_at > now() - interval '1 minute' order by started_at, id limit 100`.execute(db);
  return result.rows;
}

export type ActiveRow = {
  id: string;
  title: string | null;
  agent_id: string;
  agent_name: string;
  state: "queued" | "running" | "retrying";
  since: Date;
  team_limit: number | null;
  worker_id: string | null;
  lease_until: Date | null;
  failed_claims: number;
  sandbox_state: "running" | "hibernated" | null;
};

/** A team's sessions with work, those that began first. */
export async function listActive(db: Database, input: { teamId: string; limit: number }): Promise<ActiveRow[]> {
  const result = await sql<ActiveRow>`
    select s.id, s.title, s.agent_id, s.agent->>'name' as agent_name,
      case when s.lease_owner is not null and s.lease_until > now() then 'running'
        when s.status = 'rescheduling' and s.wake_at > now() then 'retrying'
        else 'queued' end as state,
      coalesce(s.active_since, s.wake_at, s.updated_at) as since, s.lease_owner as worker_id, s.lease_until, s.failed_claims,
      (select (t.detail->>'of')::int from session_timeline t
        where t.session_id = s.id and t.kind = 'waits_for_place' and t.ended_at is null and s.lease_owner is null limit 1) as team_limit,
      b.state as sandbox_state
    from sessions s left join sandboxes b on b.session_id = s.id
    where s.team_id = ${input.teamId} and s.wake_at is not null and s.status <> 'terminated'
    order by since, s.id limit ${input.limit}`.execute(db);
  return result.rows;
}

/** Of this database: its size on disk, and open connections. */
export async function readDatabaseFacts(db: Database): Promise<{ sizeBytes: number; connections: number }> {
  const result = await sql<{ sizeBytes: number; connections: number }>`
    select pg_database_size(current_database()) as "sizeBytes",
      (select count(*) from pg_stat_activity where datname = current_database()) as connections`.execute(db);
  return result.rows[0] ?? { sizeBytes: 0, connections: 0 };
}

export async function countSandboxes(
  db: Database,
  input: { teamId: string },
): Promise<{ running: number; hibernated: number }> {
  const result = await sql<{ running: number; hibernated: number }>`
    select count(*) filter (where state = 'running') as running, count(*) filter (where state = 'hibernated') as hibernated
    from sandboxes where team_id = ${input.teamId}`.execute(db);
  return result.rows[0] ?? { running: 0, hibernated: 0 };
}
