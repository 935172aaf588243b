// Audit lines of what sessions asked of the outside. Lines outlive their session and are kept for a month.
import { type RawBuilder, sql } from "kysely";
import type { EgressRequest } from "../contract/egress-requests.ts";
import type { Sender } from "../contract/sender.ts";
import type { Database } from "./database.ts";
import { toJson } from "./json.ts";
import { type PageRequest, pageClause } from "./page.ts";

const KEPT_DAYS = 30;

export type EgressRequestRow = {
  id: string;
  teamId: string;
  /** Null: it was asked for no session. */
  sessionId: string | null;
  createdAt: Date;
  source: EgressRequest["source"];
  method: string;
  host: string;
  port: number;
  path: string;
  decision: EgressRequest["decision"];
  rule: string;
  detail: string | null;
  /** Names of those that were put into the request. */
  credentials: readonly string[];
  suspicious: boolean;
  status: number | null;
  requestBytes: number;
  responseBytes: number;
  durationMs: number;
  /** Absent: whoever sent the message that its session worked on. */
  who?: Sender;
};

export type ListedEgressRequest = Omit<EgressRequestRow, "who"> & { environmentId: string | null; who: Sender | null };

/**
 * Those of teams that are gone are left out. Who asked is whoever sent the message that was the last to enter the conversation
 * before the request began: nobody known where that was sent to an earlier release, or the session is gone. Returns the ids
 * of those that were not there yet.
 */
export async function insertEgressRequests(db: Database, rows: readonly EgressRequestRow[]): Promise<string[]> {
  const lines = rows.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() }));
  const result = await sql<{
    id: string;
  }>`insert into egress_requests (id, team_id, session_id, created_at, source, method, host, port, path, decision, rule, detail,
      credentials, suspicious, status, request_bytes, response_bytes, duration_ms, who)
    select r."id", r."teamId", r."sessionId", r."createdAt", r."source", r."method", r."host", r."port", r."path", r."decision", r."rule",
      r."detail", r."credentials", r."suspicious", r."status", r."requestBytes", r."responseBytes", r."durationMs",
      coalesce(r."who", (select sent.private->'sender' from events entered
        join events sent on sent.session_id = entered.session_id and sent.id = entered.id and not sent.echo
        where entered.session_id = r."sessionId" and entered.team_id = r."teamId" and entered.type = 'user.message' and entered.echo
          and not (entered.payload ? 'withdrawn') and entered.created_at <= r."createdAt"
        order by entered.seq desc limit 1))
    from jsonb_to_recordset(${toJson(lines)}::jsonb) as r("id" text, "teamId" text, "sessionId" text, "createdAt" timestamptz, "source" text,
      "method" text, "host" text, "port" integer, "path" text, "decision" text, "rule" text, "detail" text, "credentials" jsonb,
      "suspicious" boolean, "who" jsonb,
      "status" integer, "requestBytes" bigint, "responseBytes" bigint, "durationMs" integer)
    where exists (select 1 from teams t where t.id = r."teamId")
    on conflict (id) do nothing returning id`.execute(db);
  return result.rows.map(({ id }) => id);
}

export async function listEgressRequests(
  db: Database,
  input: {
    teamId: string;
    sessionId: string | null;
    environmentId: string | null;
    decision: EgressRequest["decision"] | null;
    source: EgressRequest["source"] | null;
    host: string | null;
    suspicious: boolean | null;
    page: PageRequest;
  },
): Promise<ListedEgressRequest[]> {
  const conditions: RawBuilder<unknown>[] = [sql`r.team_id = ${input.teamId}`];
  if (input.sessionId !== null) conditions.push(sql`r.session_id = ${input.sessionId}`);
  if (input.environmentId !== null) conditions.push(sql`s.environment_id = ${input.environmentId}`);
  if (input.decision !== null) conditions.push(sql`r.decision = ${input.decision}`);
  if (input.source !== null) conditions.push(sql`r.source = ${input.source}`);
  if (input.suspicious !== null) conditions.push(sql`r.suspicious = ${input.suspicious}`);
  if (input.host?.startsWith("*."))
    conditions.push(sql`right(r.host, ${input.host.length - 1}) = ${input.host.slice(1)}`);
  else if (input.host !== null) conditions.push(sql`r.host = ${input.host}`);
  const result = await sql<ListedEgressRequest>`
    select r.id, r.team_id as "teamId", r.session_id as "sessionId", r.created_at as "createdAt", r.source, r.method, r.host, r.port, r.path,
      r.decision, r.rule, r.detail, r.credentials, r.who, r.suspicious, r.status, r.request_bytes as "requestBytes", r.response_bytes as "responseBytes",
      r.duration_ms as "durationMs",
      s.environment_id as "environmentId"
    from egress_requests r left join sessions s on s.id = r.session_id ${pageClause("r", conditions, input.page)}`.execute(
    db,
  );
  return result.rows;
}

export async function forgetOldEgressRequests(db: Database): Promise<void> {
  await sql`delete from egress_requests where created_at < now() - ${KEPT_DAYS}::integer * interval '1 day'`.execute(
    db,
  );
}
