-- works from: 0003
-- Where package managers get packages from, as the egress broker was told when it started. One row.

create table package_hosts (
  id boolean primary key default true check (id),
  told_at timestamptz not null default now(),
  tools jsonb not null
);
