// The tables as Kysely sees them. int8 and numeric: see database.ts for how they are parsed.
import type { ColumnType, Generated } from "kysely";

type Json<T> = ColumnType<T, string, string>;
type CreatedAt = ColumnType<Date, never | Date | undefined, never>;
type Touched = ColumnType<Date, Date | undefined, Date>;

export type SessionStatus = "idle" | "running" | "rescheduling" | "terminated";

export type TeamsTable = {
  id: string;
  name: string;
  created_at: CreatedAt;
  networking_default: Json<unknown> | null;
  networking_ceiling: Json<unknown> | null;
  networking_updated_at: Date | null;
};
export type ApiKeysTable = {
  id: string;
  team_id: string;
  name: string;
  key_hash: Buffer;
  created_at: CreatedAt;
  last_used_at: Date | null;
  revoked_at: Date | null;
  changed_xid: Generated<string>;
};
export type LoginTokensTable = {
  token_hash: Buffer;
  team_id: string;
  created_at: CreatedAt;
  expires_at: Date;
  used_at: Date | null;
};
export type BrowserSessionsTable = {
  token_hash: Buffer;
  team_id: string;
  created_at: CreatedAt;
  expires_at: Date;
  /** Null: a one-time link. */
  api_key_id: string | null;
};
export type AgentsTable = {
  id: string;
  team_id: string;
  version: number;
  created_at: CreatedAt;
  updated_at: Touched;
  archived_at: Date | null;
  changed_xid: Generated<string>;
};
export type AgentVersionsTable = {
  agent_id: string;
  version: number;
  team_id: string;
  definition: Json<unknown>;
  created_at: CreatedAt;
};
export type EnvironmentsTable = {
  id: string;
  team_id: string;
  name: string;
  description: string | null;
  config: Json<unknown>;
  metadata: Json<Record<string, string>>;
  scope: string | null;
  is_default: Generated<boolean>;
  created_at: CreatedAt;
  updated_at: Touched;
  archived_at: Date | null;
  deleted_at: Date | null;
  changed_xid: Generated<string>;
};
export type SessionsTable = {
  id: string;
  team_id: string;
  agent_id: string;
  agent_version: number;
  agent: Json<unknown>;
  environment_id: string;
  title: string | null;
  metadata: Json<Record<string, string>>;
  resources: Json<unknown[]>;
  vault_ids: Json<string[]>;
  budget: ColumnType<unknown, string | null, string | null>;
  status: Generated<SessionStatus>;
  stop_reason: ColumnType<unknown, string | null, string | null>;
  /** Kept by the database from the stop reason. */
  waits_for: ColumnType<unknown, never, never>;
  last_seq: Generated<number>;
  wake_at: Date | null;
  lease_owner: string | null;
  lease_epoch: Generated<number>;
  lease_until: Date | null;
  retry_attempt: Generated<number>;
  failed_claims: Generated<number>;
  failures_alone: Generated<number>;
  input_tokens: Generated<number>;
  output_tokens: Generated<number>;
  cache_read_tokens: Generated<number>;
  cache_creation_tokens: Generated<number>;
  /** Decimal text, exact. */
  cost_usd: Generated<string>;
  cost_complete: Generated<boolean>;
  active_ms: Generated<number>;
  active_since: Date | null;
  created_at: CreatedAt;
  updated_at: Touched;
  archived_at: Date | null;
  /** Kept by the database from the log. */
  last_message: ColumnType<unknown, never, never>;
  /** Since when its worker has it; kept by the database. */
  claimed_at: Date | null;
  forked_from: Json<unknown> | null;
  /** Kept by the database: see changes.ts. */
  changed_xid: Generated<string>;
};
export type DeletedSessionsTable = {
  session_id: string;
  team_id: string;
  changed_xid: Generated<string>;
  deleted_at: CreatedAt;
};
export type EventsTable = {
  session_id: string;
  seq: number;
  id: string;
  team_id: string;
  type: string;
  payload: Json<Record<string, unknown>>;
  private: ColumnType<Record<string, unknown> | null, string | null, string | null>;
  echo: Generated<boolean>;
  created_at: CreatedAt;
  processed_at: Date | null;
};
export type IdempotencyKeysTable = {
  team_id: string;
  key: string;
  request_hash: Buffer;
  status: number | null;
  response: ColumnType<unknown, string | null, string | null>;
  created_at: CreatedAt;
};
export type WorkersTable = {
  id: string;
  lock_key: number;
  hostname: string;
  pid: number;
  version: string;
  started_at: CreatedAt;
  seen_at: Touched;
  health: Json<unknown>;
};
export type SandboxesTable = {
  session_id: string;
  team_id: string;
  name: string;
  backend: string;
  identity: string;
  state: "running" | "hibernated";
  created_at: CreatedAt;
  last_used_at: Touched;
};
export type SandboxRemovalsTable = { name: string; team_id: string; backend: string; requested_at: CreatedAt };

export type UsageDailyTable = {
  session_id: string;
  /** A date without a time. */
  day: string;
  model: string;
  team_id: string;
  agent_id: string;
  model_requests: Generated<number>;
  unpriced_requests: Generated<number>;
  tool_calls: Generated<number>;
  input_tokens: Generated<number>;
  output_tokens: Generated<number>;
  cache_read_tokens: Generated<number>;
  cache_creation_tokens: Generated<number>;
  cost_usd: Generated<string>;
  active_ms: Generated<number>;
};

export type KeksTable = { id: string; created_at: CreatedAt; retired_at: Date | null };
export type TeamKeysTable = {
  id: string;
  team_id: string;
  kek_id: string;
  sealed_key: Buffer;
  created_at: CreatedAt;
  retired_at: Date | null;
};
export type VaultsTable = {
  id: string;
  team_id: string;
  display_name: string;
  metadata: Json<Record<string, string>>;
  created_at: CreatedAt;
  updated_at: Touched;
  archived_at: Date | null;
  changed_xid: Generated<string>;
};
export type CredentialsTable = {
  id: string;
  team_id: string;
  vault_id: string;
  display_name: string | null;
  auth: Json<unknown>;
  metadata: Json<Record<string, string>>;
  version: Generated<number>;
  problem: string | null;
  created_at: CreatedAt;
  updated_at: Touched;
  archived_at: Date | null;
};
export type CredentialSecretsTable = {
  credential_id: string;
  team_id: string;
  vault_id: string;
  field: string;
  version: number;
  team_key_id: string;
  sealed_key: Buffer;
  sealed_value: Buffer;
};
export type PlaceholdersTable = {
  session_id: string;
  credential_id: string;
  placeholder: string;
  created_at: CreatedAt;
};

export type Schema = {
  teams: TeamsTable;
  api_keys: ApiKeysTable;
  login_tokens: LoginTokensTable;
  browser_sessions: BrowserSessionsTable;
  agents: AgentsTable;
  agent_versions: AgentVersionsTable;
  environments: EnvironmentsTable;
  sessions: SessionsTable;
  deleted_sessions: DeletedSessionsTable;
  events: EventsTable;
  idempotency_keys: IdempotencyKeysTable;
  workers: WorkersTable;
  sandboxes: SandboxesTable;
  sandbox_removals: SandboxRemovalsTable;
  usage_daily: UsageDailyTable;
  keks: KeksTable;
  team_keys: TeamKeysTable;
  vaults: VaultsTable;
  credentials: CredentialsTable;
  credential_secrets: CredentialSecretsTable;
  placeholders: PlaceholdersTable;
};
