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
  /** Guesses of an address that are looked at now and may turn out to be wrong, and others that wait for what they leave. */
  const underWay = new Map<string, { looking: number; waiting: (() => void)[] }>();

  function refilled(spent: Spent): Spent {
    const now = clock.now();
    spent.left = Math.min(GUESSES, spent.left + (now - spent.at) / 1000);
    spent.at = now;
    if (spent.left === GUESSES) spent.wrong.clear();
    return spent;
  }

  function leftOf(network: string): number {
    const spent = byAddress.get(network);
    return spent === undefined ? GUESSES : refilled(spent).left;
  }

  function isKnown(network: string, hash: string): boolean {
    return (trusted.get(hash) ?? 0) > clock.now() || (byAddress.get(network)?.wrong.has(hash) ?? false);
  }

  const budget = {
    /**
     * What `find` finds for `hash`; null is wrong. Of an address no more are looked at side by side than it may still have wrong: the others
     * wait until those have turned out to be right or wrong. Throws `rate_limited`, and what `find` throws.
     */
    async look<T>(address: string | undefined, hash: string, find: () => Promise<T | null>): Promise<T | null> {
      const done = await begin(address, hash);
      try {
        const found = await find();
        if (found === null) budget.wrong(address, hash);
        else budget.right(hash);
        return found;
      } finally {
        done();
      }
    },

    /** Throws `rate_limited`. `hash`: of what was sent. Without an address (inside the server) nothing is limited. */
    check(address: string | undefined, hash: string): void {
      if (address === undefined) return;
      const network = networkOf(address);
      if (isKnown(network, hash) || leftOf(network) >= 1) return;
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

  /** Waits for a place; gives what leaves it. */
  async function begin(address: string | undefined, hash: string): Promise<() => void> {
    for (;;) {
      budget.check(address, hash);
      const network = address === undefined ? null : networkOf(address);
      if (network === null || isKnown(network, hash)) return () => undefined;
      const now = underWay.get(network) ?? { looking: 0, waiting: [] };
      if (now.looking + 1 <= leftOf(network)) {
        underWay.set(network, now);
        now.looking += 1;
        return () => {
          now.looking -= 1;
          if (now.looking === 0) underWay.delete(network);
          for (const goOn of now.waiting.splice(0)) goOn();
        };
      }
      await new Promise<void>((resolve) => now.waiting.push(resolve));
    }
  }

  return budget;
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
