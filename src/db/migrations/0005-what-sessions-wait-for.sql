-- works from: 0003
-- For whom a session waits: a person who allows or denies tool calls, or the program that owns its custom tools. Kept by a
-- trigger from the calls that the stop reason names, so that it is right whoever writes, also a worker of an earlier release.

alter table sessions add column waits_for jsonb;

create function what_session_waits_for(session text, reason jsonb) returns jsonb language sql stable as $$
  select case when reason->>'type' = 'requires_action' then (
    select jsonb_build_object(
      'tool_confirmations', jsonb_build_object(
        'count', count(*) filter (where e.type = 'agent.tool_use'),
        'tools', jsonb_path_query_array(coalesce(jsonb_agg(distinct e.payload->>'name') filter (where e.type = 'agent.tool_use'), '[]'), '$[0 to 9]')),
      'custom_tool_results', jsonb_build_object(
        'count', count(*) filter (where e.type = 'agent.custom_tool_use'),
        'tools', jsonb_path_query_array(coalesce(jsonb_agg(distinct e.payload->>'name') filter (where e.type = 'agent.custom_tool_use'), '[]'), '$[0 to 9]')))
    from events e
    where e.session_id = session and not e.echo
      and e.id in (select jsonb_array_elements_text(coalesce(reason->'event_ids', '[]')))
  ) end
$$;

create function note_what_session_waits_for() returns trigger language plpgsql as $$
begin
  new.waits_for := what_session_waits_for(new.id, new.stop_reason);
  return new;
end $$;
create trigger session_waits before update of stop_reason on sessions
  for each row execute function note_what_session_waits_for();

update sessions set waits_for = what_session_waits_for(id, stop_reason) where stop_reason->>'type' = 'requires_action';

-- The inbox and its badge: who waits for a person is few among many.
create index sessions_waiting_for_person on sessions (team_id, created_at desc, id desc)
  where (waits_for->'tool_confirmations'->>'count')::int > 0;
