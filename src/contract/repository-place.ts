// Where a repository of a session comes from, and where it lies in the sandbox. Pure.
import { canonicalUrl } from "./https-url.ts";

const WORKSPACE = "/workspace";
/** What is kept between turns, and in snapshots. */
const KEPT = /^\/(?:workspace|home\/agent)\/(.+)$/s;
const MAX_NAME_BYTES = 255;

/** Any host that serves git over https, such as GitHub, GitLab or Gitea. What is wrong completes "url: …". */
export function repositoryUrl(text: string): { url: string } | { problem: string } {
  const canonical = canonicalUrl(text);
  if ("problem" in canonical) return canonical;
  const { host, hostname, pathname, search } = new URL(canonical.url);
  if (search) return { problem: "holds a query: leave out what comes after the ?" };
  if (host !== hostname) return { problem: "holds a port: leave it out; only 443 can be reached" };
  const path = pathname.replace(/\/$/, "");
  // More than a name would be read in several ways by hosts, and the token depends on the path.
  if (!/^(?:\/[A-Za-z0-9._~+-]+){2,}$/.test(path) || /\/\.{1,2}(?:\/|$)|\/\.git$/i.test(path))
    return { problem: "must name a repository, such as https://github.com/acme/app" };
  return { url: `https://${host}${path}` };
}

/** The path of a repository on its host, as its pages have it: without `.git`. */
export function repositoryPath(url: string): string {
  return new URL(url).pathname.replace(/\.git$/, "");
}

/** Whether a request asks for something of this repository. `path`: with its query; canonical. */
export function isOfRepository(url: string, { host, path }: { host: string; path: string }): boolean {
  if (new URL(url).host !== host) return false;
  const base = repositoryPath(url);
  const [pathname = ""] = path.split("?");
  return [base, `${base}.git`].some((each) => pathname === each || pathname.startsWith(`${each}/`));
}

export function defaultMountPath(url: string): string {
  return `${WORKSPACE}/${repositoryPath(url).split("/").at(-1)}`;
}

/** What is wrong completes "mount_path: …". */
export function mountPath(text: string): { path: string } | { problem: string } {
  const path = text.replace(/\/$/, "");
  const below = KEPT.exec(path)?.[1];
  if (below === undefined)
    return { problem: "must lie below /workspace or /home/agent, such as /workspace/app: only these are kept" };
  if (/\p{Cc}/u.test(path)) return { problem: "holds a control character" };
  const names = below.split("/");
  if (names.some((name) => name === "" || name === "." || name === ".."))
    return { problem: "must be written without empty parts, . and .." };
  if (names.some((name) => new TextEncoder().encode(name).length > MAX_NAME_BYTES))
    return { problem: `has a part longer than ${MAX_NAME_BYTES} bytes` };
  return { path };
}

/** Whether one of both lies in the other, or they are the same. */
export function pathsMeet(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}
