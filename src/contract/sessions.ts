// Sessions: one conversation with one agent, as the API takes and returns it.
import { z } from "zod";
import { agentVersion, type SessionAgent, sessionAgentInput, sessionAgentUpdate } from "./agents.ts";
import { MAX_INITIAL_EVENTS, type StopReason, UNSUPPORTED_INPUTS, userMessageInput } from "./events.ts";
import { listQuery, metadata, metadataPatch, NOT_SUPPORTED, noneYet, timestampFilter } from "./fields.ts";
import { type MonetaryAmount, monetaryAmount } from "./money.ts";
import { MAX_RESOURCES_OF_SESSION, type SessionResource, sessionResourceInput } from "./session-resources.ts";
import { MAX_VAULTS_OF_SESSION } from "./vaults.ts";

export const SESSION_STATUSES = ["rescheduling", "running", "idle", "terminated"] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];
export type Budget = { type: "limit"; max_list_cost: MonetaryAmount };

export type SessionUsage = {
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens: number;
  cache_creation: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number };
  active_seconds: number;
  /** Whole cents. Absent while a request of the session had no known price. */
  list_cost?: MonetaryAmount;
  /** Berth's own addition: the same cost as exact decimal dollars. */
  list_cost_usd?: string;
};

/** Calls that wait for answers of one kind. `tools`: their names, each once, at most ten. */
export type Waits = { count: number; tools: string[] };
export type WaitingFor = {
  /** Somebody has to allow or deny them: `user.tool_confirmation`. */
  tool_confirmations: Waits;
  /** The program whose tools they are has to answer them: `user.custom_tool_result`. */
  custom_tool_results: Waits;
};

/** What was said last. */
export type LastMessage = {
  role: "user" | "agent";
  /** On one line, at most 200 characters; pictures and documents by their kind in brackets. */
  text: string;
  /** When it entered the conversation; while it waits, when it was accepted. */
  at: string;
};

export type Session = {
  type: "session";
  id: string;
  agent: SessionAgent;
  environment_id: string;
  title: string | null;
  metadata: Record<string, string>;
  status: SessionStatus;
  /** Berth's own addition: what the last `session.status_idle` said, null before the first. */
  stop_reason: StopReason | null;
  /** Berth's own addition: what a session that `requires_action` waits for; null while it waits for nobody. */
  waiting_for: WaitingFor | null;
  budget: Budget | null;
  usage: SessionUsage;
  stats: { active_seconds: number; duration_seconds: number };
  resources: SessionResource[];
  /** Vaults whose credentials the session may use; the first one decides where two could. */
  vault_ids: string[];
  outcome_evaluations: [];
  deployment_id: null;
  created_at: string;
  updated_at: string;
  archived_at: string | null;
  /** Berth's own addition: which session this is a copy of, and the message from which on it is its own (null: the end). */
  forked_from: { session_id: string; event_id: string | null } | null;
  /** Berth's own addition, for lists: what was said last, null before the first message. */
  last_message: LastMessage | null;
};

export const budgetInput = z.strictObject({ type: z.literal("limit"), max_list_cost: monetaryAmount });
const title = z.string().max(500).nullish();
const id = z.string().min(1).max(100);

const initialEvent = z.discriminatedUnion("type", [userMessageInput], {
  error: (issue) => `${nameOf(issue.input)}only user.message can be an initial event in this release`,
});

function nameOf(input: unknown): string {
  if (typeof input !== "object" || input === null || !("type" in input)) return "";
  const known = UNSUPPORTED_INPUTS.find((type) => type === input.type);
  return known ? `${known} ${NOT_SUPPORTED}: ` : "";
}

export const createSessionInput = z
  .strictObject({
    agent: sessionAgentInput.optional(),
    /** Another word for `agent`. */
    agent_id: id.optional(),
    /** Absent: the team's default environment. */
    environment_id: id.nullish(),
    title,
    metadata: metadata.nullish(),
    initial_events: z.array(initialEvent).max(MAX_INITIAL_EVENTS).nullish(),
    resources: z.array(sessionResourceInput).max(MAX_RESOURCES_OF_SESSION).nullish(),
    vault_ids: z.array(z.string().max(100)).max(MAX_VAULTS_OF_SESSION).nullish(),
    budget: budgetInput.nullish(),
  })
  .refine((input) => input.agent !== undefined || input.agent_id !== undefined, {
    path: ["agent"],
    error: "is required",
  })
  .refine((input) => input.agent === undefined || input.agent_id === undefined, {
    path: ["agent_id"],
    error: "says the same as agent: send one of them",
  });
export type CreateSessionInput = z.infer<typeof createSessionInput>;

export const updateSessionInput = z.strictObject({
  agent: sessionAgentUpdate.optional(),
  budget: budgetInput.nullish(),
  metadata: metadataPatch.nullish(),
  title,
  vault_ids: noneYet,
});
export type UpdateSessionInput = z.infer<typeof updateSessionInput>;

export const listSessionsQuery = z.strictObject({
  ...listQuery,
  agent_id: id.optional(),
  agent_version: z.coerce.number().pipe(agentVersion).optional(),
  created_at: timestampFilter(["gt", "gte", "lt", "lte"]),
  deployment_id: id.optional(),
  include_archived: z.stringbool({ truthy: ["true"], falsy: ["false"] }).optional(),
  memory_store_id: id.optional(),
  order: z.enum(["asc", "desc"]).optional(),
  /** Berth's own addition: only sessions that wait for a confirmation or a result. */
  requires_action: z.stringbool({ truthy: ["true"], falsy: ["false"] }).optional(),
  /** Berth's own addition: only sessions whose title has each of these words as a part, in any case; or the one of this id. */
  search: z.string().trim().min(1).max(200).optional(),
  statuses: z.array(z.enum(SESSION_STATUSES)).max(10).optional(),
  /** Berth's own addition: only sessions that wait for answers of this kind, whatever else they wait for. */
  waiting_for: z.enum(["tool_confirmation", "custom_tool_result"]).optional(),
});
export type ListSessionsQuery = z.infer<typeof listSessionsQuery>;

export const listEventsQuery = z.strictObject({
  ...listQuery,
  created_at: timestampFilter(["gt", "gte", "lt", "lte"]),
  order: z.enum(["asc", "desc"]).optional(),
  types: z
    .array(z.string().regex(/^[a-z_.]{1,100}$/))
    .max(100)
    .optional(),
});
export type ListEventsQuery = z.infer<typeof listEventsQuery>;
