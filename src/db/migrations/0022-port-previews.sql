-- works from: 0003
-- Who may see a port of a sandbox in a browser: a ticket is a link that is used once, a visit is what it was exchanged for. They end
-- with the session, and with the key or the browser's login that asked for them.

create table port_previews (
  -- Of a random text that only the link, or the browser, has.
  secret_hash bytea primary key,
  kind text not null check (kind in ('ticket', 'visit')),
  team_id text not null references teams (id),
  session_id text not null references sessions (id) on delete cascade,
  port integer not null check (port between 1 and 65535),
  api_key_id text references api_keys (id),
  browser_hash bytea references browser_sessions (token_hash) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index port_previews_by_session on port_previews (session_id);
create index port_previews_by_browser on port_previews (browser_hash) where browser_hash is not null;
create index port_previews_by_expiry on port_previews (expires_at);
