// Who is asking: an API key or a browser session becomes a team. Good answers are remembered for seconds.
import type { Database } from "../db/database.ts";
import { findApiKey, touchApiKey } from "../db/teams.ts";
import type { Clock } from "../lib/clock.ts";
import { endBrowserSession, findBrowserSessionTeam, spendLoginToken, startBrowserSession } from "./login.ts";
import { getTeam } from "./teams.ts";
import { hashToken, sameHash } from "./tokens.ts";

/** How long a revoked key may still work in a process that has just seen it. */
const REMEMBERED_MS = 5_000;
const MAX_REMEMBERED = 10_000;

export type Access = ReturnType<typeof createAccess>;

export function createAccess({ db, clock }: { db: Database; clock: Clock }) {
  const remembered = new Map<string, { teamId: string; until: number }>();

  /** Only found teams are remembered, so a guess costs a query each time and fills nothing. */
  async function remember(key: string, find: () => Promise<string | null>): Promise<string | null> {
    const known = remembered.get(key);
    if (known && known.until > clock.now()) return known.teamId;
    remembered.delete(key);
    const teamId = await find();
    if (teamId === null) return null;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, { teamId, until: clock.now() + REMEMBERED_MS });
    return teamId;
  }

  async function teamOfKey(apiKey: string): Promise<string | null> {
    const hash = hashToken(apiKey);
    return remember(`key ${hash.toString("hex")}`, async () => {
      const row = await findApiKey(db, hash);
      if (!row || !sameHash(row.keyHash, hash)) return null;
      await touchApiKey(db, row.id);
      return row.teamId;
    });
  }

  return {
    /** The team of a live key, or null. */
    teamOfKey,

    /** The team of a live browser session, or null. */
    teamOfBrowserSession: (secret: string): Promise<string | null> =>
      remember(`session ${hashToken(secret).toString("hex")}`, () => findBrowserSessionTeam(db, secret)),

    /** Exchanges a one-time token or a key for a browser session's secret; null when neither is good. */
    async logIn(proof: { token: string } | { apiKey: string }): Promise<string | null> {
      const teamId =
        "token" in proof ? await spendLoginToken({ db, token: proof.token }) : await teamOfKey(proof.apiKey);
      return teamId === null ? null : startBrowserSession({ db, teamId });
    },

    async logOut(secret: string): Promise<void> {
      remembered.delete(`session ${hashToken(secret).toString("hex")}`);
      await endBrowserSession({ db, secret });
    },

    getTeam: (teamId: string) => getTeam(db, teamId),
  };
}
