// E20: what the server itself fetches, over real sockets and real TLS, reaches what the dial guard allows and nothing else.
import type { RequestListener } from "node:http";
import { afterEach, expect, it } from "vitest";
import { startUpstream, type Upstream } from "../../test/support/egress-world.ts";
import { OutsideFailure } from "../lib/outside-fetch.ts";
import { type Authority, createAuthority } from "./certificate-authority.ts";
import { createDialGuard } from "./dial-guard.ts";
import { createGuardedFetch, type GuardedFetch } from "./guarded-fetch.ts";
import { listOf } from "./refused-addresses.ts";

let upstream: Upstream;
let guarded: GuardedFetch;
let authority: Authority;

async function start(handle: RequestListener, trusted?: string[]): Promise<GuardedFetch["fetch"]> {
  authority = await createAuthority({ now: Date.now });
  upstream = await startUpstream(authority, handle);
  guarded = createGuardedFetch({
    trusted: trusted ?? [authority.certificate],
    guard: createDialGuard({
      namedHosts: ["named.example", "other.example"].map((host) => ({
        ...{ host, address: "127.0.0.1", port: upstream.port },
      })),
      refusedRanges: listOf([]),
      async resolve(host) {
        if (host === "rebind.example") return ["127.0.0.1"];
        if (host === "metadata.example") return ["169.254.169.254"];
        throw new Error("ENOTFOUND");
      },
    }),
  });
  return guarded.fetch;
}

afterEach(async () => {
  await guarded.close();
  await upstream.close();
});

it("reaches a host that the operator named, on the port that the operator named, whatever the address says", async () => {
  const fetch = await start((_, response) => void response.end("here"));
  expect(await (await fetch("https://named.example/a?b=c")).text()).toBe("here");
  expect(await (await fetch("https://named.example:9022/a")).text()).toBe("here");
  expect(upstream.requests).toEqual(["GET named.example/a?b=c", "GET named.example:9022/a"]);
});

it.each([
  ["a name that leads to loopback", "https://rebind.example/", /private or reserved address/],
  ["a name that leads to cloud metadata", "https://metadata.example/", /private or reserved address/],
  ["an address", "https://127.0.0.1/", /is an address/],
  ["an address in another notation", "https://2130706433/", /is an address/],
  ["an IPv6 address", "https://[::1]/", /is an address/],
  ["this machine by its name", "https://localhost/", /is not a full name/],
  ["plain HTTP", "http://named.example/", /https only/],
  ["a name with a final dot, decided on as another", "https://named.example./", /Write the host/],
])("refuses %s", async (_, url, message) => {
  const fetch = await start((_, response) => void response.end("here"));
  await expect(fetch(url)).rejects.toMatchObject({
    code: "permission_denied",
    message: expect.stringMatching(message),
  });
  expect(upstream.requests).toEqual([]);
});

it.each([
  ["an address", "https://127.0.0.1/"],
  ["plain HTTP", "http://named.example/"],
  ["a name that leads to loopback", "https://rebind.example/"],
])("refuses a redirect to %s", async (_, location) => {
  const fetch = await start((_, response) => void response.writeHead(302, { location }).end());
  await expect(fetch("https://named.example/")).rejects.toMatchObject({ code: "permission_denied" });
  expect(upstream.requests).toEqual(["GET named.example/"]);
});

it("asks the caller's rule for each host, on kept connections and after redirects too", async () => {
  const fetch = await start((request, response) => {
    if (request.url === "/go") response.writeHead(307, { location: "https://other.example/there" }).end();
    else response.end("there");
  });
  const asked: string[] = [];
  const mayReach = (host: string) => {
    asked.push(host);
    if (host === "other.example") throw new OutsideFailure("permission_denied", "not this one", { maybeSent: false });
    return "unrestricted";
  };
  await (await fetch("https://named.example/", { mayReach })).text();
  await (await fetch("https://other.example/")).text();
  await expect(fetch("https://named.example/go", { mayReach })).rejects.toThrow("not this one");
  expect(asked).toEqual(["named.example", "named.example", "other.example"]);
  expect(upstream.requests).toEqual(["GET named.example/", "GET other.example/", "GET named.example/go"]);
});

it("keeps a credential from the host that a redirect leads to", async () => {
  const seen: (string | undefined)[] = [];
  const fetch = await start((request, response) => {
    seen.push(request.headers.authorization);
    if (request.url === "/go") response.writeHead(307, { location: "https://other.example/there" }).end();
    else response.end("there");
  });
  await (await fetch("https://named.example/go", { headers: { authorization: "Bearer x" } })).text();
  expect(seen).toEqual(["Bearer x", undefined]);
});

it("says whose certificate is not valid, and what is away", async () => {
  const fetch = await start((_, response) => void response.end("here"), []);
  await expect(fetch("https://named.example/")).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/certificate of named\.example .*[A-Z_]{8}/),
  });
  await expect(fetch("https://nowhere.example/")).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/nowhere\.example could not be resolved/),
  });
});

it("ends with the signal's own reason", async () => {
  const gone = new AbortController();
  const fetch = await start(() => gone.abort(new Error("enough")));
  await expect(fetch("https://named.example/", { signal: gone.signal })).rejects.toThrow("enough");
});
