// Hosts that a credential may be bound to: what an allowed host may be, and no wildcard over hosts of strangers. Pure.
import { parseAllowedHost } from "../contract/host-names.ts";

/** Second-level names below which anybody registers. */
const REGISTRY_LABELS = new Set("ac co com edu gob gouv gov go ltd me mil ne net nom or org plc sch".split(" "));
/** Domains of providers that give a name below them to anybody. */
const SHARED_DOMAINS = new Set(
  `amazonaws.com appspot.com azurewebsites.net cloudfront.net firebaseapp.com fly.dev github.io gitlab.io herokuapp.com
  netlify.app ngrok.io ngrok.app onrender.com pages.dev railway.app run.app trycloudflare.com vercel.app web.app workers.dev`.split(
    /\s+/,
  ),
);

/** The entry in its one form, or what is wrong with it, in words that begin with the entry. */
export function parseCredentialHost(text: string): { value: string } | { problem: string } {
  const shown = JSON.stringify(text.slice(0, 80));
  const entry = parseAllowedHost(text);
  if (entry.kind === null) return { problem: `${shown} ${entry.problem}` };
  if (entry.host === "localhost" || entry.host.endsWith(".localhost"))
    return { problem: `${shown} is the machine itself, which no sandbox reaches` };
  if (entry.kind === "exact") return { value: entry.host };
  if (isShared(entry.host))
    return { problem: `${shown} covers hosts of strangers: name a domain below it, as in *.example.com` };
  return { value: `*.${entry.host}` };
}

function isShared(domain: string): boolean {
  const [name = "", country = "", ...rest] = domain.split(".");
  return SHARED_DOMAINS.has(domain) || (rest.length === 0 && country.length === 2 && REGISTRY_LABELS.has(name));
}
