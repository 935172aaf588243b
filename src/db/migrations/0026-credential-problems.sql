-- works from: 0003
-- Since when a credential can't be renewed, and whether somebody has to authorize it again; and which sessions were told.

alter table credentials
  add column problem_since timestamptz,
  add column problem_final boolean not null default false;

create table told_credential_problems (
  session_id text not null references sessions (id) on delete cascade,
  credential_id text not null references credentials (id) on delete cascade,
  -- Of the credential: one that was changed is another one.
  version integer not null,
  final boolean not null,
  primary key (session_id, credential_id, version, final)
);
create index told_credential_problems_of_credential on told_credential_problems (credential_id);
