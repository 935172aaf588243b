// Headers on their way through the broker: what is meant for the next hop only, or could speak for somebody else, stays behind. Pure.

/** Name and value in turns, as Node gives them. */
export type RawHeaders = readonly string[];

const HOP_BY_HOP = [
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
/** Headers by which a client could pass for another one, or a request for another one. */
const SPEAKING_FOR_OTHERS =
  /^(forwarded|x-forwarded-.*|x-real-ip|x-original-(url|uri|host)|x-(rewrite|override)-url|x-http-method(-override)?|x-method-override|proxy-.*)$/;
const NOT_UPSTREAM = new Set([...HOP_BY_HOP, "host", "expect", "content-length"]);
/** The sandbox must not be sent past the broker, nor told of a way that does not exist. */
const NOT_DOWNSTREAM = new Set([...HOP_BY_HOP, "alt-svc"]);

/** What decides how a message is read, and comes too late after it. */
const NOT_IN_TRAILERS = new Set([
  ...HOP_BY_HOP,
  ...["host", "content-length", "content-encoding", "content-type", "content-range", "expect", "max-forwards"],
  ...["authorization", "cookie", "set-cookie", "cache-control", "location", "www-authenticate", "alt-svc"],
]);

/**
 * Those of `raw` whose name, in lower case, is to be kept. A loop over what Node gives: each request has its headers looked through half a dozen times,
 * and with arrays in between that was a quarter of what the broker's own code spent on one.
 */
function keep(raw: RawHeaders, keeps: (lower: string) => boolean): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? "";
    if (keeps(name.toLowerCase())) kept.push(name, raw[index + 1] ?? "");
  }
  return kept;
}

/** Whether it is written like a name in lower case, whatever its case. */
function isNamed(name: string, lower: string): boolean {
  return name.length === lower.length && name.toLowerCase() === lower;
}

/** Names that a `Connection` header declares to be of this hop. */
function declaredHopByHop(raw: RawHeaders): Set<string> | null {
  let names: Set<string> | null = null;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    if (!isNamed(raw[index] ?? "", "connection")) continue;
    const value = raw[index + 1] ?? "";
    // What nearly all of them say: it stays behind anyway.
    if (value === "keep-alive") continue;
    names ??= new Set();
    for (const part of value.split(",")) names.add(part.trim().toLowerCase());
  }
  return names;
}

export function valuesOf(raw: RawHeaders, wanted: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2)
    if (isNamed(raw[index] ?? "", wanted)) values.push(raw[index + 1] ?? "");
  return values;
}

/** What goes to the upstream besides the host and the framing of the body. */
export function upstreamHeaders(raw: RawHeaders): string[] {
  const declared = declaredHopByHop(raw);
  return keep(raw, (lower) => !NOT_UPSTREAM.has(lower) && !declared?.has(lower) && !SPEAKING_FOR_OTHERS.test(lower));
}

/** Of a request that anybody on its way can read. */
export function withoutCredentials(raw: RawHeaders): string[] {
  return keep(raw, (lower) => lower !== "authorization" && lower !== "cookie");
}

/** What of an answer goes to the sandbox. */
export function downstreamHeaders(raw: RawHeaders): string[] {
  const declared = declaredHopByHop(raw);
  return keep(raw, (lower) => !NOT_DOWNSTREAM.has(lower) && !declared?.has(lower));
}

/** What follows a body, in either direction. */
export function trailersOf(raw: RawHeaders): string[] {
  return keep(raw, (lower) => !NOT_IN_TRAILERS.has(lower) && !SPEAKING_FOR_OTHERS.test(lower));
}
