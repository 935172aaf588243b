// Names of hosts as people write them into allow-lists: checked, brought into one form, and matched. Pure, without a look at DNS.

/** A checked pattern in its canonical form: `api.example.com`, or `*.example.com` for all names below example.com (not itself). */
export type HostPattern = string;

const MAX_LENGTH = 253;
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
/** Second-level names under which anybody registers: a wildcard right below them is a wildcard over strangers. */
const REGISTRY_LABELS = "ac co com edu gob gouv gov go ltd me mil ne net nom or org plc sch".split(" ");
const SHARED_SUFFIXES = new Set(
  "amazonaws.com appspot.com azurewebsites.net cloudfront.net firebaseapp.com fly.dev github.io gitlab.io herokuapp.com netlify.app ngrok.io onrender.com pages.dev web.app workers.dev vercel.app".split(
    " ",
  ),
);

/**
 * The one form of a host name: lower case, IDNA as ASCII, without a dot at its end. Null for what is not the name of a host:
 * an address in any notation (`127.1`, `0x7f000001`, `[::1]`), a port, a path, a user, a control character.
 */
export function canonicalHost(text: string): string | null {
  const found = canonical(text);
  return "host" in found ? found.host : null;
}

type Canonical = { host: string } | { problem: string };

function canonical(text: string): Canonical {
  const shown = JSON.stringify(text.slice(0, 80));
  if (text === "") return { problem: "is empty" };
  if (/[\s\p{Cc}\p{Cf}]/u.test(text)) return { problem: `${shown} holds a space or an invisible character` };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { problem: `${shown} is a URL: name the host alone` };
  if (/^\[|:.*:/.test(text)) return { problem: `${shown} is an IP address: name a host` };
  if (text.includes("@")) return { problem: `${shown} names a user: name the host alone` };
  if (/:\d*$/.test(text)) return { problem: `${shown} has a port: name the host alone` };
  if (/[/\\?#%]/.test(text)) return { problem: `${shown} has a path: name the host alone` };
  const url = `https://${text}/`;
  const hostname = URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, "") : "";
  const labels = hostname.split(".");
  // Whatever a resolver would read as a number is an address, and the parser has written it as one.
  if (/^\d+$/.test(labels.at(-1) ?? "")) return { problem: `${shown} is an IP address: name a host` };
  if (hostname.length > MAX_LENGTH || !labels.every((label) => LABEL.test(label)))
    return { problem: `${shown} is not the name of a host` };
  return { host: hostname };
}

/** Checks one entry of an allow-list. The problem completes "allowed_hosts.0: …". */
export function parseHostPattern(text: string): { pattern: HostPattern } | { problem: string } {
  const wildcard = text.startsWith("*.");
  const rest = wildcard ? text.slice(2) : text;
  const shown = JSON.stringify(text.slice(0, 80));
  if (rest.includes("*")) return { problem: `${shown}: * stands for whole names in front only, as in *.example.com` };
  const found = canonical(rest);
  if ("problem" in found) return found;
  const { host } = found;
  if (host === "localhost" || host.endsWith(".localhost"))
    return { problem: `${shown} is the machine itself: it cannot be reached from a sandbox` };
  if (!wildcard) return { pattern: host };
  const labels = host.split(".");
  const [registry = "", country = ""] = labels;
  const shared =
    labels.length < 2 ||
    SHARED_SUFFIXES.has(host) ||
    (labels.length === 2 && country.length === 2 && REGISTRY_LABELS.includes(registry));
  if (shared)
    return { problem: `${shown} covers hosts of strangers: name at least one label more, as in *.example.com` };
  return { pattern: `*.${host}` };
}

/** Both in canonical form. */
export function matchesHost(pattern: HostPattern, host: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === host;
  return host.endsWith(pattern.slice(1)) && host.length >= pattern.length;
}

/** Above zero when `a` is the more exact one: a name before a wildcard, a longer wildcard before a shorter one. */
export function compareExactness(a: HostPattern, b: HostPattern): number {
  const weight = (pattern: HostPattern) => (pattern.startsWith("*.") ? pattern.length : Number.MAX_SAFE_INTEGER);
  return weight(a) - weight(b);
}
