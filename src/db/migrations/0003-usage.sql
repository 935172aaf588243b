-- What was used, by day, session and model: kept by triggers in the transaction that writes the log, so that it is counted
-- exactly once whoever writes, also a worker of an earlier release. Days are UTC. Rows outlive their session: the money was spent.

create table usage_daily (
  session_id text not null,
  day date not null,
  model text not null,
  team_id text not null references teams (id),
  agent_id text not null,
  model_requests bigint not null default 0,
  -- Requests without a known price: the cost is then a lower bound.
  unpriced_requests bigint not null default 0,
  tool_calls bigint not null default 0,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  cache_read_tokens bigint not null default 0,
  cache_creation_tokens bigint not null default 0,
  cost_usd numeric not null default 0,
  active_ms bigint not null default 0,
  primary key (session_id, day, model)
);
create index usage_daily_by_team on usage_daily (team_id, day);

create function note_usage() returns trigger language plpgsql as $$
declare
  used jsonb := new.payload->'model_usage';
  is_request boolean := new.type = 'span.model_request_end' and coalesce(new.private ? 'cost_usd', false);
  is_call boolean := new.type <> 'span.model_request_end';
begin
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
create trigger usage_of_event after insert on events for each row
  when (new.type in ('span.model_request_end', 'agent.tool_use', 'agent.custom_tool_use') and not new.echo)
  execute function note_usage();

-- Time counts for the day on which it ended.
create function note_active_time() returns trigger language plpgsql as $$
begin
  insert into usage_daily as u (session_id, day, model, team_id, agent_id, active_ms)
  values (new.id, (now() at time zone 'utc')::date, coalesce(new.agent->'model'->>'id', 'unknown'), new.team_id, new.agent_id,
    new.active_ms - old.active_ms)
  on conflict (session_id, day, model) do update set active_ms = u.active_ms + excluded.active_ms;
  return null;
end $$;
create trigger active_time_of_session after update of active_ms on sessions for each row
  when (new.active_ms > old.active_ms) execute function note_active_time();

-- What was used before this release. The time of old sessions counts for the day of their last change.
insert into usage_daily (session_id, day, model, team_id, agent_id, model_requests, unpriced_requests, tool_calls,
  input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, cost_usd)
select e.session_id, (e.created_at at time zone 'utc')::date, coalesce(s.agent->'model'->>'id', 'unknown'), s.team_id, s.agent_id,
  count(*) filter (where e.private ? 'cost_usd'),
  count(*) filter (where e.private ? 'cost_usd' and e.private->>'cost_usd' is null),
  count(*) filter (where e.type <> 'span.model_request_end'),
  coalesce(sum((e.payload->'model_usage'->>'input_tokens')::bigint), 0),
  coalesce(sum((e.payload->'model_usage'->>'output_tokens')::bigint), 0),
  coalesce(sum((e.payload->'model_usage'->>'cache_read_input_tokens')::bigint), 0),
  coalesce(sum((e.payload->'model_usage'->>'cache_creation_input_tokens')::bigint), 0),
  coalesce(sum((e.private->>'cost_usd')::numeric), 0)
from events e join sessions s on s.id = e.session_id
where e.type in ('span.model_request_end', 'agent.tool_use', 'agent.custom_tool_use') and not e.echo
  and (e.type <> 'span.model_request_end' or e.private ? 'cost_usd')
group by 1, 2, 3, 4, 5;
insert into usage_daily as u (session_id, day, model, team_id, agent_id, active_ms)
select id, (updated_at at time zone 'utc')::date, coalesce(agent->'model'->>'id', 'unknown'), team_id, agent_id, active_ms
from sessions where active_ms > 0
on conflict (session_id, day, model) do update set active_ms = u.active_ms + excluded.active_ms;
