// `web_fetch` and `web_search` with hosts behind them on this machine, named by the operator's setting, and a scripted search service.
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createSecureContext } from "node:tls";
import type { Networking } from "../../src/contract/environments.ts";
import type { AuditLine } from "../../src/egress/audit-queue.ts";
import { createAuthority } from "../../src/egress/certificate-authority.ts";
import { createDialGuard } from "../../src/egress/dial-guard.ts";
import { listOf } from "../../src/egress/refused-addresses.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { createWebTools } from "../../src/web-tools/create-web-tools.ts";
import type { WebAnswer, WebRequest, WebTools } from "../../src/web-tools/web-tools.ts";
import { startUpstream, type Upstream } from "./egress-world.ts";
import { NO_CEILINGS } from "./no-ceilings.ts";

const logger = createLogger("web", { level: "silent", pretty: false });
const NO_RULES = { allowed: null, blocked: null };
export const CALLER = { teamId: "team_1", sessionId: "sesn_1" };

export function createOfflineWebTools(): WebTools {
  return createWebTools({
    guard: createDialGuard({ namedHosts: [], refusedRanges: listOf([]), resolve: unknownHost }),
    trusted: createSecureContext({}),
    readPolicy: async (caller) => ({
      ...caller,
      networking: { type: "unrestricted" },
      ...NO_CEILINGS,
    }),
    audit: { add: () => undefined, close: async () => undefined },
    searchUrl: null,
    logger,
    now: Date.now,
  });
}

export type WebWorld = {
  tools: WebTools;
  lines: AuditLine[];
  /** What the environment allows. */
  networking: { current: Networking };
  /** What no environment may exceed, by the server and by its team. */
  ceiling: { current: Networking };
  teamCeiling: { current: Networking | null };
  upstream: Upstream;
  /** What the search service was asked, as paths with queries. */
  searches: string[];
  fetch(url: string, rules?: Partial<Extract<WebRequest, { kind: "fetch" }>>): Promise<WebAnswer>;
  search(query: string, domains?: Partial<Extract<WebRequest, { kind: "search" }>["domains"]>): Promise<WebAnswer>;
  close(): Promise<void>;
};

/** `hosts`: answered by `handle`, with certificates that are trusted. `addresses`: of other names. */
export async function startWebWorld(options: {
  handle: RequestListener;
  hosts: readonly string[];
  addresses?: Readonly<Record<string, string[]>>;
  search?: RequestListener;
  maxMs?: number;
  maxReadMs?: number;
}): Promise<WebWorld> {
  const authority = await createAuthority({ now: Date.now });
  const upstream = await startUpstream(authority, options.handle);
  const lines: AuditLine[] = [];
  const searches: string[] = [];
  const service = createServer((request, response) => {
    searches.push(request.url ?? "");
    options.search?.(request, response);
  });
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  const networking: WebWorld["networking"] = { current: { type: "unrestricted" } };
  const ceiling: WebWorld["ceiling"] = { current: { type: "unrestricted" } };
  const teamCeiling: WebWorld["teamCeiling"] = { current: null };
  const tools = createWebTools({
    guard: createDialGuard({
      namedHosts: options.hosts.map((host) => ({ host, address: "127.0.0.1", port: upstream.port })),
      refusedRanges: listOf([]),
      resolve: async (host) => options.addresses?.[host] ?? unknownHost(),
    }),
    trusted: createSecureContext({ ca: [authority.certificate] }),
    readPolicy: async (caller) => ({
      ...caller,
      networking: networking.current,
      ceiling: ceiling.current,
      teamCeiling: teamCeiling.current,
    }),
    audit: { add: (line) => void lines.push(line), close: async () => undefined },
    searchUrl: options.search ? `http://127.0.0.1:${(service.address() as AddressInfo).port}` : null,
    logger,
    now: Date.now,
    ...(options.maxMs === undefined ? {} : { maxMs: options.maxMs }),
    ...(options.maxReadMs === undefined ? {} : { maxReadMs: options.maxReadMs }),
  });
  const signal = new AbortController().signal;
  return {
    ...{ tools, lines, networking, ceiling, teamCeiling, upstream, searches },
    fetch: (url, rules = {}) =>
      tools.run({ kind: "fetch", url, domains: NO_RULES, maxContentTokens: null, ...rules }, CALLER, signal),
    search: (query, domains = {}) =>
      tools.run({ kind: "search", query, domains: { ...NO_RULES, ...domains } }, CALLER, signal),
    async close() {
      await upstream.close();
      service.closeAllConnections();
      service.close();
    },
  };
}

async function unknownHost(): Promise<never> {
  throw new Error("ENOTFOUND");
}
