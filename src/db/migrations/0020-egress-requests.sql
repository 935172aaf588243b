-- works from: 0003
-- What sandboxes asked of the outside, and what the egress broker decided. It outlives the session that asked: no key leads there.

create table egress_requests (
  id text primary key,
  team_id text not null references teams (id),
  session_id text not null,
  created_at timestamptz not null,
  method text not null,
  host text not null,
  port integer not null,
  -- Without its query.
  path text not null,
  decision text not null check (decision in ('allow', 'deny', 'error')),
  rule text not null,
  detail text,
  suspicious boolean not null,
  status integer,
  request_bytes bigint not null,
  response_bytes bigint not null,
  duration_ms integer not null
);
create index egress_requests_by_team on egress_requests (team_id, created_at desc, id desc);
create index egress_requests_by_session on egress_requests (session_id, created_at desc, id desc);
-- For those that are to be forgotten.
create index egress_requests_by_age on egress_requests using brin (created_at);

-- The broker knows a sandbox by its disk.
create index sandboxes_by_identity on sandboxes (identity);
