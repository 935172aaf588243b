// Names under which this server answers: a page of another site that points its own name at 127.0.0.1 gets nothing. Pure.

/** `any`: the server is meant to be reached from elsewhere, under names that only its operator knows. */
export type AllowedHosts = "any" | ReadonlySet<string>;

const LOOPBACK = /^(localhost|127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\]|[\w-]+(\.[\w-]+)*\.localhost)$/;

/** What a server that listens on `listenHost` may be called. */
export function allowedHostsFor(listenHost: string): AllowedHosts {
  const host = listenHost.includes(":") ? `[${listenHost}]` : listenHost.toLowerCase();
  return LOOPBACK.test(host) ? new Set([host]) : "any";
}

export function hostIsAllowed(hostHeader: string | undefined, allowed: AllowedHosts): boolean {
  if (allowed === "any") return true;
  const name = nameOfHost(hostHeader);
  return LOOPBACK.test(name) || allowed.has(name);
}

/** In lower case, without its port. */
export function nameOfHost(hostHeader: string | undefined): string {
  return (hostHeader ?? "").toLowerCase().replace(/:\d+$/, "");
}

/** Who uses this name is on the same machine. */
export function namesLoopback(hostHeader: string | undefined): boolean {
  return LOOPBACK.test(nameOfHost(hostHeader));
}
