-- works from: 0003
-- Agents, environments and API keys tell the team stream of their changes the way sessions do: see 0002.

alter table agents add column changed_xid xid8 not null default pg_current_xact_id();
create index agents_changed on agents (team_id, changed_xid);
create trigger agent_changed before update on agents for each row execute function note_session_change();

alter table environments add column changed_xid xid8 not null default pg_current_xact_id();
create index environments_changed on environments (team_id, changed_xid);
create trigger environment_changed before update on environments for each row execute function note_session_change();

alter table api_keys add column changed_xid xid8 not null default pg_current_xact_id();
create index api_keys_changed on api_keys (team_id, changed_xid);
-- That a key was used is no change.
create trigger api_key_changed before update of name, revoked_at on api_keys for each row execute function note_session_change();
