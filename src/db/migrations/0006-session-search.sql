-- works from: 0003
-- Sessions are found by a part of their title. The index needs pg_trgm, which comes with Postgres; where the database has it
-- not, or its owner may not install it, a search reads the team's titles instead.

do $$
begin
  create extension if not exists pg_trgm;
  create index sessions_title on sessions using gin (title gin_trgm_ops) where title is not null;
exception when insufficient_privilege or undefined_file or feature_not_supported or undefined_object then
  raise notice 'no index for the search of sessions: %', sqlerrm;
end $$;
