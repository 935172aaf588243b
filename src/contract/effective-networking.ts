// What comes of a networking and of what lies above it. Pure.
import type { Networking } from "./environments.ts";
import { isCovered } from "./networking-ceiling.ts";

export const NOTHING_ALLOWED: Networking = {
  type: "limited",
  allow_mcp_servers: false,
  allow_package_managers: false,
  allowed_hosts: [],
};

/**
 * What a team's environments get without a choice, and what none exceeds. A default that is more than the ceiling is cut to it;
 * `unrestricted` below a ceiling becomes nothing, not all that may be allowed.
 */
export function effectiveNetworking(input: {
  default: Networking | null;
  ceiling: Networking | null;
  server: { default: Networking; ceiling: Networking };
}): { default: Networking; ceiling: Networking } {
  const { server } = input;
  const ceiling = input.ceiling ? intersection(server.ceiling, input.ceiling) : server.ceiling;
  const wanted = input.default ?? server.default;
  if (ceiling.type === "limited" && wanted.type === "unrestricted") return { default: NOTHING_ALLOWED, ceiling };
  return { default: intersection(wanted, ceiling), ceiling };
}

/** To be shown: each host of it is allowed by both. What one allows by name and the other as a registry, say, is left out. */
export function intersection(one: Networking, other: Networking): Networking {
  if (one.type === "unrestricted") return other;
  if (other.type === "unrestricted") return one;
  const hosts = [
    ...one.allowed_hosts.filter((entry) => isCovered(entry, other.allowed_hosts)),
    ...other.allowed_hosts.filter((entry) => isCovered(entry, one.allowed_hosts)),
  ];
  return {
    type: "limited",
    allow_mcp_servers: one.allow_mcp_servers && other.allow_mcp_servers,
    allow_package_managers: one.allow_package_managers && other.allow_package_managers,
    allowed_hosts: [...new Set(hosts)],
  };
}
