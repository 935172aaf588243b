// Whether a credential is for a request, and how exactly it says so. Pure.
import { findAllowed } from "../../contract/host-names.ts";
import { isOfRepository, repositoryPath } from "../../contract/repository-place.ts";
import type { SessionCredential } from "../session-credentials.ts";

/** How exactly a credential names what it is for: of two for one header the higher one is used. 0: it is not for it. */
export type Exactness = number;

const EXACT_HOST = 1_000;
/** A path below a host is more exact than the host alone. */
const PATH = 10_000;

/** `host`: canonical. `path`: with its query. */
export function exactnessFor(
  { auth }: Pick<SessionCredential, "auth">,
  request: { host: string; path: string },
): Exactness {
  if (auth.type === "static_bearer" || auth.type === "mcp_oauth") return exactnessOfUrl(auth.mcp_server_url, request);
  if (auth.type === "github_repository")
    return isOfRepository(auth.url, request) ? PATH + repositoryPath(auth.url).length : 0;
  const { networking } = auth;
  if (networking.type === "unrestricted") return 1;
  return Math.max(0, ...networking.allowed_hosts.map((entry) => exactnessOfHost(entry, request.host)));
}

function exactnessOfHost(entry: string, host: string): Exactness {
  if (findAllowed(host, [entry]) === null) return 0;
  return entry.startsWith("*.") ? entry.length : EXACT_HOST;
}

/** The address itself, and what lies below it. */
function exactnessOfUrl(url: string, { host, path }: { host: string; path: string }): Exactness {
  const server = new URL(url);
  if (server.host !== host) return 0;
  const [pathname = "", ...queries] = path.split("?");
  if (server.search !== "" && server.search !== `?${queries.join("?")}`) return 0;
  const base = server.pathname.replace(/\/$/, "");
  if (pathname !== base && !pathname.startsWith(`${base}/`)) return 0;
  return PATH + base.length + server.search.length;
}

/** Whether its value may go to this host at all, by some path. */
export function isForHost({ auth }: Pick<SessionCredential, "auth">, host: string): boolean {
  if (auth.type === "static_bearer" || auth.type === "mcp_oauth") return new URL(auth.mcp_server_url).host === host;
  if (auth.type === "github_repository") return new URL(auth.url).host === host;
  return exactnessFor({ auth }, { host, path: "/" }) > 0;
}

/** The path alone decides for this one. */
export function hasPathScope({ auth }: Pick<SessionCredential, "auth">, host: string): boolean {
  if (auth.type === "github_repository") return new URL(auth.url).host === host;
  if (auth.type !== "static_bearer" && auth.type !== "mcp_oauth") return false;
  const server = new URL(auth.mcp_server_url);
  return server.host === host && (server.pathname !== "/" || server.search !== "");
}

/** Reads the same for everybody: no dot segments, no empty ones, nothing encoded that would separate. */
export function isCanonicalPath(path: string): boolean {
  const pathname = path.split("?", 1)[0] ?? "";
  if (/%2e|%2f|%5c|%00|[\\;#]|\/\//i.test(pathname)) return false;
  return !pathname.split("/").some((segment) => segment === "." || segment === "..");
}
