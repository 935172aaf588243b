// `/v1/environments`: where sessions run.
import type { Page } from "./page.ts";
import type { Transport } from "./transport.ts";

export type Environment = {
  type: "environment";
  id: string;
  name: string;
  description: string | null;
  config: { type: string; [key: string]: unknown };
  metadata: Record<string, string>;
  created_at: string;
  updated_at: string;
  archived_at: string | null;
};

export function createEnvironmentsClient(transport: Transport) {
  return {
    list: (query: { limit?: number; page?: string; include_archived?: boolean } = {}, signal?: AbortSignal) =>
      transport.json<Page<Environment>>("GET", "/v1/environments", { query, ...(signal ? { signal } : {}) }),
  };
}
