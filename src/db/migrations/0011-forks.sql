-- works from: 0003
-- A session may be a copy of another one up to a message. What is copied was used, and paid for, by the first.

alter table sessions add column forked_from jsonb;

create or replace function note_usage() returns trigger language plpgsql as $$
declare
  used jsonb := new.payload->'model_usage';
  is_request boolean := new.type = 'span.model_request_end' and coalesce(new.private ? 'cost_usd', false);
  is_call boolean := new.type <> 'span.model_request_end';
begin
  if current_setting('berth.copying', true) = 'on' then return null; end if;
  if not (is_request or is_call) then return null; end if;
  insert into usage_daily as u (session_id, day, model, team_id, agent_id, model_requests, unpriced_requests, tool_calls,
    input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, cost_usd)
  select new.session_id, (new.created_at at time zone 'utc')::date,
    coalesce(new.private->>'model', s.agent->'model'->>'id', 'unknown'), new.team_id, s.agent_id,
    is_request::int, (is_request and new.private->>'cost_usd' is null)::int, is_call::int,
    coalesce((used->>'input_tokens')::bigint, 0), coalesce((used->>'output_tokens')::bigint, 0),
    coalesce((used->>'cache_read_input_tokens')::bigint, 0), coalesce((used->>'cache_creation_input_tokens')::bigint, 0),
    coalesce((new.private->>'cost_usd')::numeric, 0)
  from sessions s where s.id = new.session_id
  on conflict (session_id, day, model) do update set
    model_requests = u.model_requests + excluded.model_requests,
    unpriced_requests = u.unpriced_requests + excluded.unpriced_requests,
    tool_calls = u.tool_calls + excluded.tool_calls,
    input_tokens = u.input_tokens + excluded.input_tokens,
    output_tokens = u.output_tokens + excluded.output_tokens,
    cache_read_tokens = u.cache_read_tokens + excluded.cache_read_tokens,
    cache_creation_tokens = u.cache_creation_tokens + excluded.cache_creation_tokens,
    cost_usd = u.cost_usd + excluded.cost_usd;
  return null;
end $$;

-- On one line, at most 200 characters; of a message of megabytes only the beginning is looked at.
create function last_message_from(type text, payload jsonb, at timestamptz) returns jsonb language sql stable as $$
  select jsonb_build_object('role', case type when 'user.message' then 'user' else 'agent' end,
    'text', case when length(m.line) > 200 then left(m.line, 199) || '…' else m.line end, 'at', at)
  from (select btrim(regexp_replace(coalesce((
      select string_agg(case b->>'type' when 'text' then left(b->>'text', 2000) else '[' || (b->>'type') || ']' end, ' ')
      from jsonb_path_query(payload, '$.content[0 to 9]') b), ''), '\s+', ' ', 'g')) as line) as m
$$;

-- What was taken back is no longer what was said last. Reads the log: only where the new entry does not say it itself.
create or replace function last_message_of(session text) returns jsonb language sql stable as $$
  select last_message_from(e.type, e.payload, coalesce(e.processed_at, e.created_at))
  from events e
  where e.session_id = session and e.type in ('user.message', 'agent.message')
    and not exists (select from events w where w.session_id = e.session_id and w.id = e.id and w.echo and w.payload ? 'withdrawn')
    and not exists (select from events r where r.session_id = e.session_id and r.type = 'session.rewound' and r.seq > e.seq
      and (r.private->>'to_seq')::bigint <= coalesce((select x.seq from events x where x.session_id = e.session_id and x.id = e.id and x.echo), e.seq))
  order by e.seq desc limit 1
$$;

-- A new message is the last one. A copy of ten thousand messages has one last message, told once.
create or replace function note_last_message() returns trigger language plpgsql as $$
begin
  if current_setting('berth.copying', true) = 'on' then return null; end if;
  if new.type in ('user.message', 'agent.message') and not (new.payload ? 'withdrawn') then
    update sessions set last_message = last_message_from(new.type, new.payload, coalesce(new.processed_at, new.created_at))
    where id = new.session_id;
  else
    update sessions set last_message = last_message_of(new.session_id) where id = new.session_id;
  end if;
  return null;
end $$;
create index events_rewound on events (session_id, seq) where type = 'session.rewound';
create trigger last_message_of_rewound_session after insert on events for each row
  when (new.type in ('session.rewound', 'session.forked')) execute function note_last_message();
