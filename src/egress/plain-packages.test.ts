// E12's one exception: hosts of packages that are set up without TLS, where the environment allows package managers, and nothing secret with it.
import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type EgressWorld, startEgressWorld } from "../../test/support/egress-world.ts";
import { until } from "../../test/support/until.ts";
import type { Networking } from "../contract/environments.ts";
import { newPlaceholder } from "../secrets/placeholders.ts";

const PLAIN = "deb.corp.example";
const TLS_ONLY = "npm.corp.example";
let world: EgressWorld;
let mirror: Server;
const seen: { url: string; headers: IncomingMessage["headers"] }[] = [];

const networking = (allowed: boolean): Networking => ({
  type: "limited",
  ...{ allow_mcp_servers: false, allow_package_managers: allowed, allowed_hosts: ["page.example.com"] },
});

beforeEach(async () => {
  mirror = createServer((request, response) => {
    seen.push({ url: request.url ?? "", headers: request.headers });
    response.end("a package");
  });
  mirror.listen(0, "127.0.0.1");
  await once(mirror, "listening");
  const { port } = mirror.address() as AddressInfo;
  world = await startEgressWorld({
    networking: networking(true),
    packageHosts: [
      { host: PLAIN, plain: true },
      { host: "elsewhere.example", plain: true },
      { host: TLS_ONLY, plain: false },
    ],
    namedHosts: async () => [PLAIN, TLS_ONLY, "page.example.com"].map((host) => ({ host, address: "127.0.0.1", port })),
    resolve: async () => ["127.0.0.1"],
    applyCredentials: () => Promise.reject(new Error("no credential is looked for")),
  });
});
afterEach(async () => {
  seen.splice(0);
  await world.close();
  mirror.closeAllConnections();
  mirror.close();
});

async function ask(host: string, options: { path?: string; method?: string; headers?: Record<string, string> } = {}) {
  const { path = "/pool/a.deb?x=1", method = "GET", headers = {} } = options;
  const asking = httpRequest({ socketPath: world.socketPath, path, method, headers: { host, ...headers } });
  asking.end();
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  let body = "";
  for await (const piece of answer) body += piece;
  return { status: answer.statusCode, rule: answer.headers["x-berth-egress"], location: answer.headers.location, body };
}

it("carries what is asked of a mirror without TLS, through the relay and through the proxy, and without anything secret", async () => {
  const secret = { authorization: "Bearer x", cookie: "a=1", "x-own": "1" };
  expect(await ask(PLAIN, { headers: secret })).toMatchObject({ status: 200, body: "a package" });
  expect(await ask(PLAIN, { path: `http://${PLAIN}/pool/b.deb` })).toMatchObject({ status: 200 });
  expect(seen.map(({ url }) => url)).toEqual(["/pool/a.deb?x=1", "/pool/b.deb"]);
  expect(seen[0]?.headers).toMatchObject({ host: PLAIN, "x-own": "1" });
  expect(Object.keys(seen[0]?.headers ?? {})).not.toEqual(expect.arrayContaining(["authorization"]));
  expect(seen[0]?.headers.cookie).toBeUndefined();
  await until(() => world.lines.length === 2);
  expect(world.lines[0]).toMatchObject({ decision: "allow", rule: "package_managers", port: 80, path: "/pool/a.deb" });
});

it.each([
  ["a header", (it: string) => ({ headers: { "x-token": it } })],
  ["the address", (it: string) => ({ path: `/pool/${it}.deb` })],
])("C5: no placeholder leaves without TLS, in %s neither", async (_, make) => {
  expect(await ask(PLAIN, make(newPlaceholder()))).toMatchObject({ status: 403, rule: "placeholder_place" });
  expect(seen).toEqual([]);
});

it.each([
  ["a mirror that has TLS", TLS_ONLY, true],
  ["an allowed host that is no mirror", "page.example.com", true],
  ["a mirror, where package managers are not allowed", PLAIN, false],
])("sends nothing without TLS to %s", async (_, host, allowed) => {
  const ceiling = { type: "unrestricted" as const };
  world.policy.current = {
    teamId: "team_1",
    sessionId: "sesn_1",
    networking: networking(allowed),
    ceiling,
    teamCeiling: null,
  };
  const { status, location, rule } = await ask(host);
  expect(allowed ? location : rule).toBe(allowed ? `https://${host}/pool/a.deb?x=1` : "host_not_allowed");
  expect(status).toBe(allowed ? 307 : 403);
  expect((await ask(host, { method: "POST" })).rule).toBe(allowed ? "plain_http" : "host_not_allowed");
  expect(seen).toEqual([]);
});

it("does not reach a private address by the name of a mirror that the operator gave none", async () => {
  expect(await ask("elsewhere.example")).toMatchObject({ status: 403, rule: "refused_address" });
  expect(seen).toEqual([]);
});
