// Who sends a request: the holder of an API key, or a browser with a session cookie. Used by all routes and the event stream.
import { PlatformError } from "../lib/errors.ts";
import type { Access } from "../teams/access.ts";
import { hashToken } from "../teams/tokens.ts";
import type { Caller } from "./route.ts";

export const SESSION_COOKIE = "berth_session";
/** Browsers take one with this prefix only from this host itself, over https: no other host of its domain can put one in. */
export const SECURE_SESSION_COOKIE = `__Host-${SESSION_COOKIE}`;
const CSRF_HEADER = "x-berth-csrf";
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** `address`: who sent it, as far as this server sees. */
export type RequestFacts = {
  method: string;
  header: (name: string) => string | undefined;
  address?: string | undefined;
};

const refusals = {
  unknown: "You are logged out. Log in again.",
  key_revoked: "The API key that you logged in with was revoked. Log in with another one.",
};

export async function authenticate(access: Access, request: RequestFacts): Promise<Caller> {
  const apiKey = request.header("x-api-key") ?? bearerOf(request.header("authorization"));
  if (apiKey !== undefined) {
    const holder = await access.holderOfKey(apiKey, request.address);
    if (holder === null) throw new PlatformError("authentication_failed", "The API key is not known or was revoked.");
    const { teamId } = holder;
    const sender = { type: "api_key" as const, id: holder.id, name: holder.name };
    return { teamId, via: "api_key", loggedInBy: null, sender, grantor: { apiKeyId: holder.id, browserHash: null } };
  }
  const secret = sessionSecretOf(request);
  if (secret === undefined)
    throw new PlatformError("authentication_failed", "Send an API key: x-api-key, or Authorization: Bearer.");
  const browser = await access.checkBrowserSession(secret, request.address);
  if ("refused" in browser) throw new PlatformError("authentication_failed", refusals[browser.refused]);
  if (!SAFE_METHODS.has(request.method)) refuseOtherSites(request);
  const grantor = { apiKeyId: null, browserHash: hashToken(secret) };
  return { ...browser, via: "browser", sender: { type: "dashboard", logged_in_by: browser.loggedInBy }, grantor };
}

/** Of the request's browser session. Behind https the cookie that another host of the domain could have set counts for nothing. */
export function sessionSecretOf({ header }: RequestFacts): string | undefined {
  const secure = cookieOf(header("cookie"), SECURE_SESSION_COOKIE);
  return secure ?? (isHttps(header) ? undefined : cookieOf(header("cookie"), SESSION_COOKIE));
}

/** A proxy in front ends TLS. Whoever claims it falsely asks for a stricter cookie, for himself. */
export function isHttps(header: RequestFacts["header"]): boolean {
  return header("x-forwarded-proto")?.split(",")[0]?.trim().toLowerCase() === "https";
}

/** A cookie is sent by the browser on its own; so a change needs proof that our own page asked for it. Throws `permission_denied`. */
export function refuseOtherSites(request: RequestFacts): void {
  if (request.header(CSRF_HEADER) !== undefined && comesFromOurPages(request)) return;
  throw new PlatformError("permission_denied", "This request does not come from the dashboard's own pages.");
}

/** The browser's own word where it gives one; it is not sent to plain HTTP addresses, there the origin must be this host. */
function comesFromOurPages(request: RequestFacts): boolean {
  const site = request.header("sec-fetch-site");
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = request.header("origin");
  return origin === undefined || hostOf(origin) === request.header("host");
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}

export function bearerOf(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
}

export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
