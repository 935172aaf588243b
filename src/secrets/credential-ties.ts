// Which credentials would compete for one place in one request. Pure. The most exact one wins; a tie has no answer, so it is refused.
import type { CredentialAuth, RequestScope } from "../contract/credentials.ts";
import type { StoredAuth } from "../db/credentials.ts";

export type NamedCredential = { id: string; name: string; auth: CredentialAuth };

/** The name that people know a credential by. */
export function nameOfCredential(input: { id: string; displayName: string | null; auth: StoredAuth }): string {
  const { auth, displayName, id } = input;
  if (displayName) return displayName;
  return auth.type === "environment_variable" ? auth.secret_name : id;
}

/** The first two that nothing decides between, and over what; null: there are none. */
export function findTie(
  credentials: readonly NamedCredential[],
): { first: NamedCredential; second: NamedCredential; over: string } | null {
  const seen = new Map<string, NamedCredential>();
  for (const credential of credentials) {
    for (const { place, over } of placesOf(credential.auth)) {
      const first = seen.get(place);
      if (first && first !== credential) return { first, second: credential, over };
      seen.set(place, credential);
    }
  }
  return null;
}

/** In words, to be shown. */
export function describeTie(tie: { first: NamedCredential; second: NamedCredential; over: string }): string {
  const { first, second, over } = tie;
  return `${show(first)} and ${show(second)} are both for ${over}: nothing decides which one is used. Archive one, or give them different hosts, paths or methods.`;
}

function show({ name, id }: NamedCredential): string {
  return name === id ? id : `${JSON.stringify(name)} (${id})`;
}

type Place = { place: string; over: string };

function placesOf(auth: CredentialAuth): Place[] {
  switch (auth.type) {
    case "environment_variable":
      return [{ place: `variable ${auth.secret_name}`, over: `the variable ${auth.secret_name}` }];
    case "static_bearer":
    case "mcp_oauth": {
      const { host, pathname, search } = new URL(auth.mcp_server_url);
      // With a slash at its end it is for the same.
      const path = pathname.replace(/\/$/, "");
      return [{ place: placeOf({ header: "authorization", host, path, search }), over: auth.mcp_server_url }];
    }
    case "basic":
    case "aws_sigv4":
      return inHeader("authorization", auth);
    case "header":
      return inHeader(auth.header_name.toLowerCase(), auth);
  }
}

/** One for each host, path and method: two that name one of each are equally exact, and others are not (`exactnessFor`). */
function inHeader(
  header: string,
  { networking, ...scope }: RequestScope & { networking: { allowed_hosts: readonly string[] } },
): Place[] {
  return networking.allowed_hosts.flatMap((host) =>
    (scope.allowed_path_prefixes ?? [null]).flatMap((path) =>
      (scope.allowed_methods ?? [null]).map((method) => ({
        place: placeOf({ header, host, path, method }),
        over: `${method ?? ""} ${host}${path ?? ""}`.trim(),
      })),
    ),
  );
}

/** `path`: null for a host without one, which is less exact than a whole host given as an address. */
function placeOf(about: {
  header: string;
  host: string;
  path: string | null;
  search?: string;
  method?: string | null;
}): string {
  const { header, host, path, search = "", method = null } = about;
  return JSON.stringify([header, host, path, search, method]);
}
