// `/v1/overview`: what is running now.
import type { Overview } from "../contract/overview.ts";
import type { Transport } from "./transport.ts";

export function createOverviewClient(transport: Transport) {
  return {
    /** `measured`: waits until the size of the data directory is known. */
    get: (query: { measured?: boolean } = {}, signal?: AbortSignal) =>
      transport.json<Overview>("GET", "/v1/overview", { query, ...(signal ? { signal } : {}) }),
  };
}
