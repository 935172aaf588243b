// Addresses that no sandbox may reach, whatever name leads to them. Pure.
import { BlockList, isIP, isIPv4 } from "node:net";

type Range = readonly [range: string, kind: string];

const IPV4: readonly Range[] = [
  ["0.0.0.0/8", "this host"],
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "carrier-grade NAT"],
  ["127.0.0.0/8", "loopback"],
  ["168.63.129.16/32", "cloud metadata"],
  ["169.254.0.0/16", "link-local"],
  ["172.16.0.0/12", "private"],
  ["192.0.0.0/24", "special purpose"],
  ["192.0.2.0/24", "documentation"],
  ["192.88.99.0/24", "6to4"],
  ["192.168.0.0/16", "private"],
  ["198.18.0.0/15", "benchmark"],
  ["198.51.100.0/24", "documentation"],
  ["203.0.113.0/24", "documentation"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved"],
];
/** Those that hold an IPv4 address are refused whole: what is at their other end is not ours to know. */
const IPV6: readonly Range[] = [
  ["::ffff:0:0/96", "IPv4-mapped"],
  ["64:ff9b::/96", "NAT64"],
  ["64:ff9b:1::/48", "NAT64"],
  ["2001::/32", "Teredo"],
  ["2001::/23", "special purpose"],
  ["2001:db8::/32", "documentation"],
  ["2002::/16", "6to4"],
  ["3fff::/20", "documentation"],
  ["fc00::/7", "private"],
  ["fe80::/10", "link-local"],
  ["fec0::/10", "private"],
  ["ff00::/8", "multicast"],
  ["::1/128", "loopback"],
  ["::/128", "this host"],
];
/** Of IPv6, only this is given out to hosts of the Internet. */
const IPV6_INTERNET = listOf(["2000::/3"]);

const known = {
  ipv4: IPV4.map(([range, kind]) => ({ list: listOf([range]), kind })),
  ipv6: IPV6.map(([range, kind]) => ({ list: listOf([range]), kind })),
};

/** Throws for a text that is not a range, such as `10.0.0.0/8`. */
export function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits, ...rest] = range.split("/");
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? most : Number(bits);
    if (family === 0 || rest.length > 0 || !/^\d{1,3}$/.test(bits ?? "0") || prefix > most)
      throw new Error(`${JSON.stringify(range)} is not a range of addresses, such as 10.0.0.0/8`);
    list.addSubnet(address, prefix, family === 4 ? "ipv4" : "ipv6");
  }
  return list;
}

/** Why an address is refused, in a few words; null where it is one of the Internet's. `own`: this host's, in any notation. */
export function refusedAddress(
  address: string,
  { own, ranges }: { own: readonly string[]; ranges: BlockList },
): string | null {
  if (isIP(address) === 0 || address.includes("%")) return "not an address";
  const family = isIPv4(address) ? "ipv4" : "ipv6";
  // Each family by its own ranges: a BlockList takes an IPv4 address and its IPv4-mapped form for the same.
  const found = known[family].find(({ list }) => list.check(address, family));
  if (found) return found.kind;
  if (family === "ipv6" && !IPV6_INTERNET.check(address, family)) return "not of the Internet";
  if (own.some((mine) => isIP(mine) !== 0 && listOf([mine]).check(address, family))) return "this host";
  return ranges.check(address, family) ? "refused by the operator" : null;
}
