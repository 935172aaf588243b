// Who is asking: an API key or a browser session becomes a team. Good answers are remembered for seconds.
import type { Database } from "../db/database.ts";
import { findApiKey, touchApiKey } from "../db/teams.ts";
import type { Clock } from "../lib/clock.ts";
import { createGuessBudget } from "./guess-budget.ts";
import {
  type BrowserHolder,
  checkBrowserSession,
  endBrowserSession,
  spendLoginToken,
  startBrowserSession,
} from "./login.ts";
import { getTeam } from "./teams.ts";
import { hashToken, sameHash } from "./tokens.ts";

/** How long a revoked key may still work in a process that has just seen it. */
const REMEMBERED_MS = 5_000;
const MAX_REMEMBERED = 10_000;

/** A live key, and whose it is. */
export type KeyHolder = { teamId: string; id: string; name: string };

export type Access = ReturnType<typeof createAccess>;

export function createAccess({ db, clock }: { db: Database; clock: Clock }) {
  const keys = rememberFound<KeyHolder>(clock);
  const browsers = rememberFound<BrowserHolder>(clock);
  const guesses = createGuessBudget(clock);

  async function holderOfKey(apiKey: string, from?: string): Promise<KeyHolder | null> {
    const hash = hashToken(apiKey);
    const hex = hash.toString("hex");
    return keys.get(hex, () =>
      guesses.look(from, hex, async () => {
        const row = await findApiKey(db, hash);
        if (!row || !sameHash(row.keyHash, hash)) return null;
        await touchApiKey(db, row.id);
        return { teamId: row.teamId, id: row.id, name: row.name };
      }),
    );
  }

  return {
    /** A live key's holder, or null. `from`: the address that sent it, or what counts as one. Throws `rate_limited`, as the next ones do, where it sent too many wrong ones. */
    holderOfKey,

    /** Whose live browser session it is, or why there is none. */
    async checkBrowserSession(
      secret: string,
      from?: string,
    ): Promise<BrowserHolder | { refused: "unknown" | "key_revoked" }> {
      let refused: "unknown" | "key_revoked" = "unknown";
      const hex = hashToken(secret).toString("hex");
      const find = async () => {
        const found = await checkBrowserSession(db, secret);
        if ("teamId" in found) return found;
        refused = found.refused;
        return null;
      };
      const holder = await browsers.get(hex, () => guesses.look(from, hex, find));
      return holder ?? { refused };
    },

    /** Exchanges a one-time token or a key for a browser session's secret; null when neither is good. */
    async logIn(proof: { token: string } | { apiKey: string }, from?: string): Promise<string | null> {
      if ("token" in proof) {
        const { token } = proof;
        const hex = hashToken(token).toString("hex");
        const teamId = await guesses.look(from, hex, () => spendLoginToken({ db, token }));
        return teamId === null ? null : startBrowserSession({ db, teamId, apiKeyId: null });
      }
      const holder = await holderOfKey(proof.apiKey, from);
      return holder && startBrowserSession({ db, teamId: holder.teamId, apiKeyId: holder.id });
    },

    async logOut(secret: string): Promise<void> {
      browsers.forget(hashToken(secret).toString("hex"));
      await endBrowserSession({ db, secret });
    },

    getTeam: (teamId: string) => getTeam(db, teamId),
  };
}

/** Only what was found is remembered, so a guess costs a query each time and fills nothing. */
function rememberFound<T>(clock: Clock) {
  const remembered = new Map<string, { found: T; until: number }>();
  return {
    async get(key: string, find: () => Promise<T | null>): Promise<T | null> {
      const known = remembered.get(key);
      if (known && known.until > clock.now()) return known.found;
      remembered.delete(key);
      const found = await find();
      if (found === null) return null;
      if (remembered.size >= MAX_REMEMBERED) remembered.clear();
      remembered.set(key, { found, until: clock.now() + REMEMBERED_MS });
      return found;
    },
    forget: (key: string) => void remembered.delete(key),
  };
}
