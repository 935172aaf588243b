-- Failures in a row while nothing else was held beside this session: only these can end it. `failed_claims` counts every failure
-- of a worker that held it, whoever caused it; from two on a session is held alone, in a process of its own.
-- works from: 0003

alter table sessions add column failures_alone integer not null default 0;
