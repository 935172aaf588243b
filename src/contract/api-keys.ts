// API keys of a team: what programs show. Ours, not part of the Managed Agents API.
import { z } from "zod";
import { listQuery } from "./fields.ts";
import { OPERATOR_KEY } from "./operator-key.ts";

export type ApiKey = {
  type: "api_key";
  id: string;
  name: string;
  created_at: string;
  /** To the minute; null: never. */
  last_used_at: string | null;
  revoked_at: string | null;
};
/** The value is told once: null when the same request is answered again. */
export type CreatedApiKey = ApiKey & { value: string | null };

export const createApiKeyInput = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .refine((name) => name !== OPERATOR_KEY, { error: "is the name of the server's own key; choose another" }),
});
export type CreateApiKeyInput = z.infer<typeof createApiKeyInput>;
export const listApiKeysQuery = z.strictObject(listQuery);
