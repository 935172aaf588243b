// Whatever a request says, its target is one canonical host, the one of the tunnel, or it is refused.
import fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalHost } from "../contract/host-names.ts";
import { readConnectTarget, readTarget } from "./read-target.ts";
import { Refusal } from "./refusal.ts";

const part = fc.oneof(
  fc.constantFrom(
    "api.example.com",
    "evil.example",
    "API.example.com.",
    ":443",
    ":80",
    ":",
    "@",
    "/",
    "//",
    "\\",
    "?",
    "#",
    "%2e",
    " ",
    "\t",
    "http://",
    "https://",
    "127.0.0.1",
    "[::1]",
  ),
  fc.string({ maxLength: 4 }),
);
const text = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(""));

const headers = fc.array(fc.tuple(fc.constantFrom("X", "Host", "hOST"), text), { maxLength: 2 });

/** What it answers; null when it refuses. Anything else that it throws is a bug. */
function targetOf(read: () => ReturnType<typeof readTarget>) {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

it("in a tunnel there is no other host than its own", () => {
  fc.assert(
    fc.property(text, text, headers, (url, host, more) => {
      const rawHeaders = ["Host", host, ...more.flat()];
      const target = targetOf(() => readTarget({ method: "GET", url, rawHeaders }, "api.example.com"));
      if (target === null) return;
      expect(target.host).toBe("api.example.com");
      expect(more.map(([name]) => name.toLowerCase())).not.toContain("host");
      expect(target.scheme).toBe("https");
      expect(target.path.startsWith("/")).toBe(true);
      expect(canonicalHost(host.replace(/:443$/, "")).host).toBe("api.example.com");
    }),
    { numRuns: 5000, examples: [["/", "api.example.com", [["hOST", "evil.example"]]]] },
  );
});

it("at the proxy the URL and the Host header name the same", () => {
  fc.assert(
    fc.property(text, text, (url, host) => {
      const target = targetOf(() => readTarget({ method: "GET", url, rawHeaders: ["Host", host] }, null));
      if (target === null) return;
      expect(canonicalHost(target.host).host).toBe(target.host);
      expect(target.path.startsWith("/")).toBe(true);
      expect(canonicalHost(host.replace(/:\d+$/, "")).host).toBe(target.host);
    }),
    { numRuns: 5000 },
  );
});

it("a CONNECT request leads to a canonical host on port 443 or nowhere", () => {
  expect(readConnectTarget("API.example.com.:443")).toBe("api.example.com");
  fc.assert(
    fc.property(text, (authority) => {
      try {
        const host = readConnectTarget(authority);
        expect(canonicalHost(host).host).toBe(host);
        expect(authority.endsWith(":443")).toBe(true);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    }),
    { numRuns: 5000 },
  );
});

it.each([
  ["two lengths", ["Content-Length", "2", "Content-Length", "3"]],
  ["the same length twice", ["Content-Length", "2", "content-length", "2"]],
  ["a length and chunks", ["Content-Length", "2", "Transfer-Encoding", "chunked"]],
  ["chunks twice", ["Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"]],
  ["an encoding before the chunks", ["Transfer-Encoding", "gzip, chunked"]],
  ["an encoding that is nearly chunked", ["Transfer-Encoding", "chunked "]],
  ["an encoding of none", ["Transfer-Encoding", "identity"]],
])("C9: %s is refused before anybody reads a body", (_, framing) => {
  const rawHeaders = ["Host", "api.example.com", ...framing];
  expect(() => readTarget({ method: "POST", url: "/", rawHeaders }, "api.example.com")).toThrow(/several ways/);
});
