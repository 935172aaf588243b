// Why a request of a sandbox does not get through: the rule, and what the program that asked is told.

/** `deny`: a rule of ours said no. `error`: it was allowed, and could not be carried out. */
export type Outcome = "deny" | "error";

const OUTCOMES = {
  /** Not a request that HTTP knows, or one that two readers could take for different ones. */
  bad_request: "deny",
  bad_host: "deny",
  address_for_host: "deny",
  port: "deny",
  method: "deny",
  plain_http: "deny",
  /** The name in the TLS handshake, the Host header and the CONNECT request are not the same. */
  host_mismatch: "deny",
  no_session: "deny",
  host_not_allowed: "deny",
  /** More than the server allows any environment. */
  networking_ceiling: "deny",
  /** More than the session's team allows any of its environments. */
  team_ceiling: "deny",
  /** Of `web_fetch` and `web_search`: the agent's definition leaves the host, or where the URL is from, out. */
  tool_domains: "deny",
  url_sources: "deny",
  /** The host's name leads to an address that no sandbox may reach. */
  refused_address: "deny",
  too_many_hosts: "deny",
  too_many_connections: "deny",
  /** A placeholder that stands for nothing of this session, or is in a request or a place of it that its credential is not for. */
  placeholder_unknown: "deny",
  placeholder_host: "deny",
  placeholder_scope: "deny",
  placeholder_place: "deny",
  credential_path: "deny",
  credential_signature: "deny",
  /** Longer than what can be looked into before it goes. */
  body_too_large: "deny",
  /** Its token is over, say, and could not be renewed. */
  credential_problem: "error",
  /** The first one of its session took effect while it was open. */
  credential_new: "error",
  answer_encoding: "error",
  policy_unavailable: "error",
  unresolved: "error",
  upstream_certificate: "error",
  upstream_failed: "error",
  upstream_timeout: "error",
  client_tls: "error",
  client_gone: "error",
} as const satisfies Record<string, Outcome>;
export type RefusalRule = keyof typeof OUTCOMES;

/** What no program does by accident. */
const SUSPICIOUS: ReadonlySet<RefusalRule> = new Set([
  "bad_request",
  "address_for_host",
  "host_mismatch",
  "refused_address",
  "placeholder_unknown",
  "placeholder_host",
  "placeholder_scope",
  "placeholder_place",
]);

export class Refusal extends Error {
  readonly rule: RefusalRule;
  readonly status: number;
  /** More for the audit line than the sandbox is told. */
  readonly detail: string | null;
  constructor(rule: RefusalRule, message: string, options: { status?: number; detail?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "Refusal";
    this.rule = rule;
    this.status = options.status ?? (OUTCOMES[rule] === "deny" ? 403 : 502);
    this.detail = options.detail ?? null;
  }
  get outcome(): Outcome {
    return OUTCOMES[this.rule];
  }
  get suspicious(): boolean {
    return SUSPICIOUS.has(this.rule);
  }
}
