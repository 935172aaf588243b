// Where a request wants to go, read once and strictly: whatever could be read in two ways is refused. Pure.
import { canonicalHost } from "../contract/host-names.ts";
import { Refusal } from "./refusal.ts";
import { type RawHeaders, valuesOf } from "./request-headers.ts";

export type RequestHead = { method: string; url: string; rawHeaders: RawHeaders };

/** `path`: with its query, as it goes upstream. */
export type Target = { scheme: "http" | "https"; host: string; path: string };

const PORTS = { http: 80, https: 443 } as const;
const FORBIDDEN_METHODS = new Set(["CONNECT", "TRACE", "TRACK"]);

/** `host:port` of a CONNECT request. Only 443 is reached. */
export function readConnectTarget(authority: string): string {
  const match = /^(.*):(\d{1,5})$/s.exec(authority);
  if (!match) throw new Refusal("bad_request", "A CONNECT request names a host and a port.", { status: 400 });
  const host = checkedHost(match[1] ?? "");
  if (Number(match[2]) !== PORTS.https) throw new Refusal("port", `Only port 443 can be reached, not ${match[2]}.`);
  return host;
}

/** `tunnelHost`: the canonical host that the connection was opened for; null on a connection to the proxy itself. */
export function readTarget(head: RequestHead, tunnelHost: string | null): Target {
  if (FORBIDDEN_METHODS.has(head.method))
    throw new Refusal("method", `The method ${head.method} is not passed on.`, { status: 405 });
  if (!isFramedInOneWay(head.rawHeaders)) throw framingRefusal();
  const [hostHeader, ...more] = valuesOf(head.rawHeaders, "host");
  if (hostHeader === undefined || more.length > 0)
    throw new Refusal("bad_request", "A request has exactly one Host header.", { status: 400 });
  if (tunnelHost !== null) {
    if (!head.url.startsWith("/"))
      throw new Refusal("bad_request", "In a tunnel a request names a path only.", { status: 400 });
    if (hostOf(hostHeader, "https") !== tunnelHost) throw mismatch();
    return { scheme: "https", host: tunnelHost, path: head.url };
  }
  if (head.url.startsWith("/")) return { scheme: "http", host: hostOf(hostHeader, "http"), path: head.url };
  const absolute = /^(https?):\/\/([^/?#]*)([/?].*)?$/is.exec(head.url);
  if (!absolute) throw new Refusal("bad_request", "A request to a proxy names a whole URL.", { status: 400 });
  const scheme = absolute[1]?.toLowerCase() === "https" ? "https" : "http";
  const host = hostOf(absolute[2] ?? "", scheme);
  if (hostOf(hostHeader, scheme) !== host) throw mismatch();
  const rest = absolute[3] ?? "/";
  return { scheme, host, path: rest.startsWith("/") ? rest : `/${rest}` };
}

/** Whether its body ends in one place for every reader: the HTTP parser lets more through than an upstream might read in the same way. */
export function isFramedInOneWay(raw: RawHeaders): boolean {
  const encodings = valuesOf(raw, "transfer-encoding");
  const lengths = valuesOf(raw, "content-length");
  return encodings.length + lengths.length <= 1 && encodings.every((value) => value.toLowerCase() === "chunked");
}

export function framingRefusal(): Refusal {
  const message = "The length of the request's body can be read in several ways.";
  return new Refusal("bad_request", message, { status: 400 });
}

function mismatch(): Refusal {
  return new Refusal("host_mismatch", "The Host header names another host than the connection was opened for.", {
    status: 421,
  });
}

function hostOf(authority: string, scheme: keyof typeof PORTS): string {
  const match = /^(.*?)(?::(\d{1,5}))?$/s.exec(authority);
  const host = checkedHost(match?.[1] ?? authority);
  const port = match?.[2] === undefined ? PORTS[scheme] : Number(match[2]);
  if (port !== PORTS[scheme]) throw new Refusal("port", `Only port ${PORTS[scheme]} can be reached, not ${port}.`);
  return host;
}

export function checkedHost(text: string): string {
  const name = canonicalHost(text);
  if (name.host !== null) return name.host;
  const message = `${JSON.stringify(text.slice(0, 100))} ${name.problem}.`;
  throw name.isAddress ? new Refusal("address_for_host", message) : new Refusal("bad_host", message, { status: 400 });
}
