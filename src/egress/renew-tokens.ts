// Renews the tokens of OAuth credentials for the broker: one request of a credential at a time, and none soon after one that failed.
import type { Clock } from "../lib/clock.ts";
import type { RefreshOutcome } from "../secrets/refresh-token.ts";
import type { SessionCredential } from "../secrets/session-credentials.ts";

export type RefreshToken = (sessionId: string, credential: SessionCredential) => Promise<RefreshOutcome>;

/** Each holds a connection to the database while its endpoint thinks. */
const MAX_AT_ONCE = 4;
const FAILED_FOR_MS = 10_000;

export function createRenewTokens({ refreshToken, clock }: { refreshToken: RefreshToken; clock: Clock }): RefreshToken {
  const running = new Map<string, Promise<RefreshOutcome>>();
  const failed = new Map<string, { outcome: RefreshOutcome; until: number }>();
  const waiting: (() => void)[] = [];
  let active = 0;

  async function oneOfFew(sessionId: string, credential: SessionCredential): Promise<RefreshOutcome> {
    if (active >= MAX_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    else active += 1;
    try {
      return await refreshToken(sessionId, credential);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else active -= 1;
    }
  }

  return async (sessionId, credential) => {
    // A credential that was changed is another one.
    const key = `${credential.id}.${credential.version}`;
    const now = clock.now();
    for (const [old, { until }] of failed) if (until <= now) failed.delete(old);
    const before = failed.get(key);
    if (before) return before.outcome;
    const known = running.get(key);
    if (known) return known;
    const renewing = oneOfFew(sessionId, credential).then((outcome) => {
      if (outcome.did === "failed") failed.set(key, { outcome, until: clock.now() + FAILED_FOR_MS });
      return outcome;
    });
    running.set(key, renewing);
    try {
      return await renewing;
    } finally {
      running.delete(key);
    }
  };
}
