// The broker's first seconds, while package managers are asked: who is told no has been looked for among their hosts.
import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type EgressWorld, startEgressWorld, startUpstream, type Upstream } from "../../test/support/egress-world.ts";
import { until } from "../../test/support/until.ts";
import type { Networking } from "../contract/environments.ts";
import { dependsOnPackageHosts, type Policy } from "./decide.ts";
import type { PackageHost } from "./package-hosts.ts";
import { createPackageHostsWait, PACKAGE_HOSTS_WAIT_MS } from "./package-hosts-wait.ts";

const MIRROR = "npm.corp.example";
const PLAIN = "deb.corp.example";
const PAGE = "page.example.com";
const OTHER = "other.example";

const networking = (packages: boolean): Networking => ({
  type: "limited",
  ...{ allow_mcp_servers: false, allow_package_managers: packages, allowed_hosts: [PAGE] },
});

function policyOf(
  networking: Networking,
  ceiling: Networking = { type: "unrestricted" },
  teamCeiling: Networking | null = null,
): Policy {
  return { teamId: "team_1", sessionId: "sesn_1", networking, ceiling, teamCeiling };
}

let now: number;
let known: PromiseWithResolvers<void>;
let packageHosts: PackageHost[];
let upstream: Upstream;
let mirror: Server;
let world: EgressWorld;

beforeEach(async () => {
  known = Promise.withResolvers();
  packageHosts = [];
  now = Date.now();
  mirror = createServer((_, response) => response.end("a package"));
  mirror.listen(0, "127.0.0.1");
  await once(mirror, "listening");
  world = await startEgressWorld({
    networking: networking(true),
    packageHosts,
    now: () => now,
    packageHostsKnown: known.promise,
    async namedHosts(authority) {
      upstream = await startUpstream(authority, (_, response) => response.end("hello"));
      const plain = { host: PLAIN, address: "127.0.0.1", port: (mirror.address() as AddressInfo).port };
      return [...[MIRROR, PAGE, OTHER].map((host) => ({ host, address: "127.0.0.1", port: upstream.port })), plain];
    },
  });
});
afterEach(async () => {
  await world.close();
  await upstream.close();
  mirror.closeAllConnections();
  mirror.close();
});

function tell(...hosts: PackageHost[]): void {
  packageHosts.push(...hosts);
  known.resolve();
}

type Answer = { status: number | undefined; rule: unknown; body: string };

/** Sends a request on a connection that is open already, so that the broker has it before whatever is asked next. */
function begin(socket: Duplex, host: string) {
  const asking = httpRequest({ createConnection: () => socket, path: "/a.deb", headers: { host } });
  asking.end();
  let isAnswered = false;
  const answer = once(asking, "response").then(async ([response]: IncomingMessage[]): Promise<Answer> => {
    if (!response) throw new Error("no answer");
    isAnswered = true;
    let body = "";
    for await (const piece of response) body += piece;
    socket.destroy();
    return { status: response.statusCode, rule: response.headers["x-berth-egress"], body };
  });
  return { answer, isAnswered: () => isAnswered };
}

it("lets what a package manager may still name wait for it, and nothing else", async () => {
  const named = begin(await world.tunnel(MIRROR), MIRROR);
  const unnamed = begin(await world.tunnel(OTHER), OTHER);
  expect((await world.request(PAGE)).body).toBe("hello");
  expect([named.isAnswered(), unnamed.isAnswered()]).toEqual([false, false]);
  tell({ host: MIRROR, plain: false });
  expect(await named.answer).toMatchObject({ status: 200, body: "hello" });
  expect(await unnamed.answer).toMatchObject({ status: 403, rule: "host_not_allowed" });
  await until(() => world.lines.length === 3);
  expect(world.lines.find(({ host }) => host === MIRROR)).toMatchObject({
    decision: "allow",
    rule: "package_managers",
  });
  expect((await world.request(OTHER)).status).toBe(403);
});

it("keeps a mirror without TLS from being sent to https before its tool has told", async () => {
  const asked = begin(await world.dial(), PLAIN);
  expect((await world.request(PAGE)).body).toBe("hello");
  expect(asked.isAnswered()).toBe(false);
  tell({ host: PLAIN, plain: true });
  expect(await asked.answer).toMatchObject({ status: 200, body: "a package" });
});

it("decides by what holds after the wait", async () => {
  const asked = begin(await world.tunnel(MIRROR), MIRROR);
  expect((await world.request(PAGE)).body).toBe("hello");
  world.policy.current = policyOf(networking(false));
  now += 10_000;
  tell({ host: MIRROR, plain: false });
  expect(await asked.answer).toMatchObject({ status: 403, rule: "host_not_allowed" });
});

const open: Networking = { type: "unrestricted" };
it.each<[string, Policy | null, boolean, boolean]>([
  ["no session", null, false, false],
  ["an environment that allows no package managers", policyOf(networking(false)), false, false],
  ["a ceiling that allows none", policyOf(networking(true), networking(false)), false, false],
  ["a team's ceiling that allows none", policyOf(networking(true), open, networking(false)), false, false],
  ["an environment that allows them", policyOf(networking(true)), false, true],
  ["a ceiling that allows them", policyOf(open, networking(true)), false, true],
  ["what is reached anyway", policyOf(open), false, false],
  ["what is reached anyway, without TLS", policyOf(open), true, true],
])("the decision about %s depends on package managers", (_, policy, plain, depends) => {
  expect(dependsOnPackageHosts(policy, { host: MIRROR, path: "/", plain, packageHosts: [] })).toBe(depends);
});

it("what is known to be a host of packages depends on nothing more", () => {
  const asked = { host: PLAIN, path: "/", plain: true };
  const known = (plain: boolean) => [{ host: PLAIN, plain }];
  const policy = policyOf(networking(true));
  expect(dependsOnPackageHosts(policy, { ...asked, packageHosts: known(true) })).toBe(false);
  expect(dependsOnPackageHosts(policy, { ...asked, packageHosts: known(false) })).toBe(true);
  expect(dependsOnPackageHosts(policy, { ...asked, plain: false, packageHosts: known(false) })).toBe(false);
});

it("does not wait for ever", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const waiting = createPackageHostsWait(new Promise(() => undefined)).wait();
    const told = expect(waiting).rejects.toMatchObject({ rule: "policy_unavailable", status: 503 });
    await vi.advanceTimersByTimeAsync(PACKAGE_HOSTS_WAIT_MS);
    await told;
  } finally {
    vi.useRealTimers();
  }
});

it("stays shut, and takes nothing else along, when it will never be known", async () => {
  const failure = new Error("no tool could be asked");
  const wait = createPackageHostsWait(Promise.reject(failure));
  // Nobody waits while it fails: an unhandled rejection would end this test's process.
  await setImmediate();
  expect(wait.isOpen()).toBe(true);
  const refusal = { rule: "policy_unavailable", status: 503, cause: failure };
  await expect(wait.wait()).rejects.toMatchObject(refusal);
  await expect(wait.wait()).rejects.toMatchObject(refusal);
});
