// Headers on their way through the broker: what is meant for the next hop only, or could speak for somebody else, stays behind. Pure.

/** Name and value in turns, as Node gives them. */
export type RawHeaders = readonly string[];

const HOP_BY_HOP = [
  "connection",
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
const NOT_UPSTREAM = new Set([...HOP_BY_HOP, "host", "expect", "content-length", "http2-settings"]);
/** The sandbox must not be sent past the broker, nor told of a way that does not exist. */
const NOT_DOWNSTREAM = new Set([...HOP_BY_HOP, "alt-svc"]);

/** What decides how a message is read, and comes too late after it. */
const NOT_IN_TRAILERS = new Set([
  ...HOP_BY_HOP,
  ...["host", "content-length", "content-encoding", "content-type", "content-range", "expect", "max-forwards"],
  ...["authorization", "cookie", "set-cookie", "cache-control", "location", "www-authenticate", "alt-svc"],
]);

function* pairs(raw: RawHeaders): Generator<[name: string, value: string]> {
  for (let index = 0; index + 1 < raw.length; index += 2) yield [raw[index] ?? "", raw[index + 1] ?? ""];
}

/** Names that a `Connection` header declares to be of this hop. */
function declaredHopByHop(raw: RawHeaders): Set<string> {
  const names = new Set<string>();
  for (const [name, value] of pairs(raw))
    if (name.toLowerCase() === "connection") for (const part of value.split(",")) names.add(part.trim().toLowerCase());
  return names;
}

export function valuesOf(raw: RawHeaders, wanted: string): string[] {
  return [...pairs(raw)].filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
}

/** What goes to the upstream besides the host and the framing of the body. */
export function upstreamHeaders(raw: RawHeaders): string[] {
  const declared = declaredHopByHop(raw);
  return [...pairs(raw)].flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    const stays = NOT_UPSTREAM.has(lower) || declared.has(lower) || SPEAKING_FOR_OTHERS.test(lower);
    return stays ? [] : [name, value];
  });
}

/** Of a request that anybody on its way can read. */
export function withoutCredentials(raw: RawHeaders): string[] {
  return [...pairs(raw)].flatMap(([name, value]) => (/^(authorization|cookie)$/i.test(name) ? [] : [name, value]));
}

/** What of an answer goes to the sandbox. */
export function downstreamHeaders(raw: RawHeaders): string[] {
  const declared = declaredHopByHop(raw);
  return [...pairs(raw)].flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    return NOT_DOWNSTREAM.has(lower) || declared.has(lower) ? [] : [name, value];
  });
}

/** What follows a body, in either direction. */
export function trailersOf(raw: RawHeaders): string[] {
  return [...pairs(raw)].flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    return NOT_IN_TRAILERS.has(lower) || SPEAKING_FOR_OTHERS.test(lower) ? [] : [name, value];
  });
}
