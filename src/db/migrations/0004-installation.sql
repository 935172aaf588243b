-- works from: 0003
-- Which installation this database is of. What lies outside of it, on disks, carries the same id: so a database that the data
-- directory does not belong to is noticed before anything is removed there.

create table installation (
  only_one boolean primary key default true check (only_one),
  id text not null default 'inst_' || replace(gen_random_uuid()::text, '-', ''),
  created_at timestamptz not null default now()
);
insert into installation default values;
