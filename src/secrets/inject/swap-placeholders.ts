// Variables: a placeholder in a header is replaced by its value, also within the base64 of `Authorization: Basic`. Pure.
import type { RequestScope } from "../../contract/credentials.ts";
import { PLACEHOLDER } from "../placeholders.ts";
import { PLACEHOLDER_PREFIX } from "../secret-value.ts";
import type { SessionCredential } from "../session-credentials.ts";
import { exactnessFor, isForHost, type ScopedRequest } from "./credential-scope.ts";
import { InjectionRefused } from "./injection-refused.ts";
import { pairsOf, type RawHeaders } from "./raw-headers.ts";

/** Headers that say something about a request and never who asks: what stands in them is logged, shown and passed on. */
const NEVER_A_CREDENTIAL =
  /^(host|user-agent|referer|origin|cookie|cookie2|from|via|date|range|pragma|cache-control|accept|accept-.*|content-.*|if-.*|sec-.*|access-control-.*|x-request-id|x-correlation-id|traceparent|tracestate|baggage)$/;

export type Place = "header" | "body";

/** What stands for a placeholder in this place of a request to this target. Throws `InjectionRefused`. */
export function valueFor(
  placeholder: string,
  { credentials, target, place }: { credentials: readonly SessionCredential[]; target: ScopedRequest; place: Place },
): { value: string; name: string } {
  const credential = credentials.find((one) => one.placeholder === placeholder);
  const { auth } = credential ?? {};
  const value = credential?.secrets.secret_value?.reveal();
  if (!credential || auth?.type !== "environment_variable" || value === undefined)
    throw new InjectionRefused(
      "placeholder_unknown",
      "The request holds a placeholder that stands for no credential of this session: it is another session's, or its credential was archived or deleted. Read the variable anew.",
    );
  const { name } = credential;
  if (!isForHost(credential, target.host))
    throw new InjectionRefused(
      "placeholder_host",
      `The credential ${name} is not for ${target.host}: its vault names the hosts that it may go to.`,
      { detail: name },
    );
  if (exactnessFor(credential, target) === 0)
    throw new InjectionRefused("placeholder_scope", outsideOfScope(name, auth), { detail: name });
  if (!auth.injection_location[place])
    throw new InjectionRefused(
      "placeholder_place",
      `The credential ${name} is not put into the ${place} of a request: its injection_location does not say so.`,
      { detail: name },
    );
  // Checked when it was stored; whoever wrote to the database since must not write headers with it.
  if (place === "header" && !/^[\x20-\x7e]+$/.test(value))
    throw new InjectionRefused("credential_problem", `The value of ${name} cannot be put into a header.`, {
      detail: name,
      status: 502,
    });
  return { value, name };
}

function outsideOfScope(name: string, { allowed_methods, allowed_path_prefixes }: RequestScope): string {
  const methods = allowed_methods ? `${allowed_methods.join(", ")} requests` : "requests";
  const paths = allowed_path_prefixes ? `, to ${allowed_path_prefixes.join(", ")} and what lies below` : "";
  return `The credential ${name} is not for this request: its vault allows it for ${methods}${paths}.`;
}

/** Gives the headers with values, and the names of what was put in. */
export function swapHeaders(
  raw: RawHeaders,
  about: { credentials: readonly SessionCredential[]; target: ScopedRequest },
): { headers: string[]; used: string[] } {
  const used: string[] = [];
  const put = (placeholder: string) => {
    const { value, name } = valueFor(placeholder, { ...about, place: "header" });
    used.push(name);
    return value;
  };
  // A function, so that no `$` of a value means anything; and one pass: a value that holds a placeholder stays as it is.
  const swap = (text: string) => (text.includes(PLACEHOLDER_PREFIX) ? text.replace(PLACEHOLDER, put) : text);
  const headers = [...pairsOf(raw)].flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    if (holdsPlaceholder(name)) throw inWrongPlace("the name of a header");
    if (NEVER_A_CREDENTIAL.test(lower)) {
      if (holdsPlaceholder(value)) throw inWrongPlace(`the header ${name}`);
      return [name, value];
    }
    const pair = lower === "authorization" ? /^Basic +([A-Za-z0-9+/_=-]+)$/i.exec(value.trim())?.[1] : undefined;
    if (pair === undefined) return [name, swap(value)];
    const before = Buffer.from(pair, "base64").toString("latin1");
    const after = swap(before);
    return [name, after === before ? value : `Basic ${Buffer.from(after, "latin1").toString("base64")}`];
  });
  return { headers, used };
}

export function refuseInPath(path: string): void {
  if (holdsPlaceholder(path)) throw inWrongPlace("the address (its path or query)");
}

/** Over an open connection nothing is put in, so no placeholder leaves. Throws `InjectionRefused`. */
export function refuseAnywhere(path: string, raw: RawHeaders): void {
  refuseInPath(path);
  for (const text of raw) if (holdsPlaceholder(text)) throw inWrongPlace("a request that is not encrypted");
}

/** They come after all that a credential is put into. */
export function refuseInTrailers(raw: RawHeaders): void {
  for (const text of raw) if (holdsPlaceholder(text)) throw inWrongPlace("the trailers");
}

function holdsPlaceholder(text: string): boolean {
  return text.includes(PLACEHOLDER_PREFIX) && text.search(PLACEHOLDER) !== -1;
}

function inWrongPlace(where: string): InjectionRefused {
  return new InjectionRefused(
    "placeholder_place",
    `A placeholder stands in ${where}, where no credential is put in: addresses and such headers are logged and passed on. Send it in a header such as Authorization.`,
  );
}
