// Leases of sessions that have no work, for upkeep: snapshots, sleep, files that go back. This process knows which of them are its own.
import type { Database } from "./database.ts";
import { type Claim, claimIdleSession, giveBack } from "./leases.ts";

/** By session and epoch, which no two leases share. */
const underWay = new Set<string>();

const keyOf = (sessionId: string, epoch: number) => `${sessionId} ${epoch}`;

/** Does `work` under the session's lease, and gives it back; null when the session is in use. */
export async function underIdleLease<T>(
  db: Database,
  input: { workerId: string; sessionId: string },
  work: (claim: Claim) => Promise<T>,
): Promise<{ result: T } | null> {
  const claim = await claimIdleSession(db, input);
  if (!claim) return null;
  const key = keyOf(claim.sessionId, claim.fence.epoch);
  underWay.add(key);
  try {
    return { result: await work(claim) };
  } finally {
    try {
      await giveBack(db, claim);
    } finally {
      underWay.delete(key);
    }
  }
}

/** A lease that somebody in this process is working under, by `underIdleLease`. */
export function isUnderUpkeep({ sessionId, epoch }: { sessionId: string; epoch: number }): boolean {
  return underWay.has(keyOf(sessionId, epoch));
}
