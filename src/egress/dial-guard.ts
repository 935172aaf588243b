// From a host's name to addresses that may be dialled: resolved once, each address checked, and only those are connected to.
import { Resolver } from "node:dns/promises";
import { type BlockList, isIPv4, type LookupFunction } from "node:net";
import { networkInterfaces } from "node:os";
import { Refusal } from "./refusal.ts";
import { refusedAddress } from "./refused-addresses.ts";

/** A host that the operator named with its address. It is not asked of DNS, and may be a private one. */
export type NamedHost = { host: string; address: string; port: number | null };

export type DialGuardOptions = {
  namedHosts: readonly NamedHost[];
  refusedRanges: BlockList;
  /** Every address of a name; throws where there is none. */
  resolve?: (host: string) => Promise<string[]>;
  ownAddresses?: () => readonly string[];
};

export type DialGuard = {
  /** In the form of Node's `lookup` option: a connection is made to what it gives and to nothing else. Fails with a `Refusal`. */
  lookup: LookupFunction;
  /** Where the operator sends connections of this host; of a named host nothing else is reached. Otherwise the port that is asked for: 443 if none. */
  portOf(host: string, asked?: number): number;
  /** The same for what goes without TLS; 80 otherwise. */
  plainPortOf(host: string): number;
};

const RESOLVE_TIMEOUT_MS = 5_000;
const HTTPS_PORT = 443;
const HTTP_PORT = 80;

export function createDialGuard(options: DialGuardOptions): DialGuard {
  const { refusedRanges, resolve = resolveByDns, ownAddresses = addressesOfThisHost } = options;
  const named = new Map(options.namedHosts.map((entry) => [entry.host, entry]));

  async function addressesOf(host: string): Promise<string[]> {
    const known = named.get(host);
    if (known) return [known.address];
    const addresses = await resolve(host).catch((cause: unknown) => {
      throw new Refusal("unresolved", `The name ${host} could not be resolved.`, { cause });
    });
    const own = ownAddresses();
    for (const address of addresses) {
      const why = refusedAddress(address, { own, ranges: refusedRanges });
      // One is enough: who mixes public and private addresses hopes that the second is dialled.
      if (why !== null)
        throw new Refusal("refused_address", `${host} leads to an address that sandboxes may not reach.`, {
          detail: `${address}: ${why}`,
        });
    }
    if (addresses.length === 0) throw new Refusal("unresolved", `The name ${host} has no address.`);
    return addresses;
  }

  return {
    portOf: (host, asked = HTTPS_PORT) => (named.has(host) ? (named.get(host)?.port ?? HTTPS_PORT) : asked),
    plainPortOf: (host) => named.get(host)?.port ?? HTTP_PORT,
    lookup(host, lookupOptions, callback) {
      addressesOf(host).then(
        (addresses) => {
          const found = addresses.map((address) => ({ address, family: isIPv4(address) ? 4 : 6 }));
          if (lookupOptions.all) callback(null, found);
          else callback(null, found[0]?.address ?? "", found[0]?.family);
        },
        (error: Error) => callback(error, ""),
      );
    },
  };
}

/** Straight from the name servers: a slow one holds up nobody else, as it would in the system's resolver. */
async function resolveByDns(host: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: RESOLVE_TIMEOUT_MS / 2, tries: 2 });
  const late = setTimeout(() => resolver.cancel(), RESOLVE_TIMEOUT_MS);
  try {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    const [first] = answers;
    if (found.length === 0 && first?.status === "rejected") throw first.reason;
    return found;
  } finally {
    clearTimeout(late);
  }
}

function addressesOfThisHost(): string[] {
  return Object.values(networkInterfaces()).flatMap((entries) => entries?.map(({ address }) => address) ?? []);
}
