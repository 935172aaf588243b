-- works from: 0003
-- What was said last in a session, for lists: {role, text, at}. Kept by a trigger on the log, so that it is right whoever writes,
-- also a worker of an earlier release. Withdrawn messages were never said.

alter table sessions add column last_message jsonb;

-- On one line, at most 200 characters; of a message of megabytes only the beginning is looked at.
create function last_message_of(session text) returns jsonb language sql stable as $$
  select jsonb_build_object('role', case m.type when 'user.message' then 'user' else 'agent' end,
    'text', case when length(m.line) > 200 then left(m.line, 199) || '…' else m.line end, 'at', m.at)
  from (
    select e.type, coalesce(e.processed_at, e.created_at) as at, btrim(regexp_replace(coalesce((
        select string_agg(case b->>'type' when 'text' then left(b->>'text', 2000) else '[' || (b->>'type') || ']' end, ' ')
        from jsonb_path_query(e.payload, '$.content[0 to 9]') b), ''), '\s+', ' ', 'g')) as line
    from events e
    where e.session_id = session and e.type in ('user.message', 'agent.message')
      and not exists (select from events w where w.session_id = e.session_id and w.id = e.id and w.echo and w.payload ? 'withdrawn')
    order by e.seq desc limit 1
  ) as m
$$;

update sessions set last_message = last_message_of(id) where last_seq > 0;

create function note_last_message() returns trigger language plpgsql as $$
begin
  update sessions set last_message = last_message_of(new.session_id) where id = new.session_id;
  return null;
end $$;
create trigger last_message_of_session after insert on events for each row
  when (new.type in ('user.message', 'agent.message')) execute function note_last_message();

-- Named here now: what was filled in above is no change.
drop trigger session_changed on sessions;
create trigger session_changed before update of
  agent, title, metadata, budget, status, stop_reason, wake_at, archived_at, last_message,
  input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, cost_usd, cost_complete
on sessions for each row execute function note_session_change();
