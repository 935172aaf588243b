// How fast one sandbox may come with hosts that it did not reach before: each costs a certificate and questions to name servers.
import { Refusal } from "./refusal.ts";

const BURST = 200;
const PER_SECOND = 10;
const REMEMBERED = 1_000;

export type HostBudget = { spend(host: string): void };

/** `spend` throws a `Refusal` when there were too many new ones lately. */
export function createHostBudget({ now }: { now: () => number }): HostBudget {
  const known = new Set<string>();
  let left = BURST;
  let at = now();
  return {
    spend(host) {
      if (known.has(host)) return;
      const time = now();
      left = Math.min(BURST, left + ((time - at) / 1000) * PER_SECOND);
      at = time;
      if (left < 1)
        throw new Refusal("too_many_hosts", "Too many different hosts in a short time. Try again in some seconds.", {
          status: 429,
        });
      left -= 1;
      if (known.size >= REMEMBERED) known.clear();
      known.add(host);
    },
  };
}
