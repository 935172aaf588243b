// How often a token is renewed because a host refused it before its time: a host that refuses every token must not use up refresh tokens.
import type { Clock } from "../lib/clock.ts";
import type { SessionCredential } from "./session-credentials.ts";

const PAUSE_MS = 60_000;
const MAX_KNOWN = 10_000;

export type ForcedRenewals = {
  /** Of one state of a credential as often as it is asked; of the state that came of it not before a minute has passed. */
  mayForce(credential: Pick<SessionCredential, "id" | "version" | "auth">): boolean;
};

export function createForcedRenewals({ clock }: { clock: Clock }): ForcedRenewals {
  const known = new Map<string, { version: number; at: number }>();
  return {
    mayForce({ id, version, auth }) {
      if (auth.type !== "mcp_oauth" || auth.refresh === null) return false;
      const before = known.get(id);
      if (before && before.version === version) return true;
      if (before && clock.now() - before.at < PAUSE_MS) return false;
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(id, { version, at: clock.now() });
      return true;
    },
  };
}
