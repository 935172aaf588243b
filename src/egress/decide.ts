// Whether a session may reach a host, and by which rule. Pure.
import { allowingRule } from "../contract/allowing-rule.ts";
import { type Ceilings, refusingCeiling } from "../contract/ceilings.ts";
import type { Networking } from "../contract/environments.ts";
import { findAllowed } from "../contract/host-names.ts";
import { isOfRepository } from "../contract/repository-place.ts";
import { isCanonicalPath } from "../secrets/inject/credential-scope.ts";
import type { PackageHost } from "./package-hosts.ts";
import { Refusal } from "./refusal.ts";

/** What holds for a session now: what its environment says, and the ceilings above it. */
export type Policy = Ceilings & {
  teamId: string;
  sessionId: string;
  networking: Networking;
  /** Addresses of its repositories: below the ceilings each is reached whatever the environment says, and nothing else of its host. */
  repositories?: readonly string[];
  /** None of the session's credentials goes with what it asks. */
  withoutCredentials?: true;
};

/** Of a sandbox that installs the packages of this session's environment: where packages come from, below the ceilings. */
export function installationPolicy(session: Ceilings & Pick<Policy, "teamId" | "sessionId">): Policy {
  const { teamId, sessionId, ceiling, teamCeiling } = session;
  return {
    ...{ teamId, sessionId, ceiling, teamCeiling, withoutCredentials: true },
    networking: { type: "limited", allow_mcp_servers: false, allow_package_managers: true, allowed_hosts: [] },
  };
}

type Asked = { host: string; packageHosts: readonly PackageHost[] };

/**
 * The rule that allows it, for the audit line: of the environment (`unrestricted`, `allowed_hosts *.example.com`, `package_managers`), or
 * `repository`; the ceilings have to allow it as well. `path`: with its query; absent, no repository is asked for. Throws a `Refusal`.
 */
export function decide(
  policy: Policy | null,
  { host, path, packageHosts }: Asked & { path?: string | undefined },
): string {
  if (!policy) throw new Refusal("no_session", "This sandbox belongs to no session yet: it reaches nothing.");
  const others = { packageHosts: packageHosts.map((entry) => entry.host), mcpHosts: [] };
  // First: whoever is refused by it need not ask for the environment to be changed.
  const above = refusingCeiling(policy, host, others);
  if (above !== null) throw new Refusal(above.rule, above.message);
  const rule = allowingRule(policy.networking, host, others);
  if (rule !== null) return rule;
  if (path !== undefined && isCanonicalPath(path) && isOfAny(policy.repositories, { host, path })) return "repository";
  throw new Refusal(
    "host_not_allowed",
    `${host} is not among the allowed hosts of this session's environment. Ask for it to be added to networking.allowed_hosts.`,
  );
}

/** Whether a host that is allowed may be reached without TLS: only one that packages come from, and that is set up so. */
export function mayGoPlain({ networking, ceiling, teamCeiling }: Policy, { host, packageHosts }: Asked): boolean {
  const all = teamCeiling === null ? [networking, ceiling] : [networking, ceiling, teamCeiling];
  const wanted = all.every((one) => one.type === "unrestricted" || one.allow_package_managers);
  const plain = packageHosts.filter((entry) => entry.plain).map((entry) => entry.host);
  return wanted && findAllowed(host, plain) !== null;
}

/**
 * Whether the decision would be another one if packages came from this host as well: while that is not known of all tools, whoever asks
 * for it has to wait. `plain`: it is asked for without TLS.
 */
export function dependsOnPackageHosts(
  policy: Policy | null,
  { plain, packageHosts, ...asked }: Asked & { path?: string | undefined; plain: boolean },
): boolean {
  if (!policy) return false;
  const more = [...packageHosts, { host: asked.host, plain: true }];
  const isAllowed = (hosts: readonly PackageHost[]) => {
    try {
      decide(policy, { ...asked, packageHosts: hosts });
      return true;
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
  };
  const goesPlain = (hosts: readonly PackageHost[]) =>
    plain && mayGoPlain(policy, { host: asked.host, packageHosts: hosts });
  return isAllowed(more) && (!isAllowed(packageHosts) || (goesPlain(more) && !goesPlain(packageHosts)));
}

function isOfAny(repositories: readonly string[] = [], request: { host: string; path: string }): boolean {
  return repositories.some((url) => isOfRepository(url, request));
}
