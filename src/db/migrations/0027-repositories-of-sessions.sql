-- Repositories that a session's sandbox begins with. Their tokens are sealed as credentials are, in a vault of the team that nobody sees.
-- works from: 0003

alter table vaults add column of_resources boolean not null default false;
create unique index vaults_of_resources on vaults (team_id) where of_resources;

create table session_resources (
  id text primary key,
  session_id text not null references sessions (id) on delete cascade,
  team_id text not null references teams (id),
  -- What was asked for: url, mount_path, checkout. Nothing secret.
  config jsonb not null,
  -- A fork has its source's until one of both gets another.
  credential_id text references credentials (id) on delete set null,
  status text not null default 'waiting' check (status in ('waiting', 'ready', 'failed')),
  -- Why it failed; null while it did not.
  problem text,
  -- Rises with each that has an outcome.
  attempt integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index resources_of_session on session_resources (session_id, created_at, id);
create index resources_of_credential on session_resources (credential_id);

-- A token that no resource has any more goes with the last one.
create function forget_resource_credential() returns trigger language plpgsql as $$
begin
  if old.credential_id is not null and (tg_op = 'DELETE' or new.credential_id is distinct from old.credential_id) then
    delete from credentials c using vaults v
      where c.id = old.credential_id and v.id = c.vault_id and v.of_resources
      and not exists (select from session_resources r where r.credential_id = c.id);
  end if;
  return null;
end $$;
create trigger resource_credential_left after update or delete on session_resources
  for each row execute function forget_resource_credential();

-- Those who watch sessions see it.
create function note_resource_change() returns trigger language plpgsql as $$
begin
  update sessions set changed_xid = pg_current_xact_id() where id = coalesce(new.session_id, old.session_id);
  return null;
end $$;
create trigger resource_changed after insert or update or delete on session_resources
  for each row execute function note_resource_change();

-- Nobody watches the vault that is not shown.
create or replace function note_credential_change() returns trigger language plpgsql as $$
begin
  update vaults set changed_xid = pg_current_xact_id() where id = coalesce(new.vault_id, old.vault_id) and not of_resources;
  return null;
end $$;
