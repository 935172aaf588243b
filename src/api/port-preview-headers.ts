// Headers between a browser and an app in a sandbox: the app sees a request to localhost and none of our secrets, the browser nothing that reaches past this origin. Pure.
import { SECURE_SESSION_COOKIE, SESSION_COOKIE } from "./authenticate.ts";
import { withoutTicket } from "./port-preview-entry.ts";

/** Name and value in turn, as they came. */
export type RawHeaders = readonly string[];
export type PreviewOrigin = {
  /** As the browser has it: `http://5173-….preview.localhost:3000`. */
  origin: string;
  port: number;
};

const PREVIEW_COOKIE = "berth_preview";
/** Browsers take one with this prefix only for one host, and only over https. */
const SECURE_PREVIEW_COOKIE = `__Host-${PREVIEW_COOKIE}`;
const OUR_COOKIES = new Set([SESSION_COOKIE, SECURE_SESSION_COOKIE, PREVIEW_COOKIE, SECURE_PREVIEW_COOKIE]);

/** About one connection, or ours to say. */
const NEVER_TO_APP = new Set([
  ...["connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer", "transfer-encoding"],
  ...["content-length", "upgrade", "expect", "host", "forwarded", "x-real-ip", "cookie", "origin", "referer"],
]);
/** About one connection, or about more than the app's own pages and for longer than they are looked at. */
const NEVER_TO_BROWSER = new Set([
  ...["connection", "keep-alive", "proxy-connection", "proxy-authenticate", "trailer", "transfer-encoding", "upgrade"],
  ...[
    "strict-transport-security",
    "public-key-pins",
    "expect-ct",
    "alt-svc",
    "nel",
    "report-to",
    "reporting-endpoints",
  ],
  ...["origin-agent-cluster", "cross-origin-resource-policy", "set-cookie", "location"],
]);

export function previewCookie(isSecure: boolean, value: string): string {
  const name = isSecure ? SECURE_PREVIEW_COOKIE : PREVIEW_COOKIE;
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
}

/** A page may set others of the name that are sent along; only the right one is of use. */
export function previewCookiesOf(header: string | undefined, isSecure: boolean): string[] {
  const name = isSecure ? SECURE_PREVIEW_COOKIE : PREVIEW_COOKIE;
  return cookiesOf(header).flatMap(([key, value]) => (key === name && value !== "" ? [value] : []));
}

/** Without a pattern: one that takes blanks off either side looks at them again and again, and anybody may send thousands of them. */
function cookiesOf(header: string | undefined): [string, string][] {
  return (header ?? "").split(";").flatMap((part) => {
    const at = part.indexOf("=");
    const name = part.slice(0, Math.max(0, at)).trim();
    return name === "" ? [] : [[name, part.slice(at + 1).trim()]];
  });
}

/**
 * Name and value of the header that says how long the body is; empty: there is none. It is told to the app whatever method the request has and
 * whatever its Connection header names: a body that nothing announces would be read as a request of its own.
 */
export function framingOf(raw: RawHeaders): string[] {
  const find = (wanted: string) => pairsOf(raw).find(([name]) => name.toLowerCase() === wanted)?.[1];
  if (find("transfer-encoding") !== undefined) return ["Transfer-Encoding", "chunked"];
  const length = find("content-length");
  return length === undefined ? [] : ["Content-Length", length];
}

/** `upgrade`: what the connection is to become, for a WebSocket. `secrets`: names of headers that hold a key of Berth. */
export function headersToApp(
  raw: RawHeaders,
  at: PreviewOrigin,
  options: { upgrade?: string; secrets?: ReadonlySet<string> } = {},
): string[] {
  const named = namedByConnection(raw);
  const sent: string[] = ["Host", `localhost:${at.port}`];
  for (const [name, value] of pairsOf(raw)) {
    const key = name.toLowerCase();
    if (key === "cookie") {
      const kept = cookiesOf(value).filter(([cookie]) => !OUR_COOKIES.has(cookie));
      if (kept.length > 0) sent.push(name, kept.map((pair) => pair.join("=")).join("; "));
    } else if (key === "origin" || key === "referer") sent.push(name, withoutTicket(toLocal(value, at)));
    else if (!NEVER_TO_APP.has(key) && !key.startsWith("x-forwarded-") && !named.has(key) && !options.secrets?.has(key))
      sent.push(name, value);
  }
  const { protocol, host } = new URL(at.origin);
  sent.push("X-Forwarded-Host", host, "X-Forwarded-Proto", protocol.slice(0, -1));
  if (options.upgrade === undefined) sent.push(...framingOf(raw), "Connection", "close");
  else sent.push("Connection", "Upgrade", "Upgrade", options.upgrade);
  return sent;
}

export function headersToBrowser(raw: RawHeaders, at: PreviewOrigin): string[] {
  const named = namedByConnection(raw);
  const sent: string[] = [];
  for (const [name, value] of pairsOf(raw)) {
    const key = name.toLowerCase();
    if (key === "set-cookie") {
      const cookie = ownCookie(value);
      if (cookie !== null) sent.push(name, cookie);
    } else if (key === "location") sent.push(name, fromLocal(value, at));
    else if (!NEVER_TO_BROWSER.has(key) && !named.has(key)) sent.push(name, value);
  }
  // Pages of two previews cannot agree to be one. Where a browser does not tell who asks (over plain http to another machine), no page of
  // another preview can show this one in a frame, or take its scripts and pictures for its own.
  sent.push("Origin-Agent-Cluster", "?1", "Cross-Origin-Resource-Policy", "same-origin");
  sent.push("Content-Security-Policy", "frame-ancestors 'self'");
  return sent;
}

/** For this host only, and never one of ours; null: not set at all. */
function ownCookie(value: string): string | null {
  const [pair = "", ...attributes] = value.split(";");
  const name = pair.split("=")[0]?.trim() ?? "";
  if (OUR_COOKIES.has(name)) return null;
  return [pair, ...attributes.filter((attribute) => !/^\s*domain\s*(=|$)/i.test(attribute))].join(";");
}

/** The page's own origin is what the app calls localhost; any other stays, and the app can refuse it. */
function toLocal(value: string, { origin, port }: PreviewOrigin): string {
  if (value !== origin && !value.startsWith(`${origin}/`)) return value;
  return `http://localhost:${port}${value.slice(origin.length)}`;
}

function fromLocal(location: string, { origin, port }: PreviewOrigin): string {
  const [, rest] =
    new RegExp(`^http://(?:localhost|127\\.0\\.0\\.1|\\[::1\\]):${port}(?=[/?#]|$)(.*)$`, "is").exec(location) ?? [];
  return rest === undefined ? location : origin + rest;
}

function namedByConnection(raw: RawHeaders): Set<string> {
  return new Set(
    pairsOf(raw).flatMap(([name, value]) =>
      name.toLowerCase() === "connection" ? value.split(",").map((part) => part.trim().toLowerCase()) : [],
    ),
  );
}

function pairsOf(raw: RawHeaders): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [raw[2 * index] ?? "", raw[2 * index + 1] ?? ""]);
}
