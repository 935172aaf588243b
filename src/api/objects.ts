// The API's objects as schemas, for the OpenAPI document. Their types are in contract/; tests hold answers against these.
import { z } from "zod";
import { TOOL_NAMES } from "../contract/agents.ts";
import { listQuery } from "../contract/fields.ts";
import { permissionPolicy } from "../contract/permission-policies.ts";
import { RESOURCE_STATUSES } from "../contract/session-resources.ts";
import { SESSION_STATUSES } from "../contract/sessions.ts";

const time = z.iso.datetime();
const empty = z.array(z.unknown()).max(0);
const metadata = z.record(z.string(), z.string());
const toolSwitches = { enabled: z.boolean(), permission_policy: permissionPolicy };
const model = z.strictObject({
  id: z.string(),
  effort: z.strictObject({ type: z.string() }).optional(),
  speed: z.enum(["standard", "fast"]).optional(),
});
const tool = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("agent_toolset_20260401"),
    default_config: z.strictObject(toolSwitches),
    configs: z.array(z.looseObject({ type: z.enum(TOOL_NAMES), name: z.enum(TOOL_NAMES), ...toolSwitches })),
  }),
  z.strictObject({
    type: z.literal("mcp_toolset"),
    mcp_server_name: z.string(),
    default_config: z.strictObject(toolSwitches),
    configs: z.array(z.strictObject({ name: z.string(), ...toolSwitches })),
  }),
  z.strictObject({
    type: z.literal("custom"),
    name: z.string(),
    description: z.string(),
    input_schema: z.looseObject({ type: z.literal("object") }),
  }),
]);
const definition = {
  type: z.literal("agent"),
  id: z.string(),
  version: z.int(),
  name: z.string(),
  description: z.string().nullable(),
  model,
  system: z.string().nullable(),
  tools: z.array(tool),
  mcp_servers: z.array(z.strictObject({ type: z.literal("url"), name: z.string(), url: z.string() })),
  skills: empty,
  multiagent: z.null(),
  execution_identity: z.strictObject({ type: z.literal("service_account") }),
};

export const agentObject = z.strictObject({
  ...definition,
  metadata,
  created_at: time,
  updated_at: time,
  archived_at: time.nullable(),
});

export const networkingObject = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("unrestricted") }),
  z.strictObject({
    type: z.literal("limited"),
    allow_mcp_servers: z.boolean(),
    allow_package_managers: z.boolean(),
    allowed_hosts: z.array(z.string()),
  }),
]);
export const environmentObject = z.strictObject({
  type: z.literal("environment"),
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  config: z.strictObject({
    type: z.literal("cloud"),
    networking: networkingObject,
    packages: z.looseObject({ type: z.literal("packages") }),
  }),
  metadata,
  scope: z.literal("organization"),
  is_default: z.boolean(),
  created_at: time,
  updated_at: time,
  archived_at: time.nullable(),
});

export const sessionResourceObject = z.strictObject({
  type: z.literal("github_repository"),
  id: z.string(),
  url: z.string(),
  mount_path: z.string(),
  checkout: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("branch"), name: z.string() }),
      z.strictObject({ type: z.literal("commit"), sha: z.string() }),
    ])
    .nullable(),
  status: z.enum(RESOURCE_STATUSES),
  problem: z.string().nullable(),
  created_at: time,
  updated_at: time,
});

const waits = z.strictObject({ count: z.int(), tools: z.array(z.string()) });
const money = z.strictObject({ amount: z.string(), currency: z.literal("USD") });
export const sessionObject = z.strictObject({
  type: z.literal("session"),
  id: z.string(),
  agent: z.strictObject(definition),
  environment_id: z.string(),
  title: z.string().nullable(),
  metadata,
  status: z.enum(SESSION_STATUSES),
  stop_reason: z.looseObject({ type: z.string() }).nullable(),
  waiting_for: z.strictObject({ tool_confirmations: waits, custom_tool_results: waits }).nullable(),
  budget: z.strictObject({ type: z.literal("limit"), max_list_cost: money }).nullable(),
  usage: z.strictObject({
    input_tokens: z.int(),
    output_tokens: z.int(),
    cache_read_input_tokens: z.int(),
    cache_creation: z.strictObject({ ephemeral_5m_input_tokens: z.int(), ephemeral_1h_input_tokens: z.int() }),
    active_seconds: z.number(),
    list_cost: money.optional(),
    list_cost_usd: z.string().optional(),
  }),
  stats: z.strictObject({ active_seconds: z.number(), duration_seconds: z.number() }),
  resources: z.array(sessionResourceObject),
  vault_ids: z.array(z.string()),
  outcome_evaluations: empty,
  deployment_id: z.null(),
  created_at: time,
  updated_at: time,
  archived_at: time.nullable(),
  forked_from: z.strictObject({ session_id: z.string(), event_id: z.string().nullable() }).nullable(),
  last_message: z.strictObject({ role: z.enum(["user", "agent"]), text: z.string(), at: time }).nullable(),
});

export const eventObject = z.looseObject({ id: z.string(), type: z.string(), processed_at: time.nullable() });

export const pageQuery = z.strictObject(listQuery);
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ data: z.array(item), next_page: z.string().nullable() });
}
export function bidirectionalPageOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ data: z.array(item), next_page: z.string().nullable(), prev_page: z.string().nullable() });
}
