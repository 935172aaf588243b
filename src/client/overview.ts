// `/v1/overview`: what is running now.
import type { Overview } from "../contract/overview.ts";
import type { Transport } from "./transport.ts";

export function createOverviewClient(transport: Transport) {
  return {
    get: (signal?: AbortSignal) => transport.json<Overview>("GET", "/v1/overview", signal ? { signal } : {}),
  };
}
