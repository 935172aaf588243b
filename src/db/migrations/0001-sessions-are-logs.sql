-- Teams, agents, environments, sessions and their event logs. Every row carries team_id.

create table teams (
  id text primary key,
  name text not null unique,
  created_at timestamptz not null default now()
);

create table api_keys (
  id text primary key,
  team_id text not null references teams (id),
  name text not null,
  key_hash bytea not null unique,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  revoked_at timestamptz
);

-- One-time links (`/login?token=…`): only the hash is kept, a token is used once.
create table login_tokens (
  token_hash bytea primary key,
  team_id text not null references teams (id),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);

create table browser_sessions (
  token_hash bytea primary key,
  team_id text not null references teams (id),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);

create table agents (
  id text primary key,
  team_id text not null references teams (id),
  version integer not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  archived_at timestamptz
);
create index agents_by_team on agents (team_id, created_at desc, id desc);

-- An update makes a new version; versions are never changed.
create table agent_versions (
  agent_id text not null references agents (id),
  version integer not null,
  team_id text not null references teams (id),
  definition jsonb not null,
  created_at timestamptz not null default now(),
  primary key (agent_id, version)
);

create table environments (
  id text primary key,
  team_id text not null references teams (id),
  name text not null,
  description text,
  config jsonb not null,
  metadata jsonb not null default '{}',
  scope text,
  is_default boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  archived_at timestamptz,
  -- A deleted environment is hidden; sessions that were made in it keep it.
  deleted_at timestamptz
);
create unique index environments_name on environments (team_id, name) where archived_at is null;
create unique index environments_default on environments (team_id) where is_default;
create index environments_by_team on environments (team_id, created_at desc, id desc);

-- fillfactor leaves room for HOT updates: every append bumps last_seq.
create table sessions (
  id text primary key,
  team_id text not null references teams (id),
  agent_id text not null references agents (id),
  agent_version integer not null,
  agent jsonb not null,
  environment_id text not null references environments (id),
  title text,
  metadata jsonb not null default '{}',
  resources jsonb not null default '[]',
  vault_ids jsonb not null default '[]',
  budget jsonb,
  status text not null default 'idle' check (status in ('idle', 'running', 'rescheduling', 'terminated')),
  -- Set with the last status_idle; tells what a waiting session waits for.
  stop_reason jsonb,
  last_seq bigint not null default 0,
  -- When the session has work to do (null: none). The only thing that makes a worker claim it.
  wake_at timestamptz,
  lease_owner text,
  lease_epoch bigint not null default 0,
  lease_until timestamptz,
  -- Failed model requests in a row, for backoff.
  retry_attempt integer not null default 0,
  -- Claims in a row that ended with a dead or failing worker; a poisoned session is isolated.
  failed_claims integer not null default 0,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  cache_read_tokens bigint not null default 0,
  cache_creation_tokens bigint not null default 0,
  cost_usd numeric not null default 0,
  -- False once a request had no known price: the sum is then a lower bound.
  cost_complete boolean not null default true,
  active_ms bigint not null default 0,
  active_since timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  archived_at timestamptz
) with (fillfactor = 50);
create index sessions_by_team on sessions (team_id, created_at desc, id desc);
create index sessions_to_claim on sessions (wake_at) where wake_at is not null;
create index sessions_leased on sessions (lease_owner) where lease_owner is not null;

-- The log. seq is gap-free per session and rises in commit order (the sessions row lock makes it so).
-- A user event is stored when accepted (processed_at null) and stored again, as an echo with the same id, where it
-- entered the conversation; the first row's processed_at is set then too. Lists show an event once: its echo if it has one.
create table events (
  session_id text not null references sessions (id) on delete cascade,
  seq bigint not null,
  id text not null,
  team_id text not null,
  type text not null,
  payload jsonb not null,
  -- What only the platform needs (reasoning text, provider ids, summaries); never on the wire.
  private jsonb,
  echo boolean not null default false,
  created_at timestamptz not null default now(),
  processed_at timestamptz,
  primary key (session_id, seq)
);
create unique index events_id on events (session_id, id) where not echo;
create unique index events_echo on events (session_id, id) where echo;

create table idempotency_keys (
  team_id text not null references teams (id),
  key text not null,
  -- SHA-256 of method, path and body: the same key with another request is an error.
  request_hash bytea not null,
  status integer,
  response jsonb,
  created_at timestamptz not null default now(),
  primary key (team_id, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

-- A worker holds the advisory lock lock_key on a connection of its own for as long as it lives.
create table workers (
  id text primary key,
  lock_key bigint not null,
  hostname text not null,
  pid integer not null,
  version text not null,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  -- What this worker knows of its surroundings: sandbox self-test, gateway state.
  health jsonb not null default '{}'
);

create table sandboxes (
  session_id text primary key references sessions (id),
  team_id text not null references teams (id),
  name text not null unique,
  backend text not null,
  identity text not null,
  state text not null check (state in ('running', 'hibernated')),
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now()
);
create index sandboxes_idle on sandboxes (last_used_at) where state = 'running';
-- Sandboxes of deleted sessions wait here until the worker has removed processes and disk.
create table sandbox_removals (
  name text primary key,
  team_id text not null,
  backend text not null,
  requested_at timestamptz not null default now()
);
