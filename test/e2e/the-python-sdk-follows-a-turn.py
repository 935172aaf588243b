"""What the-python-sdk-follows-a-turn.test.ts runs: a message, its answer live, a tool call and a permission, with the official SDK."""
from anthropic import Anthropic

client = Anthropic(max_retries=2)


def say(session_id, text):
    client.beta.sessions.events.send(
        session_id, events=[{"type": "user.message", "content": [{"type": "text", "text": text}]}]
    )


def follow(stream):
    """The events up to the agent's next rest."""
    events = []
    for event in stream:
        events.append(event)
        if event.type == "session.status_idle":
            return events
    raise AssertionError(f"the stream ended before the turn did: {events}")


def only(events, event_type):
    found = [event for event in events if event.type == event_type]
    assert len(found) == 1, (event_type, events)
    return found[0]


environment = client.beta.environments.create(name="python-turn")


def session_with(policy):
    toolset = {"type": "agent_toolset_20260401", "default_config": {"enabled": True, "permission_policy": {"type": policy}}}
    agent = client.beta.agents.create(name=f"Python {policy}", model="demo", tools=[toolset])
    return client.beta.sessions.create(agent=agent.id, environment_id=environment.id)


session = session_with("always_allow")
with client.beta.sessions.events.stream(session.id, event_deltas=["agent.message"]) as stream:
    say(session.id, "Run `echo from-$((40+2)); exit_with() { return 3; }; exit_with`")
    events = follow(stream)
types = [event.type for event in events if not event.type.startswith("event_")]
assert types == [
    "user.message",
    "session.status_running",
    "user.message",
    "span.model_request_start",
    "agent.message",
    "agent.tool_use",
    "span.model_request_end",
    "agent.tool_result",
    "span.model_request_start",
    "agent.message",
    "span.model_request_end",
    "session.usage",
    "session.status_idle",
], types
call = only(events, "agent.tool_use")
result = only(events, "agent.tool_result")
assert call.name == "bash" and result.tool_use_id == call.id, events
assert result.is_error is True and result.content[0].text == "from-42", result
# Berth's own fields, which the SDK keeps beside those it knows.
assert result.exit_code == 3 and result.duration_ms >= 0, result
answer = [event for event in events if event.type == "agent.message"][-1]
pieces = [event.delta.content.text for event in events if event.type == "event_delta" and event.event_id == answer.id]
assert "".join(pieces) == answer.content[0].text and "from-42" in answer.content[0].text, (pieces, answer)
assert only(events, "session.status_idle").stop_reason.type == "end_turn", events
usage = client.beta.sessions.retrieve(session.id).usage
assert usage.input_tokens > 0 and usage.output_tokens > 0, usage

asking = session_with("always_ask")
with client.beta.sessions.events.stream(asking.id) as stream:
    say(asking.id, "Run `echo allowed`")
    events = follow(stream)
    call = only(events, "agent.tool_use")
    idle = only(events, "session.status_idle")
    assert idle.stop_reason.type == "requires_action" and idle.stop_reason.event_ids == [call.id], idle
    client.beta.sessions.events.send(
        asking.id, events=[{"type": "user.tool_confirmation", "tool_use_id": call.id, "result": "allow"}]
    )
    events = follow(stream)
assert only(events, "agent.tool_result").content[0].text == "allowed", events
assert only(events, "session.status_idle").stop_reason.type == "end_turn", events
assert not any(event.type.startswith("event_") for event in events), events
print("all good")
