// The ceiling: a networking that no environment may exceed, whatever it says of itself. `unrestricted` is none. Pure.
import type { Networking } from "./environments.ts";
import { findAllowed, parseAllowedHost } from "./host-names.ts";

/** In a message. */
const MAX_NAMED = 10;

const sources = { server: "BERTH_NETWORKING_CEILING", team: "the team's ceiling, /v1/team_networking" };

/** Which field exceeds the ceiling, with what, what may stand there instead, and whose ceiling it is; null where nothing does. `field`: what the networking is called where it is written; `whose`: the server's unless said otherwise. */
export function findExcess(
  networking: Networking,
  ceiling: Networking,
  { field = "networking", whose = "server" }: { field?: string; whose?: keyof typeof sources } = {},
): string | null {
  if (ceiling.type === "unrestricted") return null;
  const problem = problemOf(networking, ceiling, `this ${whose}`);
  if (problem === null) return null;
  const most = `What an environment may allow here: ${ceilingWords(ceiling)} (${sources[whose]}).`;
  return `${field}${problem}. ${most}`;
}

function problemOf(
  networking: Networking,
  ceiling: Extract<Networking, { type: "limited" }>,
  who: string,
): string | null {
  if (networking.type === "unrestricted") return `: "unrestricted" is more than ${who} allows. Use "limited"`;
  const beyond = networking.allowed_hosts.filter((entry) => !isCovered(entry, ceiling.allowed_hosts));
  if (beyond.length > 0)
    return `.allowed_hosts: ${listed(beyond.map((entry) => JSON.stringify(entry)))} ${beyond.length === 1 ? "is" : "are"} more than ${who} allows`;
  if (networking.allow_package_managers && !ceiling.allow_package_managers)
    return `.allow_package_managers: ${who} does not allow package registries`;
  if (networking.allow_mcp_servers && !ceiling.allow_mcp_servers)
    return `.allow_mcp_servers: ${who} does not allow all MCP servers of an agent`;
  return null;
}

/** `api.github.com, *.corp.example, package registries`. */
export function ceilingWords(ceiling: Networking): string {
  if (ceiling.type === "unrestricted") return "every public host";
  const words = [
    ...(ceiling.allowed_hosts.length > 0 ? [listed(ceiling.allowed_hosts)] : []),
    ...(ceiling.allow_package_managers ? ["package registries"] : []),
    ...(ceiling.allow_mcp_servers ? ["the agent's MCP servers"] : []),
  ];
  return words.length > 0 ? words.join(", ") : "nothing";
}

/** Whether every host that an entry allows is allowed by these, too. An entry that is wrong allows nothing. */
export function isCovered(text: string, by: readonly string[]): boolean {
  const entry = parseAllowedHost(text);
  if (entry.kind === null) return true;
  if (entry.kind === "exact") return findAllowed(entry.host, by) !== null;
  return by.some((other) => {
    const most = parseAllowedHost(other);
    return most.kind === "suffix" && (entry.host === most.host || entry.host.endsWith(`.${most.host}`));
  });
}

function listed(names: readonly string[]): string {
  const more = names.length - MAX_NAMED;
  return names.slice(0, MAX_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
