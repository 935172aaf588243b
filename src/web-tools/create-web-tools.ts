// `web_fetch` and `web_search` as they run in a worker: never in the sandbox, under the rules of its environment all the same.
import type { SecureContext } from "node:tls";
import type { AuditQueue } from "../egress/audit-queue.ts";
import type { DialGuard } from "../egress/dial-guard.ts";
import { Refusal } from "../egress/refusal.ts";
import { abortable } from "../lib/abortable.ts";
import { messageOf } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { createSemaphore } from "../lib/turns.ts";
import { askService } from "./ask-service.ts";
import { describePage } from "./describe-page.ts";
import { describeResults } from "./describe-results.ts";
import { type FetchPageParts, fetchPage, recordRefused } from "./fetch-page.ts";
import { createGuardedGet } from "./guarded-get.ts";
import { createReadPage } from "./read-page.ts";
import { searchWeb } from "./search-web.ts";
import type { WebAnswer, WebCaller, WebRequest, WebTools } from "./web-tools.ts";

/** From the first look-up to the last byte, redirects and all. */
const MAX_MS = 30_000;
/** Of one worker, at once. */
const MAX_REQUESTS = 16;

export type WebToolsOptions = {
  guard: DialGuard;
  /** What hosts' certificates are verified by. */
  trusted: SecureContext;
  readPolicy: FetchPageParts["readPolicy"];
  audit: AuditQueue;
  /** Null: there is none. */
  searchUrl: string | null;
  logger: Logger;
  now: () => number;
  maxMs?: number;
  /** For a page to be read in, once it is there. */
  maxReadMs?: number;
};

export function createWebTools(options: WebToolsOptions): WebTools {
  const { searchUrl, logger, maxMs = MAX_MS } = options;
  const parts: FetchPageParts = { ...options, source: "web", get: createGuardedGet(options) };
  const readPage = createReadPage(options.maxReadMs === undefined ? {} : { maxMs: options.maxReadMs });
  const inTurn = createSemaphore(MAX_REQUESTS);
  const serviceUrl = searchUrl === null ? null : new URL(searchUrl);

  async function answer(request: WebRequest, caller: WebCaller, signal: AbortSignal): Promise<WebAnswer> {
    if (request.kind === "fetch") {
      const page = await fetchPage(parts, { ...request, caller, signal });
      return describePage(page, { readPage, maxContentTokens: request.maxContentTokens });
    }
    if (serviceUrl === null) return failed(request, "No search service is configured on this server.");
    return describeResults(
      request.query,
      await searchWeb({ ...parts, askService, serviceUrl }, { ...request, caller, signal }),
    );
  }

  return {
    canSearch: serviceUrl !== null,
    async run(request, caller, signal) {
      const work = () => answer(request, caller, AbortSignal.any([signal, AbortSignal.timeout(maxMs)]));
      try {
        return await abortable(inTurn(work), signal);
      } catch (error) {
        signal.throwIfAborted();
        if (isLate(error)) return failed(request, `The answer was not whole within ${maxMs / 1000} seconds.`);
        if (error instanceof Refusal) return failed(request, `${error.message} (${error.rule})`);
        logger.error({ err: error, ...caller }, "a web tool failed");
        return failed(request, `It failed: ${messageOf(error)}`);
      }
    },
    refuse(request, caller, why) {
      recordRefused(parts, {
        ...{ url: urlOf(request), caller, tool: toolOf(request) },
        refusal: new Refusal("url_sources", why),
      });
      return failed(request, why);
    },
  };
}

/** What `AbortSignal.timeout` gives for a reason. */
const isLate = (error: unknown) => error instanceof DOMException && error.name === "TimeoutError";
const toolOf = ({ kind }: WebRequest) => (kind === "fetch" ? "web_fetch" : "web_search");
const urlOf = (request: WebRequest) => (request.kind === "fetch" ? request.url : "");

function failed(request: WebRequest, why: string): WebAnswer {
  return { outcome: "failed", content: `${toolOf(request)}: ${why}` };
}
