// Credentials of a vault that a session in this environment would have no use for. Pure.
import type { CredentialAuth } from "../../../contract/credentials.ts";
import type { Networking } from "../../../contract/environments.ts";
import { isCovered } from "../../../contract/networking-ceiling.ts";

/** The hosts that a credential is for where the environment allows none of them; null: there is one, or it may be one. */
export function outOfReach(auth: CredentialAuth, networking: Networking): readonly string[] | null {
  if (networking.type === "unrestricted") return null;
  if ("networking" in auth) {
    if (auth.networking.type === "unrestricted") return null;
    const { allowed_hosts: hosts } = auth.networking;
    return hosts.some((host) => meets(host, networking.allowed_hosts)) ? null : hosts;
  }
  // The agent's own MCP servers are asked with it outside of the sandbox.
  if (networking.allow_mcp_servers) return null;
  const { host } = new URL(auth.mcp_server_url);
  return meets(host, networking.allowed_hosts) ? null : [host];
}

/** Whether there is a host that both allow. */
function meets(entry: string, others: readonly string[]): boolean {
  return isCovered(entry, others) || others.some((other) => isCovered(other, [entry]));
}
