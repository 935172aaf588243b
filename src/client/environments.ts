// `/v1/environments`: where sessions run.
import type { Environment } from "../contract/environments.ts";
import type { Page } from "./page.ts";
import type { Transport } from "./transport.ts";

export function createEnvironmentsClient(transport: Transport) {
  return {
    list: (query: { limit?: number; page?: string; include_archived?: boolean } = {}, signal?: AbortSignal) =>
      transport.json<Page<Environment>>("GET", "/v1/environments", { query, ...(signal ? { signal } : {}) }),
  };
}
