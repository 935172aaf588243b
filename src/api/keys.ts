// `/v1/api_keys`: keys for programs. Ours, beside the Managed Agents API.
import { z } from "zod";
import { createApiKeyInput, listApiKeysQuery } from "../contract/api-keys.ts";
import type { ApiKeys } from "../teams/api-keys.ts";
import { pageOf } from "./objects.ts";
import type { Routes } from "./route.ts";

const keyObject = z.strictObject({
  type: z.literal("api_key"),
  id: z.string(),
  name: z.string(),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime().nullable(),
  revoked_at: z.iso.datetime().nullable(),
});

export function keyRoutes(routes: Routes, apiKeys: ApiKeys): void {
  const tag = "API keys (Berth)";
  routes.change(
    {
      method: "post",
      path: "/v1/api_keys",
      tag,
      summary: "Create an API key",
      description:
        "The answer holds the key's value, this once: it is not stored. Repeated with the same Idempotency-Key, the answer has `value: null`.",
      body: createApiKeyInput,
      answer: z.strictObject({ ...keyObject.shape, value: z.string().nullable() }),
      toKeep: (answer) => ({ ...answer, value: null }),
    },
    (tx, { teamId, body }) => apiKeys.create(tx, teamId, body),
  );
  routes.read(
    {
      method: "get",
      path: "/v1/api_keys",
      tag,
      summary: "List API keys, newest first, revoked ones too",
      query: listApiKeysQuery,
      answer: pageOf(keyObject),
    },
    ({ teamId, query }) => apiKeys.list(teamId, query),
  );
  routes.change(
    {
      method: "post",
      path: "/v1/api_keys/{api_key_id}/revoke",
      tag,
      summary: "Revoke an API key: it is refused within 5 seconds",
      answer: keyObject,
    },
    (tx, { teamId, params }) => apiKeys.revoke(tx, teamId, params("api_key_id")),
  );
}
