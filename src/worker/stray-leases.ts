// Leases that bear a worker's name and that it does not know of: the answer to a claim was lost with its connection, or a session could not be
// given back. Extended with the others they would last as long as the worker, and nobody would work on those sessions.
import type { Database } from "../db/database.ts";
import { giveBack, type HeldLease } from "../db/leases.ts";

export type StrayLeases = {
  /** Gives back those of `leases` that `isKnown` has denied now and at the last look. Returns their sessions. */
  giveBack(leases: readonly HeldLease[], isKnown: (lease: HeldLease) => boolean): Promise<string[]>;
};

/**
 * Twice, because the answer to a claim may be on its way. One that comes later still does no harm: whoever begins with it
 * finds the lease lost at the first write.
 */
export function createStrayLeases({ db, workerId }: { db: Database; workerId: string }): StrayLeases {
  let seen = new Set<string>();
  const keyOf = ({ sessionId, epoch }: HeldLease) => `${sessionId} ${epoch}`;
  return {
    async giveBack(leases, isKnown) {
      const unknown = leases.filter((lease) => !isKnown(lease));
      const strays = unknown.filter((lease) => seen.has(keyOf(lease)));
      seen = new Set(unknown.map(keyOf));
      for (const { sessionId, epoch } of strays) await giveBack(db, { sessionId, fence: { owner: workerId, epoch } });
      return strays.map(({ sessionId }) => sessionId);
    },
  };
}
