// Calls of MCP tools that were sent off: written down before, so that none is sent twice, whoever holds the session.
import { sql } from "kysely";
import { type Database, leaseLost } from "./database.ts";
import type { Fence } from "./events.ts";

/** True: nobody sent it before, and the caller may, now. False: it was sent already. Throws `lease_lost`. */
export async function noteMcpCall(
  db: Database,
  input: { sessionId: string; fence: Fence; toolUseId: string },
): Promise<boolean> {
  const { sessionId, fence, toolUseId } = input;
  const result = await sql<{ held: boolean; noted: boolean }>`
    with held as (
      select id from sessions where id = ${sessionId} and lease_owner = ${fence.owner} and lease_epoch = ${fence.epoch} for update
    ), noted as (
      insert into mcp_calls (session_id, tool_use_id) select id, ${toolUseId} from held on conflict do nothing returning 1
    )
    select exists (select 1 from held) as held, exists (select 1 from noted) as noted`.execute(db);
  const row = result.rows[0];
  if (!row?.held) throw leaseLost(sessionId);
  return row.noted;
}
