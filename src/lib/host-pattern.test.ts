import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { canonicalHost, compareExactness, matchesHost, parseHostPattern } from "./host-pattern.ts";

describe("an entry of an allow-list", () => {
  test.each([
    ["api.github.com", "api.github.com"],
    ["API.GitHub.com.", "api.github.com"],
    ["*.Example.com", "*.example.com"],
    ["*.a.b.example.co.uk", "*.a.b.example.co.uk"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["gitea", "gitea"],
    ["*.example.co.uk", "*.example.co.uk"],
  ])("%s is kept as %s", (text, pattern) => expect(parseHostPattern(text)).toEqual({ pattern }));

  test.each([
    ["*.com", "strangers"],
    ["*.co.uk", "strangers"],
    ["*.github.io", "strangers"],
    ["*", "in front only"],
    ["*.*.example.com", "in front only"],
    ["api.*.com", "in front only"],
    ["*example.com", "in front only"],
    ["192.0.2.1", "IP address"],
    ["127.1", "IP address"],
    ["0x7f000001", "IP address"],
    ["2130706433", "IP address"],
    ["0177.0.0.1", "IP address"],
    ["１２７.0.0.1", "IP address"],
    ["[::1]", "IP address"],
    ["::1", "IP address"],
    ["fe80::1", "IP address"],
    ["*.0.0.1", "IP address"],
    ["api.github.com:443", "has a port"],
    ["api.github.com:", "has a port"],
    ["api.github.com/v3", "has a path"],
    ["api.github.com?x", "has a path"],
    ["api.github.com#x", "has a path"],
    ["a%2eb.com", "has a path"],
    ["api.github.com\\@evil.test", "names a user"],
    ["user@api.github.com", "names a user"],
    ["https://api.github.com", "is a URL"],
    ["a b.com", "space"],
    ["a\u200bb.com", "invisible"],
    ["evil.test\u0000.example.com", "invisible"],
    ["", "is empty"],
    ["-a.com", "not the name"],
    ["a..b.com", "not the name"],
    [`${"a".repeat(64)}.com`, "not the name"],
    [`${"a.".repeat(130)}com`, "not the name"],
    ["localhost", "machine itself"],
    ["x.localhost", "machine itself"],
  ])("%j is refused: %s", (text, why) => {
    const found = parseHostPattern(text);
    expect("problem" in found ? found.problem : "kept").toContain(why);
  });
});

describe("a pattern and a host", () => {
  test.each([
    ["example.com", "example.com", true],
    ["example.com", "www.example.com", false],
    ["*.example.com", "www.example.com", true],
    ["*.example.com", "a.b.example.com", true],
    ["*.example.com", "example.com", false],
    ["*.example.com", ".example.com", false],
    ["*.example.com", "badexample.com", false],
    ["*.example.com", "example.com.evil.test", false],
  ])("%s and %s: %s", (pattern, host, matches) => expect(matchesHost(pattern, host)).toBe(matches));

  it("the most exact pattern comes first", () => {
    const patterns = ["*.example.com", "a.b.example.com", "*.b.example.com"];
    expect(patterns.sort((a, b) => compareExactness(b, a))).toEqual([
      "a.b.example.com",
      "*.b.example.com",
      "*.example.com",
    ]);
  });
});

it("the canonical form of a canonical form is itself, and never an address, whatever the text", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.domain(), fc.ipV4(), fc.ipV6(), fc.webUrl()), (text) => {
      const host = canonicalHost(text);
      if (host === null) return;
      expect(canonicalHost(host)).toBe(host);
      expect(host).toMatch(/^[a-z0-9.-]+$/);
      expect(host.split(".").at(-1)).not.toMatch(/^\d+$/);
      expect(new URL(`https://${host}/`).hostname).toBe(host);
    }),
  );
});
