// `/v1/usage`: what the team used.
import type { UsageQuery, UsageReport } from "../contract/usage.ts";
import type { Transport } from "./transport.ts";

export function createUsageClient(transport: Transport) {
  return {
    report: (query: UsageQuery = {}, signal?: AbortSignal) =>
      transport.json<UsageReport>("GET", "/v1/usage", { query, ...(signal ? { signal } : {}) }),
  };
}
