// `/v1/api_keys`: keys for programs.
import type { ApiKey, CreateApiKeyInput, CreatedApiKey } from "../contract/api-keys.ts";
import type { Page } from "./page.ts";
import type { Transport } from "./transport.ts";

export function createApiKeysClient(transport: Transport) {
  return {
    /** The value is in this answer only. */
    create: (input: CreateApiKeyInput) => transport.json<CreatedApiKey>("POST", "/v1/api_keys", { body: input }),
    list: (query: { limit?: number; page?: string } = {}, signal?: AbortSignal) =>
      transport.json<Page<ApiKey>>("GET", "/v1/api_keys", { query, ...(signal ? { signal } : {}) }),
    revoke: (keyId: string) => transport.json<ApiKey>("POST", `/v1/api_keys/${encodeURIComponent(keyId)}/revoke`),
  };
}
