// Tickets and visits of port previews. Of their secrets only hashes are kept.
import { sql } from "kysely";
import type { Database } from "./database.ts";

/** Whose right it is to see the port: it ends with this key, or with this login of a browser. */
export type PortPreviewGrantor = { apiKeyId: string | null; browserHash: Buffer | null };
export type PreviewedPort = { sessionId: string; port: number };

export async function insertTicket(
  db: Database,
  input: PreviewedPort & PortPreviewGrantor & { ticketHash: Buffer; teamId: string; lifetimeS: number },
): Promise<Date> {
  const result = await sql<{ expiresAt: Date }>`
    insert into port_previews (secret_hash, kind, team_id, session_id, port, api_key_id, browser_hash, expires_at)
    values (${input.ticketHash}, 'ticket', ${input.teamId}, ${input.sessionId}, ${input.port}, ${input.apiKeyId},
      ${input.browserHash}, now() + make_interval(secs => ${input.lifetimeS}))
    returning expires_at as "expiresAt"`.execute(db);
  const row = result.rows[0];
  if (!row) throw new Error("a ticket was neither made nor refused");
  return row.expiresAt;
}

/** The ticket is used up, and a visit is there instead; false when there is no such ticket for this port any more. One statement. */
export async function exchangeTicket(
  db: Database,
  input: PreviewedPort & { ticketHash: Buffer; visitHash: Buffer; lifetimeS: number },
): Promise<boolean> {
  const result = await sql`
    with taken as (
      delete from port_previews where secret_hash = ${input.ticketHash} and kind = 'ticket' and expires_at > now()
        and session_id = ${input.sessionId} and port = ${input.port}
      returning team_id, session_id, port, api_key_id, browser_hash)
    insert into port_previews (secret_hash, kind, team_id, session_id, port, api_key_id, browser_hash, expires_at)
    select ${input.visitHash}, 'visit', team_id, session_id, port, api_key_id, browser_hash, now() + make_interval(secs => ${input.lifetimeS})
    from taken`.execute(db);
  return result.numAffectedRows === 1n;
}

/** One of these visits that still may, and its team; null when all have ended, the session is over, or who asked for them is not let in any more. */
export async function findVisit(
  db: Database,
  input: PreviewedPort & { visitHashes: readonly Buffer[] },
): Promise<{ visitHash: Buffer; teamId: string } | null> {
  const result = await sql<{ visitHash: Buffer; teamId: string }>`
    select v.secret_hash as "visitHash", v.team_id as "teamId" from port_previews v
    join sessions s on s.id = v.session_id
    left join browser_sessions b on b.token_hash = v.browser_hash
    left join api_keys k on k.id = coalesce(v.api_key_id, b.api_key_id)
    where v.secret_hash = any(${input.visitHashes}::bytea[]) and v.kind = 'visit' and v.expires_at > now()
      and v.session_id = ${input.sessionId} and v.port = ${input.port}
      and s.team_id = v.team_id and s.archived_at is null and s.status <> 'terminated'
      and (v.browser_hash is null or b.expires_at > now()) and k.revoked_at is null limit 1`.execute(db);
  return result.rows[0] ?? null;
}

/** A visit that is used goes on, up to an age. */
export async function prolongVisit(
  db: Database,
  input: { visitHash: Buffer; lifetimeS: number; maxAgeS: number },
): Promise<void> {
  await sql`update port_previews
    set expires_at = least(now() + make_interval(secs => ${input.lifetimeS}), created_at + make_interval(secs => ${input.maxAgeS}))
    where secret_hash = ${input.visitHash} and kind = 'visit'`.execute(db);
}

export async function forgetExpiredPortPreviews(db: Database): Promise<void> {
  await sql`delete from port_previews where expires_at < now()`.execute(db);
}
