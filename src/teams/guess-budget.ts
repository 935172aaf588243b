// How many wrong keys, links and cookies one address may try. The same wrong one again is no new guess: a forgotten tab asks with its old cookie for days.
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";

/** At once, and one more each second after that. */
const GUESSES = 30;
const MAX_ADDRESSES = 10_000;
/** What was right within this time is let through: somebody who guesses at the same address (a proxy's, say) shuts nobody out. */
const TRUSTED_MS = 3_600_000;
const MAX_TRUSTED = 10_000;

type Spent = { left: number; at: number; wrong: Set<string> };

export function createGuessBudget(clock: Clock) {
  const byAddress = new Map<string, Spent>();
  const trusted = new Map<string, number>();

  function refilled(spent: Spent): Spent {
    const now = clock.now();
    spent.left = Math.min(GUESSES, spent.left + (now - spent.at) / 1000);
    spent.at = now;
    if (spent.left === GUESSES) spent.wrong.clear();
    return spent;
  }

  return {
    /** Throws `rate_limited`. `hash`: of what was sent. Without an address (inside the server) nothing is limited. */
    check(address: string | undefined, hash: string): void {
      const spent = address === undefined ? undefined : byAddress.get(networkOf(address));
      if (!spent || (trusted.get(hash) ?? 0) > clock.now() || spent.wrong.has(hash)) return;
      if (refilled(spent).left >= 1) return;
      throw new PlatformError(
        "rate_limited",
        "Too many wrong keys came from this address. Try again in a few seconds.",
      );
    },

    right(hash: string): void {
      if (trusted.size >= MAX_TRUSTED) trusted.clear();
      trusted.set(hash, clock.now() + TRUSTED_MS);
    },

    wrong(address: string | undefined, hash: string): void {
      trusted.delete(hash);
      if (address === undefined) return;
      const network = networkOf(address);
      const spent = byAddress.get(network) ?? { left: GUESSES, at: clock.now(), wrong: new Set() };
      refilled(spent);
      // The one that was heard of last is the last to be forgotten.
      byAddress.delete(network);
      byAddress.set(network, spent);
      const [oldest] = byAddress.keys();
      if (byAddress.size > MAX_ADDRESSES && oldest !== undefined) byAddress.delete(oldest);
      if (spent.wrong.has(hash)) return;
      spent.left -= 1;
      if (spent.wrong.size >= 2 * GUESSES) spent.wrong.clear();
      spent.wrong.add(hash);
    },
  };
}

/** Of IPv6 the network: whoever has one address of it has them all. */
function networkOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address.replace(/^::ffff:/i, "");
  const [head = "", tail = ""] = address.split("%")[0]?.split("::") ?? [];
  const before = head.split(":").filter(Boolean);
  const after = tail.split(":").filter(Boolean);
  const zeros = address.includes("::") ? Array(Math.max(0, 8 - before.length - after.length)).fill("0") : [];
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}
