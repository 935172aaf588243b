// `web_fetch`: one address and where it redirects to, each hop decided by the same rules as a request of the sandbox.
import { canonicalHost } from "../contract/host-names.ts";
import { decide, type Policy } from "../egress/decide.ts";
import { asRefusal, beginExchange, type ExchangeParts } from "../egress/exchange.ts";
import { Refusal } from "../egress/refusal.ts";
import { whyNotFrom } from "./domain-rules.ts";
import type { GotAnswer, GuardedGet } from "./guarded-get.ts";
import { maxBytesOf } from "./read-body.ts";
import type { DomainRules, WebCaller } from "./web-tools.ts";

const MAX_REDIRECTS = 5;
const MAX_URL_LENGTH = 4096;
const HTTPS_PORT = 443;
const HEADERS = {
  "user-agent": "Berth-web-fetch/1",
  accept: "text/html,application/xhtml+xml,text/markdown;q=0.9,text/plain;q=0.9,*/*;q=0.5",
  "accept-language": "en,*;q=0.5",
};

export type FetchPageParts = ExchangeParts & {
  get: GuardedGet;
  /** What the session may reach now; null: it is gone. */
  readPolicy: (caller: WebCaller) => Promise<Policy | null>;
};

/** `url`: where the answer came from in the end. */
export type FetchedPage = GotAnswer & { url: URL };

/** Throws a `Refusal`, or the signal's reason. */
export async function fetchPage(
  parts: FetchPageParts,
  request: { url: string; domains: DomainRules; caller: WebCaller; signal: AbortSignal },
): Promise<FetchedPage> {
  const { caller, domains, signal } = request;
  let url = readHop(parts, request.url, caller);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const answer = await ask(parts, { url, domains, caller, signal });
    const { status, location } = answer;
    if (status < 300 || status >= 400 || location === null) return { ...answer, url };
    url = readHop(parts, URL.canParse(location, url) ? new URL(location, url).href : location, caller);
  }
  throw new Refusal("upstream_failed", `The address redirects more than ${MAX_REDIRECTS} times.`);
}

/** What never became a request leaves a line all the same. */
function readHop(parts: ExchangeParts, text: string, caller: WebCaller): URL {
  try {
    return readUrl(text);
  } catch (error) {
    recordRefused(parts, { url: text, caller, refusal: asRefusal(error), tool: "web_fetch" });
    throw error;
  }
}

/** Plain HTTP becomes https, as for the sandbox. Throws a `Refusal`. */
export function readUrl(text: string): URL {
  if (text.length > MAX_URL_LENGTH)
    throw new Refusal("bad_host", `The URL is longer than ${MAX_URL_LENGTH} characters.`);
  if (!URL.canParse(text)) throw new Refusal("bad_host", "This is not a whole URL, such as https://example.com/page.");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw new Refusal("bad_request", `Only https addresses can be fetched, not ${url.protocol}`);
  if (url.username !== "" || url.password !== "")
    throw new Refusal("bad_request", "The URL holds a user name or a password: leave them out.");
  if (url.port !== "") throw new Refusal("port", `Only port ${HTTPS_PORT} can be reached, not ${url.port}.`);
  const name = canonicalHost(url.hostname);
  if (name.host === null)
    throw new Refusal(name.isAddress ? "address_for_host" : "bad_host", `The host ${url.hostname} ${name.problem}.`);
  url.protocol = "https:";
  url.hostname = name.host;
  url.hash = "";
  return url;
}

async function ask(
  parts: FetchPageParts,
  { url, domains, caller, signal }: Omit<Parameters<typeof fetchPage>[1], "url"> & { url: URL },
): Promise<GotAnswer> {
  const host = url.hostname;
  const exchange = beginExchange(parts, { method: "GET", host, port: HTTPS_PORT, path: url.pathname });
  const { line } = exchange;
  Object.assign(line, caller);
  line.detail = "web_fetch";
  try {
    const policy = await parts.readPolicy(caller);
    const why = whyNotFrom(host, url.pathname, domains);
    if (why !== null) throw new Refusal("tool_domains", why);
    line.rule = decide(policy, { host, packageHosts: [] });
    const answer = await parts.get({
      host,
      path: `${url.pathname}${url.search}`,
      headers: HEADERS,
      maxBytesOf,
      signal,
    });
    line.status = answer.status;
    line.responseBytes = answer.receivedBytes;
    return answer;
  } catch (error) {
    const refusal = signal.aborted
      ? new Refusal("upstream_timeout", "It was given up before it was whole.")
      : asRefusal(error);
    exchange.refused(refusal);
    line.detail = refusal.detail === null ? "web_fetch" : `web_fetch: ${refusal.detail}`;
    signal.throwIfAborted();
    throw refusal;
  } finally {
    exchange.end();
  }
}

/** An audit line for a request that was never sent. */
export function recordRefused(
  parts: ExchangeParts,
  { url, caller, refusal, tool }: { url: string; caller: WebCaller; refusal: Refusal; tool: string },
): void {
  const known = URL.canParse(url) ? new URL(url) : null;
  const exchange = beginExchange(parts, {
    ...{ method: "GET", host: known?.hostname ?? "", path: known?.pathname ?? "" },
    port: Number(known?.port) || HTTPS_PORT,
  });
  Object.assign(exchange.line, caller);
  exchange.refused(refusal);
  exchange.line.detail = refusal.detail === null ? tool : `${tool}: ${refusal.detail}`;
  exchange.end();
}
