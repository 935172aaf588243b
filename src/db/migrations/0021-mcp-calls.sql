-- Calls of MCP servers' tools: which were sent off, and that they count and are waited for like all others.
-- works from: 0003

-- Written before a call is sent: a worker that finds its row does not send it again.
create table mcp_calls (
  session_id text not null references sessions (id) on delete cascade,
  tool_use_id text not null,
  sent_at timestamptz not null default now(),
  primary key (session_id, tool_use_id)
);

drop trigger usage_of_event on events;
create trigger usage_of_event after insert on events for each row
  when (new.type in ('span.model_request_end', 'agent.tool_use', 'agent.mcp_tool_use', 'agent.custom_tool_use') and not new.echo)
  execute function note_usage();

create or replace function what_session_waits_for(session text, reason jsonb) returns jsonb language sql stable as $$
  select case when reason->>'type' = 'requires_action' then (
    select jsonb_build_object(
      'tool_confirmations', jsonb_build_object(
        'count', count(*) filter (where e.type in ('agent.tool_use', 'agent.mcp_tool_use')),
        'tools', jsonb_path_query_array(coalesce(jsonb_agg(distinct e.payload->>'name') filter (where e.type in ('agent.tool_use', 'agent.mcp_tool_use')), '[]'), '$[0 to 9]')),
      'custom_tool_results', jsonb_build_object(
        'count', count(*) filter (where e.type = 'agent.custom_tool_use'),
        'tools', jsonb_path_query_array(coalesce(jsonb_agg(distinct e.payload->>'name') filter (where e.type = 'agent.custom_tool_use'), '[]'), '$[0 to 9]')))
    from events e
    where e.session_id = session and not e.echo
      and e.id in (select jsonb_array_elements_text(coalesce(reason->'event_ids', '[]')))
  ) end
$$;
