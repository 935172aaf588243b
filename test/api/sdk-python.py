"""What sdk-python.test.ts runs: the official SDK against the server that the environment names."""
import threading

import anthropic
from anthropic import Anthropic

client = Anthropic(max_retries=0)


def raises(error_class, call):
    try:
        call()
    except error_class as error:
        assert error.request_id, error
        return error
    raise AssertionError(f"{error_class.__name__} was not raised")


agent = client.beta.agents.create(
    name="Ada",
    model={"id": "alpha", "effort": "high"},
    tools=[
        {"type": "agent_toolset_20260401", "configs": [{"name": "bash", "permission_policy": {"type": "always_ask"}}]},
        {"type": "custom", "name": "lookup", "description": "d", "input_schema": {"type": "object"}},
    ],
)
assert agent.version == 1 and agent.model.effort.type == "high", agent
assert agent.tools[0].configs[0].permission_policy.type == "always_ask", agent
assert client.beta.agents.update(agent.id, version=1, system="s").version == 2
raises(anthropic.ConflictError, lambda: client.beta.agents.update(agent.id, version=1, system="t"))
assert client.beta.agents.retrieve(agent.id, version=1).system is None
assert [version.version for version in client.beta.agents.versions.list(agent.id, limit=1)] == [2, 1]
assert agent.id in [listed.id for listed in client.beta.agents.list(limit=1)]

environment = client.beta.environments.create(name="python")
assert client.beta.environments.update(environment.id, description="d").description == "d"
assert client.beta.environments.retrieve(environment.id).config.networking.type == "unrestricted"
raises(anthropic.ConflictError, lambda: client.beta.environments.create(name="python"))
assert environment.id in [listed.id for listed in client.beta.environments.list(limit=1)]

hello = {"type": "user.message", "content": [{"type": "text", "text": "hello"}]}
made = [
    client.beta.sessions.create(agent=agent.id, environment_id=environment.id, title=str(index), initial_events=[hello])
    for index in range(3)
]
session = made[0]
assert session.status == "running" and session.agent.version == 2, session
assert [listed.id for listed in client.beta.sessions.list(agent_id=agent.id, limit=2, statuses=["running"])] == [
    one.id for one in reversed(made)
]
first = client.beta.sessions.list(agent_id=agent.id, limit=2)
second = first.get_next_page()
back = client.beta.sessions.list(agent_id=agent.id, limit=2, page=second.prev_page)
assert [one.id for one in back.data] == [one.id for one in first.data]
assert client.beta.sessions.update(session.id, title="new", metadata={"a": "1"}).metadata == {"a": "1"}
assert client.beta.sessions.retrieve(session.id).title == "new"

seen = []
opened = threading.Event()


def follow():
    with client.beta.sessions.events.stream(session.id, event_deltas=["agent.message"]) as stream:
        opened.set()
        for event in stream:
            seen.append(event)
            if event.type == "session.deleted":
                return


follower = threading.Thread(target=follow, daemon=True)
follower.start()
assert opened.wait(10)
sent = client.beta.sessions.events.send(session.id, events=[hello, {"type": "user.interrupt"}])
assert [event.type for event in sent.data] == ["user.message", "user.interrupt"]
listed = list(client.beta.sessions.events.list(session.id, limit=2, types=["user.message", "user.interrupt"]))
assert len(listed) == 3 and listed[0].content[0].text == "hello", listed
error = raises(
    anthropic.BadRequestError,
    lambda: client.beta.sessions.events.send(
        session.id, events=[{"type": "user.tool_confirmation", "tool_use_id": "sevt_1", "result": "allow"}]
    ),
)
assert "events.0.tool_use_id" in str(error), error

assert client.beta.sessions.archive(made[1].id).archived_at is not None
raises(anthropic.BadRequestError, lambda: client.beta.sessions.events.send(made[1].id, events=[hello]))
assert client.beta.sessions.delete(session.id).type == "session_deleted"
follower.join(10)
assert [event.type for event in seen] == ["user.message", "user.interrupt", "session.deleted"], seen
raises(anthropic.NotFoundError, lambda: client.beta.sessions.retrieve(session.id))
raises(anthropic.AuthenticationError, lambda: Anthropic(api_key="wrong", max_retries=0).beta.agents.list())
raises(anthropic.BadRequestError, lambda: client.beta.agents.create(name="", model="alpha"))

assert client.beta.agents.archive(agent.id).archived_at is not None
assert client.beta.environments.archive(environment.id).archived_at is not None
assert client.beta.environments.delete(environment.id).type == "environment_deleted"
assert [model.id for model in client.models.list(limit=1)] == ["alpha", "vendor/beta", "gamma"]
assert client.beta.models.retrieve("vendor/beta").display_name == "VENDOR/BETA"
print("all good")
