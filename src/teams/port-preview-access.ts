// Who may see a port of a sandbox in a browser: a link with a one-time ticket, exchanged for a visit that is bound to that one port.
import type { Database } from "../db/database.ts";
import {
  exchangeTicket,
  findVisit,
  insertTicket,
  type PortPreviewGrantor,
  type PreviewedPort,
  prolongVisit,
} from "../db/port-previews.ts";
import type { Clock } from "../lib/clock.ts";
import { hashToken, newToken } from "./tokens.ts";

const TICKET_LIFETIME_S = 60;
/** A visit that nobody uses ends after this. */
const VISIT_LIFETIME_S = 3_600;
const MAX_VISIT_AGE_S = 12 * 3_600;
const PROLONG_MS = 60_000;
/** How long a visit that has ended may still work in a process that has just seen it. */
const REMEMBERED_MS = 2_000;
const MAX_REMEMBERED = 10_000;

export type { PortPreviewGrantor, PreviewedPort };
export type PortPreviewAccess = ReturnType<typeof createPortPreviewAccess>;

export function createPortPreviewAccess({ db, clock }: { db: Database; clock: Clock }) {
  const seen = new Map<string, { teamId: string; until: number; prolongAt: number }>();

  return {
    /** A ticket for one visit within a minute: 256 random bits, of which only a hash is stored. */
    async issue(
      tx: Database,
      input: PreviewedPort & { teamId: string; grantor: PortPreviewGrantor },
    ): Promise<{ ticket: string; expiresAt: Date }> {
      const ticket = newToken();
      const { sessionId, port, teamId } = input;
      const row = { sessionId, port, teamId, ...input.grantor, ticketHash: hashToken(ticket) };
      return { ticket, expiresAt: await insertTicket(tx, { ...row, lifetimeS: TICKET_LIFETIME_S }) };
    },

    /** The secret of a visit, for its cookie; null when the ticket is not good for this port, was used, or is too old. */
    async exchange(ticket: string, { sessionId, port }: PreviewedPort): Promise<string | null> {
      const visit = newToken();
      const hashes = { ticketHash: hashToken(ticket), visitHash: hashToken(visit) };
      return (await exchangeTicket(db, { sessionId, port, ...hashes, lifetimeS: VISIT_LIFETIME_S })) ? visit : null;
    },

    /** The team of the visit, while it may see this port. Good answers are remembered for two seconds. */
    async check(visit: string, { sessionId, port }: PreviewedPort): Promise<string | null> {
      const visitHash = hashToken(visit);
      const key = `${visitHash.toString("hex")} ${sessionId} ${port}`;
      const known = seen.get(key);
      if (known && known.until > clock.now()) return known.teamId;
      const teamId = await findVisit(db, { sessionId, port, visitHash });
      if (teamId === null) {
        seen.delete(key);
        return null;
      }
      const now = clock.now();
      const prolong = !known || known.prolongAt <= now;
      if (prolong) await prolongVisit(db, { visitHash, lifetimeS: VISIT_LIFETIME_S, maxAgeS: MAX_VISIT_AGE_S });
      if (seen.size >= MAX_REMEMBERED) seen.clear();
      seen.set(key, { teamId, until: now + REMEMBERED_MS, prolongAt: prolong ? now + PROLONG_MS : known.prolongAt });
      return teamId;
    },
  };
}
