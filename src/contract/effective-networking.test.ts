// What comes of a team's networking and the server's: never more than either.
import fc from "fast-check";
import { expect, test } from "vitest";
import { allowingRule, type OtherHosts } from "./allowing-rule.ts";
import { effectiveNetworking, intersection } from "./effective-networking.ts";
import type { Networking } from "./environments.ts";

const limited = (allowed_hosts: string[], more: { packages?: boolean; mcp?: boolean } = {}): Networking => ({
  type: "limited",
  allow_mcp_servers: more.mcp ?? false,
  allow_package_managers: more.packages ?? false,
  allowed_hosts,
});
const open: Networking = { type: "unrestricted" };

test.each<[string, Parameters<typeof effectiveNetworking>[0], Networking, Networking]>([
  ["nothing said", { default: null, ceiling: null, server: { default: open, ceiling: open } }, open, open],
  [
    "the team's default comes first",
    { default: limited(["a.com"]), ceiling: null, server: { default: open, ceiling: open } },
    limited(["a.com"]),
    open,
  ],
  [
    "unrestricted below a ceiling becomes nothing, not all of it",
    { default: null, ceiling: limited(["*.a.com"]), server: { default: open, ceiling: open } },
    limited([]),
    limited(["*.a.com"]),
  ],
  [
    "a default from before a ceiling is cut to it",
    {
      default: limited(["x.a.com", "b.com"], { packages: true }),
      ceiling: limited(["*.a.com"]),
      server: { default: open, ceiling: open },
    },
    limited(["x.a.com"]),
    limited(["*.a.com"]),
  ],
  [
    "of two ceilings what both allow is left",
    {
      default: null,
      ceiling: limited(["x.a.com", "b.com"], { mcp: true, packages: true }),
      server: { default: limited([]), ceiling: limited(["*.a.com", "c.com"], { packages: true }) },
    },
    limited([]),
    limited(["x.a.com"], { packages: true }),
  ],
])("%s", (_, input, wanted, ceiling) => expect(effectiveNetworking(input)).toEqual({ default: wanted, ceiling }));

const name = fc.array(fc.constantFrom("a", "com"), { minLength: 2, maxLength: 3 }).map((parts) => parts.join("."));
const networking = fc.oneof(
  fc.constant(open),
  fc
    .record({
      hosts: fc.array(
        fc.oneof(
          name,
          name.map((host) => `*.${host}`),
        ),
        { maxLength: 4 },
      ),
      packages: fc.boolean(),
      mcp: fc.boolean(),
    })
    .map(({ hosts, ...more }) => limited(hosts, more)),
);

test("property: a host that lists alone decide about is in the intersection just where both allow it; no other is in it at all", () => {
  const others = fc.record({
    packageHosts: fc.array(name, { maxLength: 2 }),
    mcpHosts: fc.array(name, { maxLength: 2 }),
  });
  const none: OtherHosts = { packageHosts: [], mcpHosts: [] };
  let both = 0;
  fc.assert(
    fc.property(networking, networking, others, name, (one, other, beside, host) => {
      const allows = (by: Networking, more = none) => allowingRule(by, host, more) !== null;
      const together = intersection(one, other);
      expect(allows(together)).toBe(allows(one) && allows(other));
      if (allows(together, beside)) expect(allows(one, beside) && allows(other, beside)).toBe(true);
      if (one.type === "limited" && other.type === "limited" && allows(together)) both += 1;
    }),
    // Lists that both allow the host are rare among 500; one is there whatever the seed.
    { numRuns: 500, examples: [[limited(["*.a.com"]), limited(["a.a.com"]), none, "a.a.com"]] },
  );
  expect(both).toBeGreaterThan(0);
});
