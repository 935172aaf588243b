-- Which transaction changed a session last, as far as lists show it: the team stream reads "all that changed since" by it.
-- A reader keeps the oldest transaction that was under way when it read; whatever it could not see then is no older.
-- No counter and no lock, so nobody waits for anybody.

alter table sessions add column changed_xid xid8 not null default pg_current_xact_id();
create index sessions_changed on sessions (team_id, changed_xid);

create function note_session_change() returns trigger language plpgsql as $$
begin
  new.changed_xid := pg_current_xact_id();
  return new;
end $$;
-- Fires when a statement names one of these columns. An append that only makes the log longer names none.
create trigger session_changed before update of
  agent, title, metadata, budget, status, stop_reason, wake_at, archived_at,
  input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, cost_usd, cost_complete
on sessions for each row execute function note_session_change();

-- Deleted sessions are remembered for two days, longer than any cursor of the team stream is taken.
create table deleted_sessions (
  session_id text primary key,
  team_id text not null,
  changed_xid xid8 not null default pg_current_xact_id(),
  deleted_at timestamptz not null default now()
);
create index deleted_sessions_changed on deleted_sessions (team_id, changed_xid);
create function note_session_deletion() returns trigger language plpgsql as $$
begin
  insert into deleted_sessions (session_id, team_id) values (old.id, old.team_id) on conflict (session_id) do nothing;
  return null;
end $$;
create trigger session_deleted after delete on sessions for each row execute function note_session_deletion();

-- What waits for somebody is few among many.
create index sessions_waiting on sessions (team_id, created_at desc, id desc) where stop_reason->>'type' = 'requires_action';
