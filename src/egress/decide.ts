// Whether a session may reach a host, and by which rule. Pure.
import type { Networking } from "../contract/environments.ts";
import { findAllowed } from "../contract/host-names.ts";
import type { PackageHost } from "./package-hosts.ts";
import { Refusal } from "./refusal.ts";

/** What holds for a session now. */
export type Policy = {
  teamId: string;
  sessionId: string;
  networking: Networking;
  /** None of the session's credentials goes with what it asks. */
  withoutCredentials?: true;
};

/** Of a sandbox that installs the packages of this session's environment: where packages come from, and nothing else. */
export function installationPolicy(session: { teamId: string; sessionId: string }): Policy {
  const { teamId, sessionId } = session;
  return {
    ...{ teamId, sessionId, withoutCredentials: true },
    networking: { type: "limited", allow_mcp_servers: false, allow_package_managers: true, allowed_hosts: [] },
  };
}

/** The rule that allows it, for the audit line: `unrestricted`, `allowed_hosts *.example.com`, `package_managers`. Throws a `Refusal`. */
export function decide(
  policy: Policy | null,
  { host, packageHosts }: { host: string; packageHosts: readonly PackageHost[] },
): string {
  if (!policy) throw new Refusal("no_session", "This sandbox belongs to no session yet: it reaches nothing.");
  const { networking } = policy;
  if (networking.type === "unrestricted") return "unrestricted";
  const entry = findAllowed(host, networking.allowed_hosts);
  if (entry !== null) return `allowed_hosts ${entry}`;
  if (networking.allow_package_managers && isPackageHost(host, packageHosts)) return "package_managers";
  throw new Refusal(
    "host_not_allowed",
    `${host} is not among the allowed hosts of this session's environment. Ask for it to be added to networking.allowed_hosts.`,
  );
}

/** Whether a host that is allowed may be reached without TLS: only one that packages come from, and that is set up so. */
export function mayGoPlain(
  { networking }: Policy,
  { host, packageHosts }: { host: string; packageHosts: readonly PackageHost[] },
): boolean {
  const wanted = networking.type === "unrestricted" || networking.allow_package_managers;
  return (
    wanted &&
    isPackageHost(
      host,
      packageHosts.filter(({ plain }) => plain),
    )
  );
}

function isPackageHost(host: string, packageHosts: readonly PackageHost[]): boolean {
  const entries = packageHosts.map((entry) => entry.host);
  return findAllowed(host, entries) !== null;
}
