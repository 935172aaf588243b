// One canonical form of a host, whatever it is written like, and entries that allow what they say and nothing else.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalHost, findAllowed, parseAllowedHost } from "./host-names.ts";

describe("E8: one canonical form", () => {
  it("of what looks canonical is what a URL makes of it", () => {
    const part = fc.stringMatching(/^[a-f0-9_x-]{1,8}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 4 }), (parts) => {
        const text = parts.join(".");
        const { host } = canonicalHost(text);
        return host === null || host === new URL(`http://${text}/`).hostname;
      }),
      {
        examples: [
          ["0x7f", "1"],
          ["a", "0x1"],
          ["foo", "1"],
        ].map((parts) => [parts]),
      },
    );
  });

  it.each([
    ["EVIL.Test", "evil.test"],
    ["evil.test.", "evil.test"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["api．github。com", "api.github.com"],
    ["ＧｉｔＨｕｂ.com", "github.com"],
    ["_dmarc.example.com", "_dmarc.example.com"],
    ["a--b.example", "a--b.example"],
  ])("of %j is %j", (text, host) => expect(canonicalHost(text)).toEqual({ host, problem: null }));

  it.each([
    "",
    ".",
    "..",
    "a..b.example",
    ".example.com",
    "evil.test..",
    "localhost",
    "com",
    "a.test\0.github.com",
    "a.test%00.github.com",
    "user@github.com",
    "github.com@evil.test",
    "github.com:443",
    "github.com/path",
    "github.com\\evil.test",
    "github.com?x",
    "github.com#x",
    "git\thub.com",
    "git hub.com",
    " github.com",
    "github.com\n",
    "-a.example",
    "a-.example",
    "*.example.com",
    `${"a".repeat(64)}.example`,
    `${"a.".repeat(130)}example`,
    "[::1]",
  ])("there is none of %j", (text) => expect(canonicalHost(text).host).toBeNull());
});

it("R14: one of a million colons is refused as too long, at once", () => {
  expect(canonicalHost(`${":".repeat(1_000_000)}x`).problem).toBe("is longer than 253 characters");
});

it.each([
  "127.0.0.1",
  "127.1",
  "2130706433",
  "0x7f.1",
  "0x7f000001",
  "0177.0.0.1",
  "１２７.0.0.1",
  "1.2.3.4.",
  "foo.1",
  "foo.0x1",
  "256.256.256.256",
  "[::ffff:7f00:1]",
  "::1",
  "fe80::1",
  "[::1]:443",
])("E4: %j is an address, not a name", (text) => expect(canonicalHost(text)).toMatchObject({ isAddress: true }));

const label = fc.stringMatching(/^[a-z](?:[a-z0-9]{0,8}[a-z])?$/);
const name = fc.array(label, { minLength: 2, maxLength: 5 }).map((labels) => labels.join("."));

it("the canonical form is one: it is its own, and case, a final dot and its way of writing do not change it", () => {
  fc.assert(
    fc.property(name, fc.boolean(), (host, dot) => {
      expect(canonicalHost(`${host.toUpperCase()}${dot ? "." : ""}`)).toEqual({ host, problem: null });
    }),
  );
});

it("whatever is written, the form has only letters, digits, hyphens, underscores and dots, and is stable", () => {
  const piece = fc.oneof(
    label,
    fc.constantFrom(".", "..", "@", "%00", "\0", "。", "ß", "xn--", "*", "1", "0x", "-", "İ"),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join("");
      const { host } = canonicalHost(text);
      if (host === null) return;
      // Nothing of it is left out or taken for something else.
      if (/^[\0-\x7f]*$/.test(text)) expect(`${host}.`).toBe(`${text.toLowerCase().replace(/\.$/, "")}.`);
      expect(host).toMatch(/^[a-z0-9._-]+\.[a-z0-9-]+$/);
      expect(host).not.toMatch(/(^|\.)(\d+|0x[0-9a-f]*)$/);
      expect(canonicalHost(host).host).toBe(host);
    }),
    // What readers of hosts have fallen for: more of it after a NUL, a user before an @, an address in letters.
    {
      numRuns: 2000,
      examples: ["evil.example\0.a.b", "a.b@evil.example", "evil.example#.a.b", "a.b%2eevil.example", "0x7f.1"].map(
        (text) => [[text]],
      ),
    },
  );
});

describe("an entry of allowed_hosts", () => {
  it.each([
    ["*", "unrestricted"],
    ["*.com", "too wide"],
    ["*.", "is empty"],
    ["**.example.com", "whole first part"],
    ["a.*.example.com", "whole first part"],
    ["api*.example.com", "whole first part"],
    ["https://api.example.com", "scheme"],
    ["api.example.com/v1", "path"],
    ["api.example.com:8443", "port"],
    ["*.example.com:443", "port"],
    ["10.0.0.1", "address"],
    ["*.0.0.1", "address"],
    ["2130706433", "address"],
    ["[::1]", "address"],
    ["::1", "address"],
    ["localhost", "full name"],
    ["a b.example", "character"],
  ])("%j is refused and explained (%s)", (text, why) => expect(parseAllowedHost(text).problem).toContain(why));

  it.each([
    ["api.github.com", "api.github.com", true],
    ["API.GitHub.com.", "api.github.com", true],
    ["github.com", "api.github.com", false],
    ["*.github.com", "api.github.com", true],
    ["*.github.com", "a.b.github.com", true],
    ["*.github.com", "github.com", false],
    ["*.github.com", "evilgithub.com", false],
    ["github.com", "evilgithub.com", false],
    ["github.com", "github.com.evil.tld", false],
    ["*.github.com", "api.github.com.evil.tld", false],
    ["*.bücher.example", "www.xn--bcher-kva.example", true],
    ["*.com", "github.com", false],
    ["*", "github.com", false],
    // Read again where it has another spelling, by the same rule.
    ["*.Example.com", "evilexample.com", false],
    ["*.Example.com", "api.example.com", true],
    ["Example.com", "api.example.com", false],
  ])("E9: %j for %j: %s", (entry, host, allowed) => expect(findAllowed(host, [entry])).toBe(allowed ? entry : null));

  it("allows itself, or what is below it, and nothing that only ends the same", () => {
    fc.assert(
      fc.property(name, label, (host, more) => {
        expect(findAllowed(host, [host])).toBe(host);
        expect(findAllowed(`${more}.${host}`, [host])).toBeNull();
        expect(findAllowed(`${more}${host}`, [host, `*.${host}`])).toBeNull();
        expect(findAllowed(`${more}.${host}`, [`*.${host}`])).toBe(`*.${host}`);
        expect(findAllowed(host, [`*.${host}`])).toBeNull();
        expect(findAllowed(`${host}.${more}x`, [host, `*.${host}`])).toBeNull();
      }),
    );
  });

  it("allows as each entry reads, however it is spelled", () => {
    const spelled = fc.tuple(
      name,
      fc.constantFrom("", "*.", ".", "WWW.", "*"),
      fc.constantFrom("", ".", "..", ":443", "/"),
    );
    const entries = fc.oneof(
      spelled.map(([host, before, after]) => `${before}${host}${after}`),
      spelled.map(([host, before, after]) => `${before}${host.toUpperCase()}${after}`),
      fc.stringMatching(/^(\*\.)?([a-zA-Z0-9_ü。-]{1,5}|xn--[a-z0-9-]{1,6})(\.[a-zA-Z0-9]{1,3}){0,3}\.?$/),
    );
    fc.assert(
      fc.property(entries, name, label, (entry, other, more) => {
        const read = parseAllowedHost(entry);
        for (const host of [
          other,
          ...(read.host === null ? [] : [read.host, `${more}.${read.host}`, `${more}${read.host}`]),
        ]) {
          if (canonicalHost(host).host !== host) continue;
          const allows =
            read.kind === "suffix" ? host.endsWith(`.${read.host}`) : read.kind === "exact" && host === read.host;
          expect(findAllowed(host, [entry])).toBe(allows ? entry : null);
        }
      }),
      // What was found once: the end of a name has other spellings than a dot.
      {
        examples: [
          ["a.A", "b.b", "c"],
          ["a.a。", "b.b", "c"],
          ["*.a.ü", "b.b", "c"],
        ],
      },
    );
  });
});
