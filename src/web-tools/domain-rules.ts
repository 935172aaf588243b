// Which hosts an agent's `web_fetch` and `web_search` may bring something from. Pure.
import { canonicalHost } from "../contract/host-names.ts";
import type { DomainRules } from "./web-tools.ts";

/** Null: it may. Otherwise why not, for the model. `host` is canonical. */
export function whyNotFrom(host: string, path: string, { allowed, blocked }: DomainRules): string | null {
  // In both readings: a server may decode a path before it resolves it, or not at all.
  const covers = (entry: string) =>
    coversPlace(entry, host, path) && coversPlace(resolvedPath(entry), host, resolvedPath(path));
  if (blocked?.some((entry) => coversPlace(plainPath(entry), host, plainPath(path))))
    return `${host} is among the blocked domains of this tool.`;
  if (allowed && !allowed.some(covers))
    return `${host} is not among the allowed domains of this tool (${allowed.join(", ")}).`;
  return null;
}

/** `/%70rivate`, `//private` and `/Private` are for most servers what `/private` is: blocked is what may be it. */
function plainPath(path: string): string {
  return resolvedPath(path).toLowerCase();
}

/** Decoded, then resolved: `/blog/..%2Fprivate` is `/private`, which no reader of addresses says of it. */
function resolvedPath(path: string): string {
  const decoded = path.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  const parts: string[] = [];
  for (const part of decoded.split(/[\\/]+/)) {
    if (part === "..") parts.splice(Math.max(1, parts.length - 1));
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** `docs.example.com` covers itself and every name below it; `example.com/blog` what is at or below that path. */
function coversPlace(entry: string, host: string, path: string): boolean {
  const slash = entry.indexOf("/");
  const named = canonicalHost(slash === -1 ? entry : entry.slice(0, slash)).host ?? entry.toLowerCase();
  if (host !== named && !host.endsWith(`.${named}`)) return false;
  if (slash === -1) return true;
  const below = entry.slice(slash).replace(/\/+$/, "");
  return path === below || path.startsWith(`${below}/`);
}
