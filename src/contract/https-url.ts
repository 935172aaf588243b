// Addresses that this server itself asks, with a credential or without: https, a host by name, nothing in them that would be a secret or be ignored. Pure.
import { canonicalHost } from "./host-names.ts";

/** The address in one form, so that the same server is recognised; or what is wrong, to complete "mcp_server_url: …". */
export function canonicalUrl(text: string): { url: string } | { problem: string } {
  if (/[\s\p{Cc}]/u.test(text)) return { problem: "holds a space or a control character" };
  const parsed = URL.canParse(text) ? new URL(text) : null;
  if (!parsed) return { problem: "is not a URL" };
  if (parsed.protocol !== "https:")
    return { problem: "must begin with https://: a credential is not sent over an open connection" };
  if (parsed.username || parsed.password) return { problem: "holds a user or password: leave them out" };
  if (parsed.hash) return { problem: "has a part after #, which is never sent" };
  const { host } = canonicalHost(parsed.hostname);
  if (host === null || host === "localhost" || host.endsWith(".localhost"))
    return { problem: `${JSON.stringify(parsed.hostname)} is not the name of a host that can be reached` };
  parsed.hostname = host;
  return { url: parsed.href };
}
