// `/v1/models`: what the gateway offers.
import type { Transport } from "./transport.ts";

export type Model = {
  type: "model";
  id: string;
  display_name: string;
  created_at: string;
  max_input_tokens: number | null;
  max_tokens: number | null;
  input_usd_per_million_tokens: number | null;
  output_usd_per_million_tokens: number | null;
};
type ModelPage = { data: Model[]; has_more: boolean; first_id: string | null; last_id: string | null };

export function createModelsClient(transport: Transport) {
  return {
    list: (signal?: AbortSignal) =>
      transport.json<ModelPage>("GET", "/v1/models", { query: { limit: 1000 }, ...(signal ? { signal } : {}) }),
  };
}
