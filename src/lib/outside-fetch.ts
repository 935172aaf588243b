// The port through which the server itself asks hosts that somebody else named: MCP servers, token endpoints, pages, webhooks.
import { type ErrorCode, PlatformError } from "./errors.ts";

export type OutsideInit = RequestInit & {
  /**
   * Asked before each request with the host's canonical name, after redirects too. Gives the rule that allows it; throws an
   * `OutsideFailure` (`permission_denied`) otherwise.
   */
  mayReach?: (host: string) => string;
  /** For which session it is asked: with it, an audit line is left. `credentials`: names of those in the request. */
  caller?: { teamId: string; sessionId: string; credentials?: readonly string[] };
};

/** `permission_denied` where a rule says no, `unavailable` where the host cannot be reached; the message is for people. */
export class OutsideFailure extends PlatformError {
  /** False: it is certain that no byte of the request arrived. */
  readonly maybeSent: boolean;
  /** Which rule said no, where one did: for the audit line. */
  readonly rule: "host_not_allowed" | "networking_ceiling" | "team_ceiling";
  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { maybeSent: boolean; rule?: OutsideFailure["rule"] },
  ) {
    super(code, message, options);
    this.maybeSent = options.maybeSent;
    this.rule = options.rule ?? "host_not_allowed";
  }
}

/**
 * As `fetch`, behind the dial guard. https only, hosts by name. Throws `OutsideFailure`; the signal's reason when it is aborted. How much
 * is read is up to the caller, and so is how long: a host may be silent for 15 minutes.
 */
export type OutsideFetch = (url: string | URL, init?: OutsideInit) => Promise<Response>;
