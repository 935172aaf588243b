// Whether a credential is for a request, and how exactly it says so. Pure.
import type { RequestScope } from "../../contract/credentials.ts";
import { findAllowed } from "../../contract/host-names.ts";
import { isOfRepository, repositoryPath } from "../../contract/repository-place.ts";
import type { SessionCredential } from "../session-credentials.ts";

/** `host`: canonical. `path`: with its query. Headers that name another method or path do not leave a sandbox. */
export type ScopedRequest = { host: string; method: string; path: string };
type Scoped = Pick<SessionCredential, "auth">;

/**
 * How exactly a credential names what it is for: of two for one header the higher one is used. 0: it is not for it. What decides, in this order:
 * a path and how long it is, a query, the host (one by its name before all below one), methods. Alike are only those that name the same.
 */
export type Exactness = number;

const METHODS = 1;
/** Times the characters of a wildcard, of which there are 255 at most. */
const HOST = 2;
const EXACT_HOST = HOST * 1_000;
const QUERY = 10_000;
/** And for each of its characters. */
const PATH = 100_000;

export function exactnessFor({ auth }: Scoped, request: ScopedRequest): Exactness {
  const { host, path } = request;
  if (auth.type === "static_bearer" || auth.type === "mcp_oauth") return exactnessOfUrl(auth.mcp_server_url, request);
  if (auth.type === "github_repository")
    return isOfRepository(auth.url, request) ? EXACT_HOST + exactnessOfPath(repositoryPath(auth.url)) : 0;
  const ofHost = exactnessOfHosts(auth, host);
  const ofPath = exactnessOfPrefixes(auth, path);
  if (ofHost === 0 || ofPath === null || !isForMethod(auth, request)) return 0;
  return ofPath + ofHost + (auth.allowed_methods ? METHODS : 0);
}

type OfHosts = Exclude<SessionCredential["auth"], { mcp_server_url: string } | { type: "github_repository" }>;

function exactnessOfHosts({ networking }: OfHosts, host: string): Exactness {
  if (networking.type === "unrestricted") return HOST;
  return Math.max(0, ...networking.allowed_hosts.map((entry) => exactnessOfHost(entry, host)));
}

function exactnessOfHost(entry: string, host: string): Exactness {
  if (findAllowed(host, [entry]) === null) return 0;
  return entry.startsWith("*.") ? HOST * entry.length : EXACT_HOST;
}

/** Null: it is for none of these paths. */
function exactnessOfPrefixes({ allowed_path_prefixes: prefixes }: RequestScope, path: string): Exactness | null {
  if (!prefixes) return 0;
  const [pathname = ""] = path.split("?", 1);
  const found = prefixes.filter((prefix) => isBelow(prefix, pathname));
  return found.length === 0 ? null : Math.max(...found.map(exactnessOfPath));
}

function exactnessOfPath(path: string): Exactness {
  return PATH * (1 + path.length);
}

/** The path itself, and what lies below it; not what is only written alike. `base`: without a slash at its end. */
function isBelow(base: string, pathname: string): boolean {
  return pathname === base || pathname.startsWith(`${base}/`);
}

/** Also what some frameworks take for the method, which a query may name, has to be allowed. */
function isForMethod({ allowed_methods: methods }: RequestScope, { method, path }: ScopedRequest): boolean {
  if (!methods) return true;
  const named = new URLSearchParams(path.split("?").slice(1).join("?")).getAll("_method");
  return [method, ...named.map((text) => text.trim().toUpperCase())].every((one) => methods.includes(one));
}

/** The address itself, and what lies below it. */
function exactnessOfUrl(url: string, { host, path }: ScopedRequest): Exactness {
  const server = new URL(url);
  if (server.host !== host) return 0;
  const [pathname = "", ...queries] = path.split("?");
  if (server.search !== "" && server.search !== `?${queries.join("?")}`) return 0;
  const base = server.pathname.replace(/\/$/, "");
  if (!isBelow(base, pathname)) return 0;
  return EXACT_HOST + exactnessOfPath(base) + (server.search === "" ? 0 : QUERY);
}

/** Whether its value may go to this host at all, by some method and path. */
export function isForHost({ auth }: Scoped, host: string): boolean {
  if (auth.type === "static_bearer" || auth.type === "mcp_oauth") return new URL(auth.mcp_server_url).host === host;
  if (auth.type === "github_repository") return new URL(auth.url).host === host;
  return exactnessOfHosts(auth, host) > 0;
}

/** Whether the path decides about it at this host. */
export function hasPathScope(credential: Scoped, host: string): boolean {
  const { auth } = credential;
  if (!isForHost(credential, host)) return false;
  if (auth.type === "github_repository") return true;
  if (auth.type !== "static_bearer" && auth.type !== "mcp_oauth") return Boolean(auth.allowed_path_prefixes);
  const server = new URL(auth.mcp_server_url);
  return server.pathname !== "/" || server.search !== "";
}

/** Reads the same for everybody: no dot segments, no empty ones, nothing encoded that would separate. */
export function isCanonicalPath(path: string): boolean {
  const pathname = path.split("?", 1)[0] ?? "";
  if (/%2e|%2f|%5c|%00|[\\;#]|\/\//i.test(pathname)) return false;
  return !pathname.split("/").some((segment) => segment === "." || segment === "..");
}
