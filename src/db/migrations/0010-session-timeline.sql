-- works from: 0003
-- What happened to a session besides its log: who held it and for how long, what became of its sandbox. For operators, so it is
-- kept a month and never read by a turn. Holds are written by a trigger, so that they are told whoever gives a session up.

create table session_timeline (
  id bigint generated always as identity primary key,
  session_id text not null references sessions (id) on delete cascade,
  team_id text not null references teams (id),
  kind text not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  epoch bigint,
  worker_id text,
  detail jsonb not null default '{}'
);
create index session_timeline_of_session on session_timeline (session_id, started_at, id);
create index session_timeline_age on session_timeline (started_at);

alter table sessions add column claimed_at timestamptz;

create function note_hold() returns trigger language plpgsql as $$
begin
  if old.lease_owner is not null and (new.lease_owner is distinct from old.lease_owner or new.lease_epoch <> old.lease_epoch) then
    insert into session_timeline (session_id, team_id, kind, started_at, ended_at, epoch, worker_id, detail)
    values (old.id, old.team_id, 'hold', coalesce(old.claimed_at, now()), now(), old.lease_epoch, old.lease_owner,
      jsonb_build_object('how', case
        when new.lease_owner is not null then 'lease_ran_out'
        when new.failed_claims > old.failed_claims and new.wake_at > now() then 'failed'
        when new.failed_claims > old.failed_claims then 'worker_died'
        when new.wake_at is null then 'rested'
        when new.wake_at > now() then 'waits'
        else 'handed_over' end));
  end if;
  if new.lease_owner is not null and new.lease_epoch <> old.lease_epoch then
    new.claimed_at := now();
  end if;
  return new;
end $$;
create trigger session_hold before update of lease_owner, lease_epoch on sessions
  for each row execute function note_hold();

create function note_hibernation() returns trigger language plpgsql as $$
begin
  insert into session_timeline (session_id, team_id, kind, started_at, detail)
  values (new.session_id, new.team_id, 'sandbox_hibernated', now(), jsonb_build_object('idle_since', old.last_used_at));
  return new;
end $$;
create trigger sandbox_hibernated after update of state on sandboxes
  for each row when (old.state = 'running' and new.state = 'hibernated') execute function note_hibernation();
