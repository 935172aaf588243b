// Reads what a team's sessions asked of the outside.
import type { EgressRequest, EgressRequestsQuery } from "../contract/egress-requests.ts";
import type { Page } from "../contract/page.ts";
import type { Database } from "../db/database.ts";
import { type ListedEgressRequest, listEgressRequests } from "../db/egress-requests.ts";
import { readPage } from "../lib/page-cursor.ts";

const DEFAULT_LIMIT = 100;

export type ReadEgressRequests = (teamId: string, query: EgressRequestsQuery) => Promise<Page<EgressRequest>>;

/** A session that is unknown, deleted or another team's has none. */
export function createReadEgressRequests({ db }: { db: Database }): ReadEgressRequests {
  return async (teamId, query) => {
    const page = await readPage({
      kind: "egressRequest",
      order: query.order ?? "desc",
      limit: query.limit ?? DEFAULT_LIMIT,
      cursor: query.page,
      positionOf: (row: ListedEgressRequest) => row,
      read: (request) =>
        listEgressRequests(db, {
          teamId,
          sessionId: query.session_id ?? null,
          environmentId: query.environment_id ?? null,
          decision: query.decision ?? null,
          source: query.source ?? null,
          host: query.host?.toLowerCase() ?? null,
          suspicious: query.suspicious ?? null,
          page: request,
        }),
    });
    return { data: page.rows.map(toEgressRequest), next_page: page.nextPage };
  };
}

function toEgressRequest(row: ListedEgressRequest): EgressRequest {
  return {
    type: "egress_request",
    id: row.id,
    session_id: row.sessionId,
    environment_id: row.environmentId,
    created_at: row.createdAt.toISOString(),
    source: row.source,
    method: row.method,
    host: row.host,
    port: row.port,
    path: row.path,
    decision: row.decision,
    rule: row.rule,
    detail: row.detail,
    credentials: [...row.credentials],
    who: row.who,
    suspicious: row.suspicious,
    status: row.status,
    request_bytes: row.requestBytes,
    response_bytes: row.responseBytes,
    duration_ms: row.durationMs,
  };
}
