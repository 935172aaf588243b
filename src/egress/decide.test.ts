// Which rule allows a host, and that none is none.
import { expect, it } from "vitest";
import type { Networking } from "../contract/environments.ts";
import { decide, type Policy } from "./decide.ts";

const packageHosts = ["registry.npmjs.org", "*.pythonhosted.org"].map((host) => ({ host, plain: false }));
const limited = (allowed: string[], packages = false): Networking => ({
  ...{ type: "limited", allowed_hosts: allowed, allow_package_managers: packages, allow_mcp_servers: true },
});
const policy = (networking: Networking): Policy => ({ teamId: "t", sessionId: "s", networking });

it.each<[Networking, string, string]>([
  [{ type: "unrestricted" }, "any.example", "unrestricted"],
  [limited(["a.example", "*.b.example"]), "a.example", "allowed_hosts a.example"],
  [limited(["a.example", "*.b.example"]), "x.b.example", "allowed_hosts *.b.example"],
  [limited([], true), "registry.npmjs.org", "package_managers"],
  [limited([], true), "files.pythonhosted.org", "package_managers"],
])("%j allows %s by %s", (networking, host, rule) =>
  expect(decide(policy(networking), { host, packageHosts })).toBe(rule),
);

it.each<[Networking, string]>([
  [limited([]), "a.example"],
  [limited(["a.example"]), "b.example"],
  [limited(["*.b.example"]), "b.example"],
  [limited(["a.example"], true), "b.example"],
  [limited(["a.example"]), "registry.npmjs.org"],
  // What an earlier release took into a list allows nothing.
  [limited(["*", "*.com", "https://b.com"]), "b.com"],
])("%j does not allow %s", (networking, host) => {
  expect(() => decide(policy(networking), { host, packageHosts })).toThrow(
    expect.objectContaining({ rule: "host_not_allowed" }),
  );
});

it("no session, no host", () => {
  expect(() => decide(null, { host: "a.example", packageHosts })).toThrow(
    expect.objectContaining({ rule: "no_session" }),
  );
});
