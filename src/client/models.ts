// `/v1/models`: what the gateway offers.
import type { Page } from "./page.ts";
import type { Transport } from "./transport.ts";

export type Model = { type: "model"; id: string; display_name: string; created_at?: string };

export function createModelsClient(transport: Transport) {
  return {
    list: (signal?: AbortSignal) =>
      transport.json<Page<Model>>("GET", "/v1/models", { query: { limit: 1000 }, ...(signal ? { signal } : {}) }),
  };
}
