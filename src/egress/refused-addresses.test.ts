// Which addresses no sandbox reaches, and that every other one is reached.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listOf, refusedAddress } from "./refused-addresses.ts";

const nothing = { own: [], ranges: listOf([]) };
const why = (address: string) => refusedAddress(address, nothing);

describe("E2, E5: refused", () => {
  it.each([
    ["169.254.169.254", "link-local"],
    ["fd00:ec2::254", "private"],
    ["100.100.100.200", "carrier-grade NAT"],
    ["168.63.129.16", "cloud metadata"],
    ["192.0.0.192", "special purpose"],
    ["127.0.0.1", "loopback"],
    ["127.255.255.255", "loopback"],
    ["0.0.0.0", "this host"],
    ["10.1.2.3", "private"],
    ["172.31.255.255", "private"],
    ["192.168.0.1", "private"],
    ["198.18.0.1", "benchmark"],
    ["224.0.0.1", "multicast"],
    ["255.255.255.255", "reserved"],
    ["::", "this host"],
    ["::1", "loopback"],
    ["fe80::1", "link-local"],
    ["fe80::1%eth0", "not an address"],
    ["ff02::1", "multicast"],
    ["::ffff:127.0.0.1", "IPv4-mapped"],
    ["::ffff:8.8.8.8", "IPv4-mapped"],
    ["::ffff:7f00:1", "IPv4-mapped"],
    ["::127.0.0.1", "not of the Internet"],
    ["64:ff9b::7f00:1", "NAT64"],
    ["64:ff9b::808:808", "NAT64"],
    ["64:ff9b:1::a00:1", "NAT64"],
    ["2002:7f00:1::", "6to4"],
    ["2001:0:53aa:64c:0:fffe:80ff:fffe", "Teredo"],
    ["2001:db8::1", "documentation"],
    ["4000::1", "not of the Internet"],
    ["localhost", "not an address"],
    ["", "not an address"],
    ["127.1", "not an address"],
  ])("%s: %s", (address, kind) => expect(why(address)).toBe(kind));
});

it.each([
  "8.8.8.8",
  "172.15.255.255",
  "172.32.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "198.17.255.255",
  "2606:4700::1111",
  "2a00:1450:4001:82b::200e",
])("%s is reached", (address) => expect(why(address)).toBeNull());

it("this host's own addresses are refused in every notation", () => {
  const own = ["8.8.4.4", "2a00:1450:0:0::1"];
  expect(refusedAddress("8.8.4.4", { ...nothing, own })).toBe("this host");
  expect(refusedAddress("2A00:1450::0001", { ...nothing, own })).toBe("this host");
  expect(refusedAddress("8.8.4.5", { ...nothing, own })).toBeNull();
});

it("the operator's ranges are refused", () => {
  const ranges = listOf(["8.8.0.0/16", "2a00::/16", "9.9.9.9"]);
  for (const address of ["8.8.8.8", "2a00:1450::1", "9.9.9.9"])
    expect(refusedAddress(address, { own: [], ranges })).toBe("refused by the operator");
  expect(refusedAddress("9.9.9.10", { own: [], ranges })).toBeNull();
});

it.each(["10.0.0.0/33", "10.0.0/8", "x", "::/129", "1.2.3.4/", "1.2.3.4/8/8", "1.2.3.4/-1"])(
  "%s is not a range",
  (range) => expect(() => listOf([range])).toThrow("is not a range"),
);

it("an IPv4 address of a refused range is refused in every IPv6 form that holds it", () => {
  const inside = fc.constantFrom([10, 0], [127, 0], [169, 254], [192, 168], [172, 16], [100, 64]);
  fc.assert(
    fc.property(inside, fc.nat(255), fc.nat(255), ([a = 0, b = 0], c, d) => {
      const hex = [a * 256 + b, c * 256 + d].map((half) => half.toString(16)).join(":");
      const forms = [`${a}.${b}.${c}.${d}`, `::ffff:${hex}`, `::${hex}`, `64:ff9b::${hex}`, `2002:${hex}::1`];
      for (const form of forms) expect(why(form), form).not.toBeNull();
    }),
  );
});
