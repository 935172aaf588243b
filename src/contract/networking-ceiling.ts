// The ceiling: a networking that no environment may exceed, whatever it says of itself. `unrestricted` is none. Pure.
import type { Networking } from "./environments.ts";
import { findAllowed, parseAllowedHost } from "./host-names.ts";

/** In a message. */
const MAX_NAMED = 10;

/** Which field of a networking exceeds the ceiling, with what, and what may stand there instead; null where nothing does. */
export function findExcess(networking: Networking, ceiling: Networking): string | null {
  if (ceiling.type === "unrestricted") return null;
  const most = `What an environment may allow here: ${ceilingWords(ceiling)}`;
  if (networking.type === "unrestricted")
    return `networking: "unrestricted" is more than this server allows. Use "limited". ${most}`;
  const beyond = networking.allowed_hosts.filter((entry) => !isCovered(entry, ceiling.allowed_hosts));
  if (beyond.length > 0)
    return `networking.allowed_hosts: ${listed(beyond.map((entry) => JSON.stringify(entry)))} ${beyond.length === 1 ? "is" : "are"} more than this server allows. ${most}`;
  if (networking.allow_package_managers && !ceiling.allow_package_managers)
    return `networking.allow_package_managers: this server does not allow package registries. ${most}`;
  if (networking.allow_mcp_servers && !ceiling.allow_mcp_servers)
    return `networking.allow_mcp_servers: this server does not allow all MCP servers of an agent. ${most}`;
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
