// What sessions asked of the outside, by their sandboxes or by the server itself, and what was decided. Berth's own addition.
import { z } from "zod";
import { listQuery } from "./fields.ts";
import { senderObject } from "./sender.ts";

const DECISIONS = ["allow", "deny", "error"] as const;
export const SOURCES = ["sandbox", "mcp", "web", "credential"] as const;

export const egressRequestObject = z.strictObject({
  type: z.literal("egress_request"),
  id: z.string(),
  /** Null: it was asked for no session, but for `who`. */
  session_id: z.string().nullable(),
  /** The session's; null once that is deleted. */
  environment_id: z.string().nullable(),
  /** When it began. It is listed when it is over: a stream, when that has ended. */
  created_at: z.iso.datetime(),
  /** `sandbox`: programs in it, through the egress broker · `mcp`: the server, of an MCP server of the agent · `web`: `web_fetch` and `web_search` · `credential`: the server, to renew an OAuth credential at its token endpoint, or to try it at its MCP server. */
  source: z.enum(SOURCES),
  /** Empty for a connection that ended before a request was made on it. */
  method: z.string(),
  host: z.string(),
  port: z.int(),
  /** Without its query. */
  path: z.string(),
  /** `deny`: a rule said no · `error`: it was allowed and could not be carried out. */
  decision: z.enum(DECISIONS),
  /** What decided: `unrestricted`, `allowed_hosts *.example.com`, `package_managers`, `mcp_servers`, `token_endpoint` and `mcp_server_url` of the credential itself, or why not, such as `host_not_allowed`. */
  rule: z.string(),
  detail: z.string().nullable(),
  /** Names of the credentials that were put in. */
  credentials: z.array(z.string()),
  /** Who sent the message that the session worked on; without a session, who tried the credential. Null when that is not known, as for sessions of earlier releases. */
  who: senderObject.nullable(),
  /** No program does this by accident. */
  suspicious: z.boolean(),
  /** The answer's; null when there was none. */
  status: z.int().nullable(),
  /** Of the bodies. */
  request_bytes: z.int(),
  response_bytes: z.int(),
  duration_ms: z.int(),
});
export type EgressRequest = z.infer<typeof egressRequestObject>;

/** Newest first unless `order=asc`. */
export const egressRequestsQuery = z.strictObject({
  ...listQuery,
  order: z.enum(["asc", "desc"]).optional(),
  session_id: z.string().optional(),
  environment_id: z.string().optional(),
  decision: z.enum(DECISIONS).optional(),
  source: z.enum(SOURCES).optional(),
  /** The whole name, or `*.example.com` for every name below it. */
  host: z.string().max(255).optional(),
  /** Only those that no program makes by accident. */
  suspicious: z.stringbool({ truthy: ["true"], falsy: ["false"] }).optional(),
});
export type EgressRequestsQuery = z.infer<typeof egressRequestsQuery>;
