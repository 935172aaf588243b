-- What the server asks of token endpoints, and to try a credential, is in the audit, too: for a session, or for whoever tries it.
-- works from: 0003

alter table egress_requests alter column session_id drop not null;
alter table egress_requests drop constraint egress_requests_source_check;
alter table egress_requests add constraint egress_requests_source_check
  check (source in ('sandbox', 'mcp', 'web', 'credential'));
