// What a sandbox's session may reach, asked of the database and kept for a moment: a change holds within two seconds.

import type { Policy } from "./decide.ts";
import { Refusal } from "./refusal.ts";

const FRESH_MS = 2_000;

export type ReadPolicy = (identity: string) => Promise<Policy | null>;

/** For one sandbox. Without an answer nothing is reached. */
export function createPolicyCache(options: {
  identity: string;
  read: ReadPolicy;
  now: () => number;
}): () => Promise<Policy | null> {
  let known: { policy: Promise<Policy | null>; readAt: number } | null = null;
  return () => {
    const now = options.now();
    if (known && now - known.readAt < FRESH_MS) return known.policy;
    const policy = options.read(options.identity).then(
      (found) => {
        // It may be claimed by a session at any moment.
        if (found === null) known = null;
        return found;
      },
      (cause: unknown) => {
        known = null;
        throw new Refusal("policy_unavailable", "What this session may reach can't be looked up right now.", {
          status: 503,
          cause,
        });
      },
    );
    known = { policy, readAt: now };
    return policy;
  };
}
