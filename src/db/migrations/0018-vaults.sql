-- works from: 0003
-- Vaults and their credentials. Values are sealed: a KEK, which is not in the database, opens a team key, that one the data key of a value.

-- Names of the KEKs that have sealed a team key here. One that is retired seals nothing more.
create table keks (
  id text primary key,
  created_at timestamptz not null default now(),
  retired_at timestamptz
);

create table team_keys (
  id text primary key,
  team_id text not null references teams (id),
  kek_id text not null references keks (id),
  sealed_key bytea not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz
);
create unique index team_keys_current on team_keys (team_id) where retired_at is null;
create index team_keys_kek on team_keys (kek_id);

create table vaults (
  id text primary key,
  team_id text not null references teams (id),
  display_name text not null,
  metadata jsonb not null default '{}',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  archived_at timestamptz,
  changed_xid xid8 not null default pg_current_xact_id(),
  unique (team_id, id)
);
create index vaults_changed on vaults (team_id, changed_xid);
create trigger vault_changed before update on vaults for each row execute function note_session_change();
create index vaults_of_team on vaults (team_id, created_at, id);

create table credentials (
  id text primary key,
  team_id text not null,
  vault_id text not null,
  display_name text,
  -- As the API shows it: nothing secret.
  auth jsonb not null,
  metadata jsonb not null default '{}',
  -- Rises with each change of what a request gets.
  version integer not null default 1,
  -- Why the broker could not use it the last time; null while it can.
  problem text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  archived_at timestamptz,
  unique (team_id, vault_id, id),
  foreign key (team_id, vault_id) references vaults (team_id, id) on delete cascade
);
create index credentials_of_vault on credentials (vault_id, created_at, id);

-- A change in a vault is one of the vault, to those who watch. One that is deleted with its vault finds none.
create function note_credential_change() returns trigger language plpgsql as $$
begin
  update vaults set changed_xid = pg_current_xact_id() where id = coalesce(new.vault_id, old.vault_id);
  return null;
end $$;
create trigger credential_changed after insert or update or delete on credentials
  for each row execute function note_credential_change();

-- The secret parts of a credential, each with a key of its own. An older version's value is gone with the change.
create table credential_secrets (
  credential_id text not null,
  team_id text not null,
  vault_id text not null,
  field text not null,
  version integer not null,
  team_key_id text not null references team_keys (id),
  sealed_key bytea not null,
  sealed_value bytea not null,
  primary key (credential_id, field),
  foreign key (team_id, vault_id, credential_id) references credentials (team_id, vault_id, id) on delete cascade
);
create index credential_secrets_key on credential_secrets (team_key_id);

-- What a session's sandbox holds instead of a value. Random, one a session and credential, and never derived from anything.
create table placeholders (
  session_id text not null references sessions (id) on delete cascade,
  credential_id text not null references credentials (id) on delete cascade,
  placeholder text not null unique,
  created_at timestamptz not null default now(),
  primary key (session_id, credential_id)
);
create index placeholders_of_credential on placeholders (credential_id);
