// `web_search`: asks the operator's search service, by the JSON interface of SearXNG. It is no host of the agent's choice.
import { z } from "zod";
import { decide } from "../egress/decide.ts";
import { asRefusal, beginExchange } from "../egress/exchange.ts";
import { Refusal } from "../egress/refusal.ts";
import { messageOf } from "../lib/errors.ts";
import { visibleExactly } from "../lib/visible-text.ts";
import { whyNotFrom } from "./domain-rules.ts";
import { type FetchPageParts, readUrl } from "./fetch-page.ts";
import type { DomainRules, WebCaller } from "./web-tools.ts";

const MAX_ANSWER_BYTES = 2 * 1024 * 1024;
const MAX_RESULTS = 10;
const MAX_SNIPPET = 500;
const MAX_QUERY = 1000;

/** Much more comes with each; what is not as it should be is left out. */
const answerShape = z.object({
  results: z.array(
    z
      .object({ url: z.string(), title: z.string().catch(""), content: z.string().nullish().catch(null) })
      .nullable()
      .catch(null),
  ),
});

export type SearchResult = { url: string; title: string; snippet: string };
/** `outside`: results that the tool's domains leave out. */
export type SearchResults = { results: SearchResult[]; outside: number };
/** Takes a URL with its query and gives the answer's bytes; see `askService`. */
export type AskService = (url: URL, options: { maxBytes: number; signal: AbortSignal }) => Promise<ServiceAnswer>;
export type ServiceAnswer = { status: number; body: Buffer };

/** Throws a `Refusal`, or the signal's reason. */
export async function searchWeb(
  parts: FetchPageParts & { askService: AskService; serviceUrl: URL },
  { query, domains, caller, signal }: { query: string; domains: DomainRules; caller: WebCaller; signal: AbortSignal },
): Promise<SearchResults> {
  const url = searchUrl(parts.serviceUrl, withSites(query, domains));
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  const exchange = beginExchange(parts, { method: "GET", host: url.hostname, port, path: url.pathname });
  const { line } = exchange;
  Object.assign(line, caller);
  line.detail = "web_search";
  try {
    const policy = await parts.readPolicy(caller);
    // A query can carry anything away: an environment that limits hosts has to name the service, too.
    line.rule = decide(policy, { host: url.hostname, packageHosts: [] });
    const answer = await parts.askService(url, { maxBytes: MAX_ANSWER_BYTES, signal });
    line.status = answer.status;
    line.responseBytes = answer.body.length;
    return readResults(answer, domains);
  } catch (error) {
    const refusal = asRefusal(error);
    exchange.refused(refusal);
    line.detail = refusal.detail === null ? "web_search" : `web_search: ${refusal.detail}`;
    signal.throwIfAborted();
    throw refusal;
  } finally {
    exchange.end();
  }
}

/** The service's address with or without its `/search`. */
function searchUrl(service: URL, query: string): URL {
  const url = new URL(service);
  if (!url.pathname.endsWith("/search")) url.pathname = `${url.pathname.replace(/\/+$/, "")}/search`;
  url.searchParams.set("q", query.slice(0, MAX_QUERY));
  url.searchParams.set("format", "json");
  return url;
}

/** So that results are found where they may be; those from elsewhere are left out in any case. */
function withSites(query: string, { allowed }: DomainRules): string {
  const [only, ...more] = allowed ?? [];
  return only !== undefined && more.length === 0 ? `${query} site:${only}` : query;
}

export function readResults({ status, body }: ServiceAnswer, domains: DomainRules): SearchResults {
  // SearXNG answers so while its JSON interface is off, as it is at first.
  if (status === 403)
    throw new Refusal("upstream_failed", "The search service refuses JSON answers (its operator can allow them).");
  if (status !== 200) throw new Refusal("upstream_failed", `The search service answered with status ${status}.`);
  const found = parseAnswer(body);
  const results: SearchResult[] = [];
  let outside = 0;
  for (const one of found) {
    const url = one === null ? null : usable(one.url);
    if (!one || !url) continue;
    if (whyNotFrom(url.hostname, url.pathname, domains) !== null) outside += 1;
    else if (results.length < MAX_RESULTS)
      results.push({ url: url.href, title: oneLine(one.title), snippet: oneLine(one.content ?? "") });
  }
  return { results, outside };
}

function parseAnswer(body: Buffer): z.output<typeof answerShape>["results"] {
  try {
    return answerShape.parse(JSON.parse(body.toString("utf8"))).results;
  } catch (cause) {
    throw new Refusal("upstream_failed", "The search service's answer is not what SearXNG answers.", {
      detail: messageOf(cause).slice(0, 200),
      cause,
    });
  }
}

/** Null for what could not be fetched anyway. */
function usable(text: string): URL | null {
  try {
    return readUrl(text);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

function oneLine(text: string): string {
  const line = visibleExactly(
    text
      .slice(0, MAX_SNIPPET * 2)
      .toWellFormed()
      .replace(/[\r\n\t]/g, " "),
  )
    .split(/\s+/)
    .filter(Boolean)
    .join(" ");
  return line.length > MAX_SNIPPET ? `${line.slice(0, MAX_SNIPPET)}…` : line;
}
