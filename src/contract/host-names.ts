// Names of hosts: one canonical form before every decision, and what may stand in a list of allowed hosts. Pure.

export type HostName =
  | { host: string; problem: null }
  /** `isAddress`: it is an address, in whatever notation, and not a name. */
  | { host: null; problem: string; isAddress: boolean };

const MAX_LENGTH = 253;
/** What ends a name for some reader of it and not for another. */
const NEVER_IN_A_NAME = /[\p{Cc}\s@/\\%?#:[\]<>^|`{}"']/u;
const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** What is in the canonical form already; asked for each request. A last part of digits is an address, `xn--` has to be decoded. */
function isCanonical(text: string): boolean {
  return text.length <= MAX_LENGTH && NAME.test(text) && !/xn--|(^|\.)(\d+|0x[0-9a-f]*)$/.test(text);
}

/** Lower case, punycode, without the final dot. Everything that is not the full name of a host is refused with a reason. */
export function canonicalHost(text: string): HostName {
  const refuse = (problem: string, isAddress = false): HostName => ({ host: null, problem, isAddress });
  if (isCanonical(text)) return { host: text, problem: null };
  if (text === "") return refuse("is empty");
  // Before any pattern that takes longer than the text is long; with the final dot.
  if (text.length > MAX_LENGTH + 1) return refuse(`is longer than ${MAX_LENGTH} characters`);
  if (text.startsWith("[") || /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text))
    return refuse("is an address; name the host instead", true);
  if (NEVER_IN_A_NAME.test(text)) return refuse("holds a character that no host name has");
  const written = URL.canParse(`http://${text}/`) ? new URL(`http://${text}/`).hostname : "";
  if (/^\[|^\d+(\.\d+){3}$/.test(written)) return refuse("is an address; name the host instead", true);
  const host = written.endsWith(".") ? written.slice(0, -1) : written;
  // A last label of digits is an address that was written wrong, for some resolver a right one.
  if (/(^|\.)(\d+|0x[0-9a-f]*)$/i.test(host || text)) return refuse("is an address; name the host instead", true);
  if (host.length > MAX_LENGTH) return refuse(`is longer than ${MAX_LENGTH} characters`);
  if (host !== "" && !host.includes(".")) return refuse("is not a full name, such as api.example.com");
  if (!NAME.test(host)) return refuse("is not a host name");
  return { host, problem: null };
}

export type AllowedHost =
  /** `suffix`: every name below it, but not itself. */
  { kind: "exact" | "suffix"; host: string; problem: null } | { kind: null; host: null; problem: string };

/** One entry of `allowed_hosts`: `api.example.com`, or `*.example.com` for every name below it. */
export function parseAllowedHost(text: string): AllowedHost {
  const refuse = (problem: string): AllowedHost => ({ kind: null, host: null, problem });
  if (/:\/\/|[/?#]/.test(text))
    return refuse("holds more than a host: leave the scheme and the path out, as in api.example.com");
  if (/^[^:[\]]*:\d*$/.test(text)) return refuse("holds a port: leave it out; only 443 can be reached");
  if (text === "*") return refuse('allows every host: that is networking of type "unrestricted"');
  const kind = text.startsWith("*.") ? "suffix" : "exact";
  const name = kind === "suffix" ? text.slice(2) : text;
  if (name.includes("*")) return refuse("may have a * only as its whole first part, as in *.example.com");
  const { host, problem } = canonicalHost(name);
  if (host === null && kind === "suffix" && problem === "is not a full name, such as api.example.com")
    return refuse("is too wide: name a domain below it, as in *.example.com");
  if (host === null) return refuse(problem);
  return { kind, host, problem: null };
}

/** What `canonicalHost` gives back as it is, or refuses: asked for each entry and request, where reading each one took 0.1 ms for 200. */
const HAS_ONE_SPELLING = /^[a-z0-9_.*-]*[a-z0-9_*-]$/;

/** The first entry that allows a canonical host; entries that are wrong allow nothing. */
export function findAllowed(host: string, allowed: readonly string[]): string | null {
  const found = allowed.find((text) => {
    const looksIt = text === host || (text.startsWith("*.") && host.endsWith(text.slice(1)));
    if (!looksIt && HAS_ONE_SPELLING.test(text) && !text.includes("xn--")) return false;
    const entry = parseAllowedHost(text);
    if (entry.kind === "exact") return entry.host === host;
    return entry.kind === "suffix" && host.endsWith(`.${entry.host}`);
  });
  return found ?? null;
}
