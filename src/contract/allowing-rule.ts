// By which rule a networking allows a host: an environment's own, or the ceiling above it. Pure.
import type { Networking } from "./environments.ts";
import { findAllowed } from "./host-names.ts";

/** What else is allowed where the networking says so. */
export type OtherHosts = {
  /** Entries as in `allowed_hosts`: for `allow_package_managers`. */
  packageHosts: readonly string[];
  /** For `allow_mcp_servers`: none for programs in a sandbox, who would get past the policies of the tools. */
  mcpHosts: readonly string[];
};

/** `unrestricted`, `allowed_hosts *.example.com`, `package_managers` or `mcp_servers`; null: none does. */
export function allowingRule(
  networking: Networking,
  host: string,
  { packageHosts, mcpHosts }: OtherHosts,
): string | null {
  if (networking.type === "unrestricted") return "unrestricted";
  const entry = findAllowed(host, networking.allowed_hosts);
  if (entry !== null) return `allowed_hosts ${entry}`;
  if (networking.allow_package_managers && findAllowed(host, packageHosts) !== null) return "package_managers";
  if (networking.allow_mcp_servers && mcpHosts.includes(host)) return "mcp_servers";
  return null;
}
