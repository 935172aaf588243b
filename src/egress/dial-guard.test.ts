// What a name may be dialled at.
import type { LookupAddress } from "node:dns";
import { expect, it } from "vitest";
import { createDialGuard } from "./dial-guard.ts";
import { listOf } from "./refused-addresses.ts";

function guardOf(answers: Record<string, string[]>) {
  const asked: string[] = [];
  const guard = createDialGuard({
    namedHosts: [{ host: "mirror.corp.example", address: "10.0.0.5", port: 8443 }],
    refusedRanges: listOf(["9.9.0.0/16"]),
    ownAddresses: () => ["8.8.4.4"],
    resolve: async (host) => {
      asked.push(host);
      const found = answers[host];
      if (!found) throw new Error("ENOTFOUND");
      return found;
    },
  });
  const lookUp = (host: string) =>
    new Promise<string[]>((resolve, reject) => {
      guard.lookup(host, { all: true }, (error, addresses) => {
        if (error) reject(error);
        else resolve((addresses as LookupAddress[]).map(({ address }) => address));
      });
    });
  return { guard, lookUp, asked };
}

it("is all its addresses, each of the Internet", async () => {
  const { lookUp, asked } = guardOf({ "a.example": ["8.8.8.8", "2606:4700::1111"] });
  expect(await lookUp("a.example")).toEqual(["8.8.8.8", "2606:4700::1111"]);
  expect(asked).toEqual(["a.example"]);
});

it.each([
  ["private", ["10.0.0.1"]],
  ["this host's own", ["8.8.4.4"]],
  ["of a range that the operator refuses", ["9.9.9.9"]],
  ["E7: one of several that is loopback", ["8.8.8.8", "127.0.0.1"]],
  ["NAT64", ["64:ff9b::a00:1"]],
])("is refused when it is %s", async (_, answers) => {
  const { lookUp } = guardOf({ "a.example": answers });
  await expect(lookUp("a.example")).rejects.toMatchObject({ rule: "refused_address", suspicious: true });
});

it("is unresolved without an address", async () => {
  const { lookUp } = guardOf({ "none.example": [] });
  await expect(lookUp("none.example")).rejects.toMatchObject({ rule: "unresolved" });
  await expect(lookUp("missing.example")).rejects.toMatchObject({ rule: "unresolved" });
});

it("is where the operator says, who may name a private address, and DNS is not asked", async () => {
  const { guard, lookUp, asked } = guardOf({ "mirror.corp.example": ["8.8.8.8"] });
  expect(await lookUp("mirror.corp.example")).toEqual(["10.0.0.5"]);
  expect(guard.portOf("mirror.corp.example")).toBe(8443);
  expect(guard.portOf("a.example")).toBe(443);
  expect(asked).toEqual([]);
});

it("is reached on the port that is asked for, except where the operator says which", () => {
  const { guard } = guardOf({});
  expect(guard.portOf("a.example", 8080)).toBe(8080);
  expect(guard.portOf("mirror.corp.example", 22)).toBe(8443);
});
