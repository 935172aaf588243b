// Logging in with a browser: one-time tokens, and the session that a token or a key is exchanged for.
import type { LoggedInBy } from "../contract/sign-in.ts";
import type { Database } from "../db/database.ts";
import {
  deleteBrowserSession,
  findBrowserSession,
  insertBrowserSession,
  insertLoginToken,
  takeLoginToken,
} from "../db/login.ts";
import { hashToken, newToken } from "./tokens.ts";

const LOGIN_TOKEN_LIFETIME_S = 15 * 60;
export const BROWSER_SESSION_LIFETIME_S = 30 * 24 * 3600;

/** A token for one login within 15 minutes. Only its hash is stored. */
export async function createLoginToken({ db, teamId }: { db: Database; teamId: string }): Promise<string> {
  const token = newToken();
  await insertLoginToken(db, { tokenHash: hashToken(token), teamId, lifetimeS: LOGIN_TOKEN_LIFETIME_S });
  return token;
}

/** The token's team, or null when it is unknown, used or too old. It is used up. */
export async function spendLoginToken({ db, token }: { db: Database; token: string }): Promise<string | null> {
  return takeLoginToken(db, hashToken(token));
}

/** The secret of a new browser session, for its cookie. One that was begun with a key ends with the key. */
export async function startBrowserSession({
  db,
  teamId,
  apiKeyId,
}: {
  db: Database;
  teamId: string;
  apiKeyId: string | null;
}): Promise<string> {
  const secret = newToken();
  const lifetimeS = BROWSER_SESSION_LIFETIME_S;
  await insertBrowserSession(db, { tokenHash: hashToken(secret), teamId, apiKeyId, lifetimeS });
  return secret;
}

export type BrowserHolder = { teamId: string; loggedInBy: LoggedInBy };

/** Whose browser session it is, if it has not ended; or why nobody is let in with it. */
export async function checkBrowserSession(
  db: Database,
  secret: string,
): Promise<BrowserHolder | { refused: "unknown" | "key_revoked" }> {
  const found = await findBrowserSession(db, hashToken(secret));
  if (!found) return { refused: "unknown" };
  const { teamId, keyId, keyName, keyRevoked } = found;
  if (keyRevoked) return { refused: "key_revoked" };
  return {
    teamId,
    loggedInBy: keyId === null ? { type: "link" } : { type: "api_key", id: keyId, name: keyName ?? "" },
  };
}

export async function endBrowserSession({ db, secret }: { db: Database; secret: string }): Promise<void> {
  await deleteBrowserSession(db, hashToken(secret));
}
