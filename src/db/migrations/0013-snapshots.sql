-- works from: 0003
-- Snapshots of sandboxes' files. Their bytes are in the blob store, in packs; here is what exists, and what needs which pack.

create table packs (
  id text primary key,
  team_id text not null references teams (id),
  size_bytes bigint not null,
  created_at timestamptz not null default now(),
  -- Nothing referred to it then; it is removed a while later, unless something does by that time.
  condemned_at timestamptz,
  -- From then on nothing may refer to it: its blob is being removed.
  removing_at timestamptz
);
create index packs_condemned on packs (condemned_at) where condemned_at is not null;

create table snapshots (
  id text primary key,
  team_id text not null references teams (id),
  session_id text not null references sessions (id) on delete cascade,
  -- Of the disk that it was taken of.
  identity text not null,
  reason text not null check (reason in ('idle', 'turn', 'request', 'rewind')),
  created_at timestamptz not null default now(),
  -- Where the session's log ended; and where it ended when the files were last found to be the same.
  seq bigint not null,
  until_seq bigint not null,
  until_at timestamptz not null default now(),
  -- Where the root directory's object is: see src/snapshots/content.ts.
  root jsonb not null,
  files integer not null,
  directories integer not null,
  symlinks integer not null,
  links integer not null,
  total_bytes bigint not null,
  -- Of files that went on changing while they were read.
  changed_count integer not null,
  -- Compressed, as far as the store did not have it.
  new_bytes bigint not null,
  -- The first hundred of what could not be kept, each with its reason.
  left_out jsonb not null,
  left_out_count integer not null
);
create index snapshots_by_session on snapshots (session_id, created_at desc, id desc);

create table snapshot_packs (
  snapshot_id text not null references snapshots (id) on delete cascade,
  pack_id text not null references packs (id),
  team_id text not null references teams (id),
  primary key (snapshot_id, pack_id)
);
create index snapshot_packs_by_pack on snapshot_packs (pack_id);

-- What a disk is being brought back to. An open one keeps its snapshot; a done one keeps the receipt.
create table sandbox_restores (
  id text primary key,
  team_id text not null references teams (id),
  session_id text not null references sessions (id) on delete cascade,
  -- Null: nothing had ever been taken.
  snapshot_id text,
  reason text not null check (reason in ('lost', 'rewind', 'fork')),
  -- The session whose snapshot it is, when it is another one's.
  clone_of text,
  -- The disk that it is brought onto; another one in the meantime begins anew.
  identity text not null,
  requested_at timestamptz not null default now(),
  done_at timestamptz,
  progress jsonb,
  receipt jsonb
);
create unique index sandbox_restores_open on sandbox_restores (session_id) where done_at is null;
create index sandbox_restores_by_snapshot on sandbox_restores (snapshot_id) where done_at is null;

-- When its files may first have changed since the last snapshot; and which that is, or which one was restored since.
alter table sandboxes add column dirty_since timestamptz default now();
alter table sandboxes add column last_snapshot_id text;
