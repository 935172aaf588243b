// `/v1/models`: what the gateway offers.
import type { Transport } from "./transport.ts";

type Model = { type: "model"; id: string; display_name: string; created_at: string };
type ModelPage = { data: Model[]; has_more: boolean; first_id: string | null; last_id: string | null };

export function createModelsClient(transport: Transport) {
  return {
    list: (signal?: AbortSignal) =>
      transport.json<ModelPage>("GET", "/v1/models", { query: { limit: 1000 }, ...(signal ? { signal } : {}) }),
  };
}
