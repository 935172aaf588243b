// What exceeds a ceiling is refused by name, and what is not refused reaches nothing above it.
import fc from "fast-check";
import { expect, test } from "vitest";
import { allowingRule } from "./allowing-rule.ts";
import type { Networking } from "./environments.ts";
import { findExcess, isCovered } from "./networking-ceiling.ts";

const limited = (allowed_hosts: string[], flags: { packages?: boolean; mcp?: boolean } = {}): Networking => ({
  ...{ type: "limited", allowed_hosts },
  allow_package_managers: flags.packages ?? false,
  allow_mcp_servers: flags.mcp ?? false,
});
const ceiling = limited(["*.corp.example", "api.github.com"]);

test.each<[string, Networking, string | null]>([
  ["everything", { type: "unrestricted" }, "unrestricted"],
  ["nothing", limited([]), null],
  ["hosts below", limited(["git.corp.example", "API.github.com"]), null],
  ["narrower wildcards", limited(["*.eu.corp.example", "*.corp.example"]), null],
  ["a wider wildcard", limited(["*.github.com"]), '"*.github.com" is more'],
  ["a wildcard below an exact host", limited(["*.api.github.com"]), '"*.api.github.com" is more'],
  ["the apex", limited(["corp.example"]), '"corp.example" is more'],
  ["one that only looks alike", limited(["evilcorp.example"]), '"evilcorp.example" is more'],
  ["two", limited(["a.com", "git.corp.example", "b.com"]), '"a.com", "b.com" are more'],
  ["registries", limited([], { packages: true }), "package registries"],
  ["MCP servers", limited([], { mcp: true }), "MCP servers"],
  // What an earlier release took into a list allows nothing, so it is not too much.
  ["what is no entry", limited(["*", "*.com"]), null],
])("%s: whether it is too much, and what of it", (_, networking, why) => {
  const excess = findExcess(networking, ceiling);
  if (why === null) return expect(excess).toBeNull();
  expect(excess).toContain(why);
  expect(excess).toContain("*.corp.example, api.github.com");
});

test("without a ceiling nothing is too much, and a ceiling of nothing allows nothing", () => {
  for (const networking of [{ type: "unrestricted" } as const, limited(["a.com"], { packages: true, mcp: true })]) {
    expect(findExcess(networking, { type: "unrestricted" })).toBeNull();
    expect(findExcess(networking, limited([]))).toContain("nothing");
  }
  expect(findExcess(limited([], { packages: true, mcp: true }), limited([], { packages: true, mcp: true }))).toBeNull();
});

const name = fc
  .array(fc.constantFrom("a", "b", "ab", "corp", "example", "com"), { minLength: 2, maxLength: 4 })
  .map((parts) => parts.join("."));
const entry = fc.oneof(
  name,
  name.map((host) => `*.${host}`),
  name.map((host) => host.toUpperCase()),
);
const entries = fc.array(entry, { maxLength: 4 });

test("property: what may be written below a ceiling reaches no host that the ceiling does not", () => {
  const flags = fc.record({ packages: fc.boolean(), mcp: fc.boolean() });
  const others = fc.record({ packageHosts: entries, mcpHosts: fc.array(name, { maxLength: 2 }) });
  let below = 0;
  fc.assert(
    fc.property(entries, flags, entries, flags, others, name, (mine, has, most, may, other, host) => {
      const [asked, above] = [limited(mine, has), limited(most, may)];
      if (findExcess(asked, above) !== null) return;
      below += 1;
      if (allowingRule(asked, host, other) !== null) expect(allowingRule(above, host, other)).not.toBeNull();
    }),
    { numRuns: 5_000 },
  );
  expect(below).toBeGreaterThan(100);
});

test("property: an entry that is refused allows some host that the ceiling does not", () => {
  fc.assert(
    fc.property(entry, entries, name, (text, by, other) => {
      const canonical = text.toLowerCase();
      // Of a wildcard, a name below it that nobody lists.
      const hosts = canonical.startsWith("*.")
        ? [`unlisted.deep.${canonical.slice(2)}`, `unlisted.${canonical.slice(2)}`, other]
        : [canonical];
      const outside = hosts.some(
        (host) =>
          allowingRule(limited([text]), host, { packageHosts: [], mcpHosts: [] }) !== null &&
          allowingRule(limited(by), host, { packageHosts: [], mcpHosts: [] }) === null,
      );
      expect(isCovered(text, by)).toBe(!outside);
    }),
    { numRuns: 5_000 },
  );
});
