// Which requests are shown, as the page's address says it. Pure.
import type { EgressRequestFilter } from "../../client/egress-requests.ts";
import type { EgressRequest } from "../../contract/egress-requests.ts";

export type NetworkFilter = {
  show: keyof typeof shows;
  /** Which part asked; null: any. */
  source: EgressRequest["source"] | null;
  sessionId: string | null;
  environmentId: string | null;
  host: string | null;
};

const shows = {
  all: { word: "All", query: {} },
  refused: { word: "Refused", query: { decision: "deny" } },
  failed: { word: "Failed", query: { decision: "error" } },
  allowed: { word: "Allowed", query: { decision: "allow" } },
  security: { word: "Security", query: { suspicious: true } },
} as const satisfies Record<string, { word: string; query: EgressRequestFilter }>;

export const SHOWS = Object.entries(shows).map(([show, { word }]) => ({
  // The keys of this very object.
  show: show as NetworkFilter["show"],
  word,
}));

export const sourceWords: Record<EgressRequest["source"], string> = {
  sandbox: "Sandboxes",
  mcp: "MCP servers",
  web: "Web tools",
  credential: "Credentials",
};
export const SOURCES = Object.entries(sourceWords).map(([source, word]) => ({
  // The keys of this very object.
  source: source as EgressRequest["source"],
  word,
}));

/** Words that it does not know are as if they were not there. */
export function readNetworkFilter(params: URLSearchParams): NetworkFilter {
  return {
    show: SHOWS.find((known) => known.show === params.get("show"))?.show ?? "all",
    source: SOURCES.find((known) => known.source === params.get("from"))?.source ?? null,
    sessionId: params.get("session") || null,
    environmentId: params.get("environment") || null,
    host: params.get("host") || null,
  };
}

export function networkPath({ show, source, sessionId, environmentId, host }: Partial<NetworkFilter>): string {
  const params = new URLSearchParams();
  if (show && show !== "all") params.set("show", show);
  if (source) params.set("from", source);
  if (sessionId) params.set("session", sessionId);
  if (environmentId) params.set("environment", environmentId);
  if (host) params.set("host", host);
  return params.size === 0 ? "/network" : `/network?${params}`;
}

export function networkQuery({ show, source, sessionId, environmentId, host }: NetworkFilter): EgressRequestFilter {
  return {
    ...shows[show].query,
    ...(source ? { source } : {}),
    ...(sessionId ? { session_id: sessionId } : {}),
    ...(environmentId ? { environment_id: environmentId } : {}),
    ...(host ? { host } : {}),
  };
}
