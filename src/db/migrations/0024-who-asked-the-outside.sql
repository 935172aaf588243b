-- works from: 0003
-- What the server itself asks for a session is listed beside what its sandbox asks.

alter table egress_requests add column source text not null default 'sandbox' check (source in ('sandbox', 'mcp', 'web'));
