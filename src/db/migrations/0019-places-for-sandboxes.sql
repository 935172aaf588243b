-- works from: 0003
-- Who asked for a sandbox where its team may run so many: those that wait, in order, and those that are being started.

create table sandbox_places (
  session_id text primary key references sessions (id) on delete cascade,
  team_id text not null references teams (id),
  asked_at timestamptz not null default now(),
  -- A place is asked for again and again; who does so no more does not wait.
  seen_at timestamptz not null default now(),
  granted_at timestamptz
);
create index sandbox_places_by_team on sandbox_places (team_id, asked_at);
