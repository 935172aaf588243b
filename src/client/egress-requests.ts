// `/v1/egress_requests`: what sessions asked of the outside.
import type { EgressRequest } from "../contract/egress-requests.ts";
import type { Page } from "./page.ts";
import type { Transport } from "./transport.ts";

export type EgressRequestFilter = {
  session_id?: string;
  environment_id?: string;
  decision?: EgressRequest["decision"];
  source?: EgressRequest["source"];
  host?: string;
  suspicious?: boolean;
};

export function createEgressRequestsClient(transport: Transport) {
  return {
    /** Newest first. */
    list: (query: EgressRequestFilter & { limit?: number; page?: string } = {}, signal?: AbortSignal) =>
      transport.json<Page<EgressRequest>>("GET", "/v1/egress_requests", { query, ...(signal ? { signal } : {}) }),
  };
}
