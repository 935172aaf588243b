// Vaults and credentials as schemas, for the OpenAPI document. Their types are in contract/; tests hold answers against these.
import { z } from "zod";

const time = z.iso.datetime();
const metadata = z.record(z.string(), z.string());

export const vaultObject = z.strictObject({
  type: z.literal("vault"),
  id: z.string(),
  display_name: z.string(),
  metadata,
  created_at: time,
  updated_at: time,
  archived_at: time.nullable(),
});

const limited = z.strictObject({ type: z.literal("limited"), allowed_hosts: z.array(z.string()) });
const networking = z.discriminatedUnion("type", [z.strictObject({ type: z.literal("unrestricted") }), limited]);
/** Berth's own; null: for all. */
const requestScope = {
  allowed_methods: z.array(z.string()).nullable(),
  allowed_path_prefixes: z.array(z.string()).nullable(),
};
const auth = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("environment_variable"),
    secret_name: z.string(),
    networking,
    injection_location: z.strictObject({ header: z.boolean(), body: z.boolean() }),
    ...requestScope,
  }),
  z.strictObject({ type: z.literal("static_bearer"), mcp_server_url: z.string() }),
  z.strictObject({
    type: z.literal("mcp_oauth"),
    mcp_server_url: z.string(),
    expires_at: time.nullable(),
    refresh: z
      .strictObject({
        client_id: z.string(),
        token_endpoint: z.string(),
        token_endpoint_auth: z.strictObject({ type: z.enum(["none", "client_secret_basic", "client_secret_post"]) }),
        resource: z.string().nullable(),
        scope: z.string().nullable(),
      })
      .nullable(),
  }),
  z.strictObject({ type: z.literal("basic"), username: z.string(), networking: limited, ...requestScope }),
  z.strictObject({ type: z.literal("header"), header_name: z.string(), networking: limited, ...requestScope }),
  z.strictObject({
    type: z.literal("aws_sigv4"),
    access_key_id: z.string(),
    region: z.string().nullable(),
    service: z.string().nullable(),
    networking: limited,
    ...requestScope,
  }),
]);

export const credentialObject = z.strictObject({
  type: z.literal("vault_credential"),
  id: z.string(),
  vault_id: z.string(),
  display_name: z.string().nullable(),
  auth,
  metadata,
  problem: z.string().nullable(),
  problem_since: time.nullable(),
  needs_authorization: z.boolean(),
  created_at: time,
  updated_at: time,
  archived_at: time.nullable(),
});

const response = z.strictObject({
  status_code: z.int(),
  content_type: z.string(),
  body: z.string(),
  body_truncated: z.boolean(),
});
export const validationObject = z.strictObject({
  type: z.literal("vault_credential_validation"),
  credential_id: z.string(),
  vault_id: z.string(),
  status: z.enum(["valid", "invalid", "unknown"]),
  has_refresh_token: z.boolean(),
  mcp_probe: z.strictObject({ method: z.string(), http_response: response.nullable() }).nullable(),
  refresh: z
    .strictObject({
      status: z.enum(["succeeded", "failed", "connect_error", "no_refresh_token"]),
      http_response: response.nullable(),
    })
    .nullable(),
  validated_at: time,
});
