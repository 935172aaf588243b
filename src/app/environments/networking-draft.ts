// The fields of a networking as they are typed, and how they become what the API takes. Pure.
import type { Networking } from "../../contract/environments.ts";
import { parseAllowedHost } from "../../contract/host-names.ts";

export type NetworkingDraft = {
  networking: Networking["type"];
  /** One a line; of the limited network. */
  allowedHosts: string;
  allowMcpServers: boolean;
  allowPackageManagers: boolean;
};

const MAX_HOSTS = 1_000;

export const networkingWords: Record<Networking["type"], string> = {
  unrestricted: "Unrestricted network",
  limited: "Limited network",
};

export function toNetworkingDraft(networking: Networking): NetworkingDraft {
  const limits = networking.type === "limited" ? networking : null;
  return {
    networking: networking.type,
    allowedHosts: limits?.allowed_hosts.join("\n") ?? "",
    allowMcpServers: limits?.allow_mcp_servers ?? false,
    allowPackageManagers: limits?.allow_package_managers ?? false,
  };
}

export function toNetworking(draft: NetworkingDraft): Networking {
  if (draft.networking === "unrestricted") return { type: "unrestricted" };
  return {
    type: "limited",
    allowed_hosts: linesOf(draft.allowedHosts),
    allow_mcp_servers: draft.allowMcpServers,
    allow_package_managers: draft.allowPackageManagers,
  };
}

/** What is wrong with its hosts; null: nothing. */
export function findHostsProblem({ networking, allowedHosts }: NetworkingDraft): string | null {
  if (networking !== "limited") return null;
  const hosts = linesOf(allowedHosts);
  const wrong = hosts.find((host) => parseAllowedHost(host).problem !== null);
  if (wrong !== undefined) return `“${wrong}” ${parseAllowedHost(wrong).problem}.`;
  return hosts.length > MAX_HOSTS ? `At most ${MAX_HOSTS} hosts.` : null;
}

export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
