// The port through which the server itself asks hosts that somebody else named: MCP servers, token endpoints, pages, webhooks.
import { type ErrorCode, PlatformError } from "./errors.ts";

/** A session, or `who` without one. `credentials`: names of those in the request. */
export type OutsideCaller = {
  teamId: string;
  sessionId: string | null;
  /** A `Sender`, as the audit keeps it. */
  who?: { type: string };
  credentials?: readonly string[];
};

export type OutsideInit = RequestInit & {
  /**
   * Asked before each request with the host's canonical name, after redirects too. Gives the rule that allows it; throws an
   * `OutsideFailure` (`permission_denied`) otherwise.
   */
  mayReach?: (host: string) => string;
  /** For whom it is asked: with it, an audit line is left. */
  caller?: OutsideCaller;
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
