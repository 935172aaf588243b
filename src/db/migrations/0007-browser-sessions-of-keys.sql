-- works from: 0003
-- A browser that logged in with a key is logged in for as long as the key is good. Those that logged in before this
-- migration are of no known key and end when their time is up, as do those of one-time links.

alter table browser_sessions add column api_key_id text references api_keys (id);
