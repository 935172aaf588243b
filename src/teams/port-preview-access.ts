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
export type Visit = { visit: string; teamId: string };
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

    /**
     * One of `visits` that may see this port now, with its team; null: none. Good answers are remembered for two seconds. One question
     * to the database, however many there are: pages of other ports may set any number of cookies that are sent along.
     */
    async admit(visits: readonly string[], { sessionId, port }: PreviewedPort): Promise<Visit | null> {
      const asked = visits.map((visit) => {
        const visitHash = hashToken(visit);
        return { visit, visitHash, key: `${visitHash.toString("hex")} ${sessionId} ${port}` };
      });
      for (const { visit, key } of asked) {
        const known = seen.get(key);
        if (known && known.until > clock.now()) return { visit, teamId: known.teamId };
      }
      if (asked.length === 0) return null;
      const found = await findVisit(db, { sessionId, port, visitHashes: asked.map(({ visitHash }) => visitHash) });
      const admitted = asked.find(({ visitHash }) => found?.visitHash.equals(visitHash));
      if (!found || !admitted) {
        for (const { key } of asked) seen.delete(key);
        return null;
      }
      const { visit, visitHash, key } = admitted;
      const { teamId } = found;
      const known = seen.get(key);
      const now = clock.now();
      const prolong = !known || known.prolongAt <= now;
      if (prolong) await prolongVisit(db, { visitHash, lifetimeS: VISIT_LIFETIME_S, maxAgeS: MAX_VISIT_AGE_S });
      if (seen.size >= MAX_REMEMBERED) seen.clear();
      seen.set(key, { teamId, until: now + REMEMBERED_MS, prolongAt: prolong ? now + PROLONG_MS : known.prolongAt });
      return { visit, teamId };
    },
  };
}
