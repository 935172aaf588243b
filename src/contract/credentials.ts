// Credentials of a vault, as the API takes and returns them. Values are taken and never returned.
import { z } from "zod";
import { metadata, metadataPatch } from "./fields.ts";

export type CredentialNetworking = { type: "unrestricted" } | { type: "limited"; allowed_hosts: string[] };
type LimitedNetworking = Extract<CredentialNetworking, { type: "limited" }>;
/** Berth's own: for which requests to its hosts a credential is. Absent or null: for all. */
export type RequestScope = {
  /** In capitals. */
  allowed_methods?: string[] | null;
  /** Each with what lies below it; without a slash at the end. */
  allowed_path_prefixes?: string[] | null;
};
export type InjectionLocation = { header: boolean; body: boolean };
export type TokenEndpointAuth = { type: "none" | "client_secret_basic" | "client_secret_post" };
export type OAuthRefresh = {
  client_id: string;
  token_endpoint: string;
  token_endpoint_auth: TokenEndpointAuth;
  resource: string | null;
  scope: string | null;
};

/** What is known of a credential besides its secret. The first three kinds are the Managed Agents API's, the others Berth's own. */
export type CredentialAuth =
  | ({
      type: "environment_variable";
      secret_name: string;
      networking: CredentialNetworking;
      injection_location: InjectionLocation;
    } & RequestScope)
  | { type: "static_bearer"; mcp_server_url: string }
  | { type: "mcp_oauth"; mcp_server_url: string; expires_at: string | null; refresh: OAuthRefresh | null }
  | ({ type: "basic"; username: string; networking: LimitedNetworking } & RequestScope)
  | ({ type: "header"; header_name: string; networking: LimitedNetworking } & RequestScope)
  | ({
      type: "aws_sigv4";
      access_key_id: string;
      /** Null: what the client signed for. */
      region: string | null;
      service: string | null;
      networking: LimitedNetworking;
    } & RequestScope);
export type CredentialKind = CredentialAuth["type"];

export type Credential = {
  type: "vault_credential";
  id: string;
  vault_id: string;
  display_name: string | null;
  auth: CredentialAuth;
  metadata: Record<string, string>;
  /** Berth's own addition: why it could not be used the last time, such as a refresh that was refused; null while it can. */
  problem: string | null;
  /** Also ours: since when; null without a problem. */
  problem_since: string | null;
  /** Also ours: asking again does not help, somebody has to authorize it again and put the new tokens in. */
  needs_authorization: boolean;
  created_at: string;
  updated_at: string;
  archived_at: string | null;
};

/** What a try of an `mcp_oauth` credential found out. */
export type CredentialValidation = {
  type: "vault_credential_validation";
  credential_id: string;
  vault_id: string;
  status: "valid" | "invalid" | "unknown";
  has_refresh_token: boolean;
  mcp_probe: { method: string; http_response: ProbeResponse | null } | null;
  refresh: {
    status: "succeeded" | "failed" | "connect_error" | "no_refresh_token";
    http_response: ProbeResponse | null;
  } | null;
  validated_at: string;
};
export type ProbeResponse = { status_code: number; content_type: string; body: string; body_truncated: boolean };

export const MAX_CREDENTIALS_OF_VAULT = 20;
export const MAX_ALLOWED_HOSTS = 16;
export const MAX_ALLOWED_METHODS = 16;
export const MAX_ALLOWED_PATH_PREFIXES = 16;

/** Checked further where it is kept: the rule of secrets. */
const secret = z.string().max(65_536);
const url = z.string().min(1).max(2048);
const shortText = z.string().min(1).max(512);
const future = z.iso.datetime({ offset: true, error: "must be an RFC 3339 time such as 2026-01-31T12:00:00Z" });
const allowedHosts = z.array(z.string().max(300)).min(1).max(MAX_ALLOWED_HOSTS);
const limited = z.strictObject({ type: z.literal("limited"), allowed_hosts: allowedHosts });
const networking = z.discriminatedUnion("type", [z.strictObject({ type: z.literal("unrestricted") }), limited]);
const injectionLocation = z.strictObject({ header: z.boolean().optional(), body: z.boolean().optional() });
/** Null: for all; an empty list would look like for none. */
const requestScope = {
  allowed_methods: z.array(z.string().max(20)).min(1).max(MAX_ALLOWED_METHODS).nullish(),
  allowed_path_prefixes: z.array(z.string().max(1024)).min(1).max(MAX_ALLOWED_PATH_PREFIXES).nullish(),
};
const headerName = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: "is not the name of a header" });
const username = z
  .string()
  .max(255)
  .regex(/^[^:\p{Cc}]*$/u, { error: "may hold neither a colon nor a control character" });
const accessKeyId = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9_]{4,}$/, { error: "is not the id of an access key" });
const awsName = z
  .string()
  .max(64)
  .regex(/^[a-z0-9-]+$/, { error: "may hold small letters, digits and hyphens only" });

const clientAuth = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }),
  z.strictObject({ type: z.literal("client_secret_basic"), client_secret: secret }),
  z.strictObject({ type: z.literal("client_secret_post"), client_secret: secret }),
]);
const clientAuthUpdate = z.strictObject({
  type: z.enum(["client_secret_basic", "client_secret_post"]),
  client_secret: secret.nullish(),
});
const refresh = z.strictObject({
  client_id: shortText,
  refresh_token: secret,
  token_endpoint: url,
  token_endpoint_auth: clientAuth,
  resource: z.string().max(2048).nullish(),
  scope: z.string().max(2048).nullish(),
});
const refreshUpdate = z.strictObject({
  refresh_token: secret.nullish(),
  /** Empty: none. */
  scope: z.string().max(2048).nullish(),
  token_endpoint_auth: clientAuthUpdate.optional(),
});

const authInput = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("environment_variable"),
    secret_name: z.string().max(256),
    secret_value: secret,
    networking,
    injection_location: injectionLocation.optional(),
    ...requestScope,
  }),
  z.strictObject({ type: z.literal("static_bearer"), token: secret, mcp_server_url: url }),
  z.strictObject({
    type: z.literal("mcp_oauth"),
    access_token: secret,
    mcp_server_url: url,
    expires_at: future.nullish(),
    refresh: refresh.nullish(),
  }),
  z.strictObject({ type: z.literal("basic"), username, password: secret, networking: limited, ...requestScope }),
  z.strictObject({
    type: z.literal("header"),
    header_name: headerName,
    header_value: secret,
    networking: limited,
    ...requestScope,
  }),
  z.strictObject({
    type: z.literal("aws_sigv4"),
    access_key_id: accessKeyId,
    secret_access_key: secret,
    session_token: secret.nullish(),
    region: awsName.nullish(),
    service: awsName.nullish(),
    networking: limited,
    ...requestScope,
  }),
]);

/** What is absent or null stays as it is, where nothing else is said; a scope that is null is none from now on. What cannot be changed is not here. */
const authUpdate = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("environment_variable"),
    secret_value: secret.nullish(),
    networking: networking.nullish(),
    injection_location: injectionLocation.optional(),
    ...requestScope,
  }),
  z.strictObject({ type: z.literal("static_bearer"), token: secret.nullish() }),
  z.strictObject({
    type: z.literal("mcp_oauth"),
    access_token: secret.nullish(),
    expires_at: future.nullish(),
    refresh: refreshUpdate.nullish(),
  }),
  z.strictObject({
    type: z.literal("basic"),
    username: username.optional(),
    password: secret.nullish(),
    networking: limited.nullish(),
    ...requestScope,
  }),
  z.strictObject({
    type: z.literal("header"),
    header_value: secret.nullish(),
    networking: limited.nullish(),
    ...requestScope,
  }),
  z.strictObject({
    type: z.literal("aws_sigv4"),
    access_key_id: accessKeyId.optional(),
    secret_access_key: secret.nullish(),
    /** Null: none from now on. */
    session_token: secret.nullish(),
    region: awsName.nullish(),
    service: awsName.nullish(),
    networking: limited.nullish(),
    ...requestScope,
  }),
]);
export type CredentialAuthInput = z.infer<typeof authInput>;
export type CredentialAuthUpdate = z.infer<typeof authUpdate>;

export const createCredentialInput = z.strictObject({
  auth: authInput,
  display_name: z.string().trim().max(255).nullish(),
  metadata: metadata.nullish(),
});
export const updateCredentialInput = z.strictObject({
  auth: authUpdate.optional(),
  display_name: z.string().trim().max(255).nullish(),
  metadata: metadataPatch.nullish(),
});
export type CreateCredentialInput = z.infer<typeof createCredentialInput>;
export type UpdateCredentialInput = z.infer<typeof updateCredentialInput>;
