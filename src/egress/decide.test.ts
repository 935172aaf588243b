// Which rule allows a host, and that none is none.
import { expect, it } from "vitest";
import type { Networking } from "../contract/environments.ts";
import { decide, installationPolicy, mayGoPlain, type Policy } from "./decide.ts";

const packageHosts = ["registry.npmjs.org", "*.pythonhosted.org"].map((host) => ({ host, plain: false }));
const limited = (allowed: string[], packages = false): Networking => ({
  ...{ type: "limited", allowed_hosts: allowed, allow_package_managers: packages, allow_mcp_servers: true },
});
const policy = (
  networking: Networking,
  ceiling: Networking = { type: "unrestricted" },
  teamCeiling: Networking | null = null,
): Policy => ({
  ...{ teamId: "t", sessionId: "s", networking, ceiling, teamCeiling },
});

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

const ceiling = limited(["*.b.example"], true);
it.each<[Networking, string, string]>([
  [{ type: "unrestricted" }, "x.b.example", "unrestricted"],
  [{ type: "unrestricted" }, "registry.npmjs.org", "unrestricted"],
  [limited(["*.x.b.example"]), "y.x.b.example", "allowed_hosts *.x.b.example"],
  [limited(["x.b.example"]), "x.b.example", "allowed_hosts x.b.example"],
])("the ceiling leaves what is below it: %j allows %s by %s", (networking, host, rule) =>
  expect(decide(policy(networking, ceiling), { host, packageHosts })).toBe(rule),
);

it.each<[Networking, string, string]>([
  [{ type: "unrestricted" }, "a.example", "networking_ceiling"],
  [{ type: "unrestricted" }, "b.example", "networking_ceiling"],
  [limited(["a.example"]), "a.example", "networking_ceiling"],
  // Changing the environment would not help.
  [limited([]), "a.example", "networking_ceiling"],
  [limited([]), "x.b.example", "host_not_allowed"],
  [limited([]), "registry.npmjs.org", "host_not_allowed"],
])("the ceiling holds for what was written before it: %j, %s: %s", (networking, host, rule) =>
  expect(() => decide(policy(networking, ceiling), { host, packageHosts })).toThrow(expect.objectContaining({ rule })),
);

it("the ceiling decides about the installation of packages, too", () => {
  const asked = { host: "registry.npmjs.org", packageHosts };
  const session = { teamId: "t", sessionId: "s", teamCeiling: null };
  expect(decide(installationPolicy({ ...session, ceiling }), asked)).toBe("package_managers");
  expect(() => decide(installationPolicy({ ...session, ceiling: limited([]) }), asked)).toThrow(
    expect.objectContaining({ rule: "networking_ceiling" }),
  );
});

it("the ceiling decides about plain HTTP, too", () => {
  const asked = { host: "deb.example", packageHosts: [{ host: "deb.example", plain: true }] };
  expect(mayGoPlain(policy({ type: "unrestricted" }, ceiling), asked)).toBe(true);
  expect(mayGoPlain(policy({ type: "unrestricted" }, limited(["deb.example"])), asked)).toBe(false);
});

it("allow_mcp_servers is for the agent's toolsets: a program would get past the policies of their tools", () => {
  const asked = { host: "mcp.example", packageHosts };
  expect(() => decide(policy(limited([])), asked)).toThrow(expect.objectContaining({ rule: "host_not_allowed" }));
  expect(() => decide(policy({ type: "unrestricted" }, limited([])), asked)).toThrow(
    expect.objectContaining({ rule: "networking_ceiling" }),
  );
});

it.each<[string, string | undefined, string | null]>([
  ["git.example", "/acme/app/info/refs?service=git-upload-pack", "repository"],
  ["git.example", "/acme/app.git/git-receive-pack", "repository"],
  ["git.example", "/acme/app2/info/refs", null],
  ["git.example", "/acme/app/../other/info/refs", null],
  ["git.example", "/acme/app/%2e%2e/other", null],
  ["git.example", "/acme/app//x", null],
  ["git.example", undefined, null],
  ["other.example", "/acme/app/info/refs", null],
])("of a repository at git.example %s%s goes by %s", (host, path, rule) => {
  const its = { ...policy(limited([])), repositories: ["https://git.example/acme/app"] };
  const decided = () => decide(its, { host, path, packageHosts });
  if (rule === null) expect(decided).toThrow(expect.objectContaining({ rule: "host_not_allowed" }));
  else expect(decided()).toBe(rule);
});

it("a repository is below the ceiling, too", () => {
  const asked = { host: "git.example", path: "/acme/app/info/refs", packageHosts };
  const its = (ceiling: Networking) => ({
    ...policy(limited([]), ceiling),
    repositories: ["https://git.example/acme/app"],
  });
  expect(decide(its(limited(["git.example"])), asked)).toBe("repository");
  expect(() => decide(its(limited(["other.example"])), asked)).toThrow(
    expect.objectContaining({ rule: "networking_ceiling" }),
  );
});

it.each<[Networking, string, string]>([
  [{ type: "unrestricted" }, "a.example", "team_ceiling"],
  [limited(["a.example"]), "a.example", "team_ceiling"],
  [limited([]), "a.example", "team_ceiling"],
  [limited(["x.b.example"]), "y.b.example", "host_not_allowed"],
])("the team's ceiling holds for what was written before it: %j, %s: %s", (networking, host, rule) =>
  expect(() => decide(policy(networking, { type: "unrestricted" }, ceiling), { host, packageHosts })).toThrow(
    expect.objectContaining({ rule }),
  ),
);

it("of two ceilings neither is exceeded, and the server's is told first", () => {
  const both = policy(
    { type: "unrestricted" },
    limited(["*.b.example", "c.example"]),
    limited(["x.b.example", "d.example"]),
  );
  const ruleFor = (host: string) => () => decide(both, { host, packageHosts });
  expect(ruleFor("x.b.example")()).toBe("unrestricted");
  expect(ruleFor("c.example")).toThrow(expect.objectContaining({ rule: "team_ceiling" }));
  expect(ruleFor("d.example")).toThrow(expect.objectContaining({ rule: "networking_ceiling" }));
  expect(ruleFor("e.example")).toThrow(expect.objectContaining({ rule: "networking_ceiling" }));
});

it("the team's ceiling decides about packages, plain HTTP and repositories, too", () => {
  const open = { type: "unrestricted" } as const;
  const asked = { host: "registry.npmjs.org", packageHosts };
  const install = (teamCeiling: Networking) =>
    installationPolicy({ teamId: "t", sessionId: "s", ceiling: open, teamCeiling });
  expect(decide(install(limited([], true)), asked)).toBe("package_managers");
  expect(() => decide(install(limited([])), asked)).toThrow(expect.objectContaining({ rule: "team_ceiling" }));
  const plain = { host: "deb.example", packageHosts: [{ host: "deb.example", plain: true }] };
  expect(mayGoPlain(policy(open, open, limited([], true)), plain)).toBe(true);
  expect(mayGoPlain(policy(open, open, limited(["deb.example"])), plain)).toBe(false);
  const its = {
    ...policy(limited([]), open, limited(["other.example"])),
    repositories: ["https://git.example/acme/app"],
  };
  expect(() => decide(its, { host: "git.example", path: "/acme/app/info/refs", packageHosts })).toThrow(
    expect.objectContaining({ rule: "team_ceiling" }),
  );
});
