-- works from: 0003
-- Audit lines say for whom a session asked, and which credentials were put in, by name. Lines from before say neither.

alter table egress_requests add column who jsonb, add column credentials jsonb not null default '[]';

-- Where messages entered their conversation: the latest before a request began it.
create index events_entered on events (session_id, seq) where type = 'user.message' and echo;
