// The port through which the server itself asks hosts that somebody else named: MCP servers, token endpoints, pages, webhooks.

export type OutsideInit = RequestInit & {
  /** Asked before each request with the host's canonical name, after redirects too; what it throws is thrown to the caller. */
  mayReach?: (host: string) => void;
};

/**
 * As `fetch`, behind the dial guard. https only, hosts by name. Throws `permission_denied` where a rule says no, `unavailable` where the
 * host cannot be reached, both with words for people; the signal's reason when it is aborted. How much is read is up to the caller, and
 * so is how long: a host may be silent for 15 minutes.
 */
export type OutsideFetch = (url: string | URL, init?: OutsideInit) => Promise<Response>;
