// Which requests are shown, as the page's address says it. Pure.
import type { EgressRequestFilter } from "../../client/egress-requests.ts";

export type NetworkFilter = {
  show: keyof typeof shows;
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

/** Words that it does not know are as if they were not there. */
export function readNetworkFilter(params: URLSearchParams): NetworkFilter {
  return {
    show: SHOWS.find((known) => known.show === params.get("show"))?.show ?? "all",
    sessionId: params.get("session") || null,
    environmentId: params.get("environment") || null,
    host: params.get("host") || null,
  };
}

export function networkPath({ show, sessionId, environmentId, host }: Partial<NetworkFilter>): string {
  const params = new URLSearchParams();
  if (show && show !== "all") params.set("show", show);
  if (sessionId) params.set("session", sessionId);
  if (environmentId) params.set("environment", environmentId);
  if (host) params.set("host", host);
  return params.size === 0 ? "/network" : `/network?${params}`;
}

export function networkQuery({ show, sessionId, environmentId, host }: NetworkFilter): EgressRequestFilter {
  return {
    ...shows[show].query,
    ...(sessionId ? { session_id: sessionId } : {}),
    ...(environmentId ? { environment_id: environmentId } : {}),
    ...(host ? { host } : {}),
  };
}
