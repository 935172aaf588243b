// Renews the access token of an OAuth credential, once, however many brokers need it at the same time. Who sends is given.

import { keepRefreshed, lockRefresh, noteProblem } from "../db/credential-refreshes.ts";
import { putSealedField } from "../db/credentials.ts";
import { type Database, type DatabaseTransaction, inTransaction } from "../db/database.ts";
import { listEffectiveFields, listFieldsOf } from "../db/session-credentials.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { sealField } from "./sealed-fields.ts";
import type { SendTokenRequest } from "./send-token-request.ts";
import type { SessionCredential } from "./session-credentials.ts";
import type { TeamKeys } from "./team-keys.ts";
import { type Renewed, readTokenAnswer, toTokenRequest } from "./token-request.ts";

/** A token that ends this soon is renewed before it is used. */
export const RENEW_BEFORE_MS = 60_000;

export type RefreshOptions = {
  db: Database;
  teamKeys: TeamKeys;
  clock: Clock;
  /** Through the broker's dial guard. Rejects when the endpoint cannot be reached. */
  send: SendTokenRequest;
};
/** `changed`: read the session's credentials again. `failed`: it stays as it is, and is shown with the problem. */
export type RefreshOutcome = { did: "changed" } | { did: "failed"; problem: string; final: boolean };

export function needsRenewal(credential: Pick<SessionCredential, "auth">, now: number): boolean {
  const { auth } = credential;
  if (auth.type !== "mcp_oauth" || auth.refresh === null || auth.expires_at === null) return false;
  return Date.parse(auth.expires_at) - now < RENEW_BEFORE_MS;
}

export function createRefreshToken({ db, teamKeys, clock, send }: RefreshOptions) {
  async function keep(
    tx: DatabaseTransaction,
    credential: SessionCredential & { auth: { type: "mcp_oauth" } },
    renewed: Renewed,
  ): Promise<boolean> {
    const { id: credentialId, vaultId, teamId, version } = credential;
    const place = { credentialId, vaultId, teamId };
    const auth = { ...credential.auth, expires_at: renewed.expiresAt?.toISOString() ?? null };
    const now = new Date(clock.now());
    if (!(await keepRefreshed(tx, { ...place, auth, fromVersion: version, now }))) return false;
    const teamKey = await teamKeys.forSealing(tx, teamId);
    const fields = { access_token: renewed.accessToken, refresh_token: renewed.refreshToken };
    for (const [field, secret] of Object.entries(fields)) {
      if (secret === null) continue;
      const sealed = sealField(teamKey, { ...place, field, version: version + 1 }, secret);
      await putSealedField(tx, { ...place, ...sealed });
    }
    return true;
  }

  /** `credential`: as the session has it; null: for none. Nothing is asked when another process has renewed it since. */
  return async function refreshToken(sessionId: string | null, credential: SessionCredential): Promise<RefreshOutcome> {
    const { auth, id, vaultId, teamId, version } = credential;
    if (auth.type !== "mcp_oauth" || auth.refresh === null)
      return { did: "failed", problem: "There is no refresh token.", final: true };
    const { refresh } = auth;
    return inTransaction(db, async (tx) => {
      await lockRefresh(tx, id);
      const rows =
        sessionId === null
          ? await listFieldsOf(tx, { teamId, vaultId, credentialId: id })
          : await listEffectiveFields(tx, sessionId);
      const now = rows.find((row) => row.credentialId === id);
      if (!now || now.version !== version) return { did: "changed" };
      const caller = { teamId, sessionId, credentials: [credential.name] };
      const answer = await send(toTokenRequest(refresh, credential.secrets), caller).then(
        (answered) => readTokenAnswer(answered, clock.now()),
        (error: unknown) => ({ problem: `The token endpoint cannot be reached: ${messageOf(error)}`, final: false }),
      );
      if ("renewed" in answer) {
        await keep(tx, { ...credential, auth }, answer.renewed);
        return { did: "changed" };
      }
      const place = { credentialId: id, vaultId, teamId };
      const { problem, final } = answer;
      await noteProblem(tx, { ...place, fromVersion: version, problem, final, now: new Date(clock.now()) });
      return { did: "failed", problem, final };
    });
  };
}
