// Why a request got through or did not, for people. What has no words here is shown as it is. Pure.
import type { EgressRequest } from "../contract/egress-requests.ts";

const words: Record<string, string> = {
  unrestricted: "every public host is allowed",
  package_managers: "a package registry",
  mcp_servers: "an MCP server of the agent",
  token_endpoint: "the credential's own token endpoint",
  mcp_server_url: "the credential's own MCP server",
  tool_domains: "the agent's web tool leaves this host out",
  url_sources: "the address stands in no message that it may come from",
  bad_request: "not a request that HTTP knows",
  bad_host: "not the name of a host",
  address_for_host: "an address instead of a name",
  port: "only port 443 can be reached",
  method: "a method that is not let through",
  plain_http: "plain HTTP does not leave a sandbox",
  host_mismatch: "the names in TLS, Host and CONNECT differ",
  no_session: "the sandbox belonged to no session",
  host_not_allowed: "the host is not allowed",
  networking_ceiling: "more than this server allows any environment",
  team_ceiling: "more than this team allows any environment",
  refused_address: "the name leads to an address inside",
  too_many_hosts: "too many new hosts in a short time",
  too_many_connections: "too many connections at once",
  placeholder_unknown: "a placeholder that stands for nothing here",
  placeholder_host: "a placeholder on its way to a host that its credential is not for",
  placeholder_scope: "a placeholder in a request that its credential is not for, by its method or path",
  placeholder_place: "a placeholder where its credential is not put in",
  credential_path: "a path that its credential is not for",
  credential_signature: "a signature that can't be made anew",
  body_too_large: "a body too large to be looked into",
  credential_problem: "the credential can't be used now",
  credential_new: "the session's first credential took effect while this was open",
  answer_encoding: "an answer in an encoding that can't be looked into",
  policy_unavailable: "the rules could not be looked up",
  unresolved: "no such name",
  upstream_certificate: "the host's certificate is not trusted",
  upstream_failed: "the host could not be reached",
  upstream_timeout: "the host was silent for too long",
  client_tls: "the program would not speak TLS with us",
  client_gone: "the program went away",
};

export function ruleWords({ rule }: Pick<EgressRequest, "rule">): string {
  if (rule.startsWith("allowed_hosts ")) return `allowed host ${rule.slice("allowed_hosts ".length)}`;
  return Object.hasOwn(words, rule) ? (words[rule] ?? rule) : rule;
}

/** Of an event of the session's log: no program does that by accident. */
export function securityWords(event: { host: string; rule: string; detail: string | null }): string {
  const why = [ruleWords(event), event.detail].filter(Boolean).join(", ");
  return `Security: the sandbox's request to ${event.host} was refused (${why}).`;
}
