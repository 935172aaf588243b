// The official TypeScript SDK, unchanged, against a real server: every method that Berth has.
import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiServer, startApiServer } from "../support/api-server.ts";

let server: ApiServer;
let client: Anthropic;
beforeAll(async () => {
  server = await startApiServer();
  client = server.client();
});
afterAll(() => server.close());

const hello = { type: "user.message" as const, content: [{ type: "text" as const, text: "hello" }] };
async function newAgent(name = "Ada") {
  return client.beta.agents.create({ name, model: "alpha" });
}
async function newSession() {
  const agent = await newAgent();
  const environment = await client.beta.environments.create({ name: `env ${Math.random()}` });
  return client.beta.sessions.create({ agent: agent.id, environment_id: environment.id });
}

describe("agents", () => {
  test("are created with their defaults filled in", async () => {
    const agent = await client.beta.agents.create({
      name: "Ada",
      model: { id: "alpha", effort: "high" },
      system: "Be brief.",
      metadata: { owner: "me" },
      tools: [
        {
          type: "agent_toolset_20260401",
          default_config: { permission_policy: { type: "always_ask" } },
          configs: [
            { name: "bash", enabled: false },
            { name: "web_fetch", allowed_domains: ["example.com"], url_sources: { user_input: "all" } },
          ],
        },
        {
          type: "custom",
          name: "lookup",
          description: "Looks up",
          input_schema: { type: "object", properties: { q: {} } },
        },
      ],
    });
    expect(agent).toMatchObject({
      type: "agent",
      version: 1,
      name: "Ada",
      description: null,
      model: { id: "alpha", effort: { type: "high" }, speed: "standard" },
      system: "Be brief.",
      metadata: { owner: "me" },
      mcp_servers: [],
      skills: [],
      multiagent: null,
      execution_identity: { type: "service_account" },
      archived_at: null,
      tools: [
        {
          type: "agent_toolset_20260401",
          default_config: { enabled: true, permission_policy: { type: "always_ask" } },
          configs: [
            { type: "bash", name: "bash", enabled: false, permission_policy: { type: "always_ask" } },
            {
              type: "web_fetch",
              name: "web_fetch",
              enabled: true,
              allowed_domains: ["example.com"],
              url_sources: { user_input: { type: "all" }, client_tool_results: null, server_tool_results: null },
            },
          ],
        },
        { type: "custom", name: "lookup" },
      ],
    });
    expect(agent.id).toMatch(/^agent_[0-9a-z]{26}$/);
  });

  test("have versions: a change makes one, no change makes none, an old version is refused", async () => {
    const agent = await newAgent();
    const same = await client.beta.agents.update(agent.id, { name: "Ada" });
    expect(same.version).toBe(1);
    const second = await client.beta.agents.update(agent.id, { system: "New", version: 1, metadata: { a: "1" } });
    expect(second).toMatchObject({ version: 2, system: "New", metadata: { a: "1" } });
    const third = await client.beta.agents.update(agent.id, { system: null, metadata: { a: null } });
    expect(third).toMatchObject({ version: 3, system: null, metadata: {} });
    await expect(client.beta.agents.update(agent.id, { name: "Eve", version: 2 })).rejects.toBeInstanceOf(
      Anthropic.ConflictError,
    );
    expect(await client.beta.agents.retrieve(agent.id, { version: 2 })).toMatchObject({ version: 2, system: "New" });
    await expect(client.beta.agents.retrieve(agent.id, { version: 9 })).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    const versions: number[] = [];
    for await (const version of client.beta.agents.versions.list(agent.id, { limit: 2 }))
      versions.push(version.version);
    expect(versions).toEqual([3, 2, 1]);
  });

  test("of two changes of the same version at once one wins", async () => {
    const agent = await newAgent();
    const results = await Promise.allSettled(
      ["a", "b", "c", "d"].map((system) => client.beta.agents.update(agent.id, { system, version: 1 })),
    );
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    for (const result of results)
      if (result.status === "rejected") expect(result.reason).toBeInstanceOf(Anthropic.ConflictError);
  });

  test("are listed newest first, in pages, without archived ones", async () => {
    const made = [await newAgent("1"), await newAgent("2"), await newAgent("3")];
    const archived = await client.beta.agents.archive(made[1]?.id ?? "");
    expect(archived.archived_at).not.toBeNull();
    const listed: string[] = [];
    const since = { "created_at[gte]": made[0]?.created_at ?? "" };
    for await (const agent of client.beta.agents.list({ limit: 1, ...since })) listed.push(agent.name);
    expect(listed).toEqual(["3", "1"]);
    const all = await client.beta.agents.list({ include_archived: true, ...since });
    expect(all.data.map((agent) => agent.name)).toEqual(["3", "2", "1"]);
    await expect(client.beta.agents.update(archived.id, { name: "x" })).rejects.toThrow(/archived/);
  });
});

describe("environments", () => {
  test("are created, changed, listed, archived and deleted", async () => {
    const made = await client.beta.environments.create({ name: "first", metadata: { a: "1", b: "2" } });
    expect(made).toMatchObject({
      type: "environment",
      name: "first",
      description: null,
      config: { type: "cloud", networking: { type: "unrestricted" }, packages: { apt: [], pip: [] } },
    });
    await expect(client.beta.environments.create({ name: "first" })).rejects.toBeInstanceOf(Anthropic.ConflictError);
    const changed = await client.beta.environments.update(made.id, {
      description: "d",
      metadata: { a: null, b: "", c: "3" },
      config: { type: "cloud", networking: { type: "limited", allowed_hosts: ["example.com"] } },
    });
    expect(changed).toMatchObject({ description: "d", metadata: { c: "3" } });
    expect(changed.config).toMatchObject({
      networking: {
        type: "limited",
        allowed_hosts: ["example.com"],
        allow_mcp_servers: false,
        allow_package_managers: false,
      },
    });
    expect(await client.beta.environments.retrieve(made.id)).toEqual(changed);
    const names: string[] = [];
    for await (const environment of client.beta.environments.list({ limit: 1 })) names.push(environment.name);
    expect(names.slice(0, 1)).toEqual(["first"]);
    expect(names).toContain("default");
    const archived = await client.beta.environments.archive(made.id);
    expect(archived.archived_at).not.toBeNull();
    const agent = await newAgent();
    await expect(client.beta.sessions.create({ agent: agent.id, environment_id: made.id })).rejects.toBeInstanceOf(
      Anthropic.BadRequestError,
    );
    expect(await client.beta.environments.delete(made.id)).toEqual({ id: made.id, type: "environment_deleted" });
    await expect(client.beta.environments.retrieve(made.id)).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    expect((await client.beta.environments.create({ name: "first" })).name).toBe("first");
  });

  test("that are deleted leave their sessions working", async () => {
    const session = await newSession();
    await client.beta.environments.delete(session.environment_id);
    await client.beta.sessions.events.send(session.id, { events: [hello] });
    expect((await client.beta.sessions.retrieve(session.id)).environment_id).toBe(session.environment_id);
  });
});

describe("sessions", () => {
  test("hold a snapshot of the agent, in any of the three ways to name it", async () => {
    const agent = await client.beta.agents.create({ name: "Ada", model: "alpha", system: "one" });
    await client.beta.agents.update(agent.id, { system: "two" });
    const environment = await client.beta.environments.create({ name: "snapshots" });
    const environment_id = environment.id;
    const latest = await client.beta.sessions.create({
      agent: agent.id,
      environment_id,
      title: "T",
      metadata: { k: "v" },
    });
    expect(latest).toMatchObject({
      type: "session",
      status: "idle",
      title: "T",
      metadata: { k: "v" },
      agent: { id: agent.id, version: 2, system: "two" },
      environment_id,
      budget: null,
      resources: [],
      vault_ids: [],
      outcome_evaluations: [],
      deployment_id: null,
      archived_at: null,
      usage: { input_tokens: 0, output_tokens: 0 },
    });
    expect(latest.stats.duration_seconds).toBeGreaterThanOrEqual(0);
    const first = await client.beta.sessions.create({
      agent: { type: "agent", id: agent.id, version: 1 },
      environment_id,
    });
    expect(first.agent).toMatchObject({ version: 1, system: "one" });
    const own = await client.beta.sessions.create({
      agent: {
        type: "agent_with_overrides",
        id: agent.id,
        system: null,
        model: "gamma",
        tools: [{ type: "agent_toolset_20260401" }],
      },
      environment_id,
    });
    expect(own.agent).toMatchObject({
      system: null,
      model: { id: "gamma" },
      tools: [{ type: "agent_toolset_20260401", configs: [] }],
    });
  });

  test("start with initial events", async () => {
    const agent = await newAgent();
    const environment = await client.beta.environments.create({ name: "initial" });
    const session = await client.beta.sessions.create({
      agent: agent.id,
      environment_id: environment.id,
      initial_events: [hello, hello],
    });
    const events = await client.beta.sessions.events.list(session.id);
    expect(events.data).toMatchObject([hello, hello].map((event) => ({ ...event, processed_at: null })));
  });

  test("change title, metadata and tools, and tell it on the stream", async () => {
    const session = await newSession();
    const updated = await client.beta.sessions.update(session.id, {
      title: "New",
      metadata: { a: "1" },
      agent: { tools: [{ type: "agent_toolset_20260401" }] },
    });
    expect(updated).toMatchObject({ title: "New", metadata: { a: "1" }, agent: { tools: [{ configs: [] }] } });
    await client.beta.sessions.update(session.id, { title: "New" });
    const events = await client.beta.sessions.events.list(session.id, { types: ["session.updated"] });
    expect(events.data).toHaveLength(1);
    expect(events.data[0]).toMatchObject({ type: "session.updated", title: "New", metadata: { a: "1" } });
  });

  test("have a budget only from the start, and it can be raised or removed", async () => {
    const agent = await newAgent();
    const environment = await client.beta.environments.create({ name: "budget" });
    const budget = { type: "limit" as const, max_list_cost: { amount: "100", currency: "USD" as const } };
    const session = await client.beta.sessions.create({ agent: agent.id, environment_id: environment.id, budget });
    expect(session.budget).toEqual(budget);
    const raised = { type: "limit" as const, max_list_cost: { amount: "200", currency: "USD" as const } };
    expect((await client.beta.sessions.update(session.id, { budget: raised })).budget).toEqual(raised);
    await expect(
      client.beta.sessions.update(session.id, {
        budget: { type: "limit", max_list_cost: { amount: "0", currency: "USD" } },
      }),
    ).rejects.toThrow(/budget_not_raised/);
    expect((await client.beta.sessions.update(session.id, { budget: null })).budget).toBeNull();
    await expect(client.beta.sessions.update(session.id, { budget })).rejects.toThrow(/budget_create_only/);
  });

  test("are listed with filters, and pages lead both ways", async () => {
    const agent = await newAgent();
    const environment = await client.beta.environments.create({ name: "listing" });
    const made: string[] = [];
    for (let index = 0; index < 5; index++)
      made.push((await client.beta.sessions.create({ agent: agent.id, environment_id: environment.id })).id);
    const query = { agent_id: agent.id, limit: 2 };
    const all: string[] = [];
    for await (const session of client.beta.sessions.list(query)) all.push(session.id);
    expect(all).toEqual(made.toReversed());
    const ascending: string[] = [];
    for await (const session of client.beta.sessions.list({ ...query, order: "asc" })) ascending.push(session.id);
    expect(ascending).toEqual(made);

    const first = await client.beta.sessions.list(query);
    expect(first.prev_page).toBeNull();
    const second = await first.getNextPage();
    const third = await second.getNextPage();
    expect(third.data.map((session) => session.id)).toEqual([made[0]]);
    expect(third.next_page).toBeNull();
    const backToSecond = await client.beta.sessions.list({ ...query, page: third.prev_page });
    expect(backToSecond.data).toMatchObject(second.data.map(({ id }) => ({ id })));
    const backToFirst = await client.beta.sessions.list({ ...query, page: backToSecond.prev_page });
    expect(backToFirst.data).toMatchObject(first.data.map(({ id }) => ({ id })));
    expect(backToFirst.prev_page).toBeNull();
    expect((await backToFirst.getNextPage()).data).toMatchObject(second.data.map(({ id }) => ({ id })));

    expect((await client.beta.sessions.list({ ...query, statuses: ["running", "terminated"] })).data).toEqual([]);
    expect((await client.beta.sessions.list({ ...query, statuses: ["idle"], agent_version: 1 })).data).toHaveLength(2);
    expect((await client.beta.sessions.list({ ...query, agent_version: 2 })).data).toEqual([]);
    expect((await client.beta.sessions.list({ deployment_id: "depl_1" })).data).toEqual([]);
    await client.beta.sessions.archive(made[4] ?? "");
    expect((await client.beta.sessions.list({ agent_id: agent.id })).data).toHaveLength(4);
    expect((await client.beta.sessions.list({ agent_id: agent.id, include_archived: true })).data).toHaveLength(5);
    const fourth = await client.beta.sessions.retrieve(made[3] ?? "");
    expect(
      (await client.beta.sessions.list({ agent_id: agent.id, "created_at[lt]": fourth.created_at })).data,
    ).toHaveLength(3);
    expect(
      (await client.beta.sessions.list({ agent_id: agent.id, "created_at[gt]": fourth.created_at })).data,
    ).toHaveLength(0);
  });

  test("take no more events once they are archived, and are gone once they are deleted", async () => {
    const session = await newSession();
    expect((await client.beta.sessions.archive(session.id)).archived_at).not.toBeNull();
    const refused = client.beta.sessions.events.send(session.id, { events: [hello] });
    await expect(refused).rejects.toBeInstanceOf(Anthropic.BadRequestError);
    await expect(refused).rejects.toThrow(/archived/);
    expect(await client.beta.sessions.delete(session.id)).toEqual({ id: session.id, type: "session_deleted" });
    await expect(client.beta.sessions.retrieve(session.id)).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    await expect(client.beta.sessions.events.list(session.id)).rejects.toBeInstanceOf(Anthropic.NotFoundError);
  });
});

describe("events", () => {
  test("are answered as they were stored, and listed in pages in either order", async () => {
    const session = await newSession();
    const texts = ["a", "b", "c"];
    const sent = await client.beta.sessions.events.send(session.id, {
      events: texts.map((text) => ({ type: "user.message", content: [{ type: "text", text }] })),
    });
    expect(sent.data).toHaveLength(3);
    await client.beta.sessions.events.send(session.id, { events: [{ type: "user.interrupt" }] });
    const ids: string[] = [];
    for await (const event of client.beta.sessions.events.list(session.id, { limit: 2, types: ["user.message"] }))
      if ("id" in event) ids.push(event.id);
    expect(ids).toEqual(sent.data?.map((event) => event.id));
    const newest = await client.beta.sessions.events.list(session.id, { order: "desc", limit: 1 });
    expect(newest.data).toMatchObject([{ type: "user.interrupt" }]);
    expect((await newest.getNextPage()).data).toMatchObject([{ content: [{ text: "c" }] }]);
  });

  test("take text, images and documents", async () => {
    const session = await newSession();
    const content: Anthropic.Beta.Sessions.BetaManagedAgentsUserMessageEventParams["content"] = [
      { type: "text", text: "see" },
      { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } },
      { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "plain" }, title: "t" },
      { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" } },
    ];
    await client.beta.sessions.events.send(session.id, { events: [{ type: "user.message", content }] });
    expect((await client.beta.sessions.events.list(session.id)).data).toMatchObject([{ content }]);
  });

  test("are streamed from the moment that the stream is open", async () => {
    const session = await newSession();
    await client.beta.sessions.events.send(session.id, { events: [hello] });
    const stream = await client.beta.sessions.events.stream(session.id, { event_deltas: ["agent.message"] });
    const sent = await client.beta.sessions.events.send(session.id, {
      events: [{ type: "user.message", content: [{ type: "text", text: "live" }] }],
    });
    const seen: string[] = [];
    for await (const event of stream) {
      if ("id" in event) seen.push(event.id);
      if (event.type === "user.message") await client.beta.sessions.delete(session.id);
      if (event.type === "session.deleted") break;
    }
    expect(seen).toHaveLength(2);
    expect(seen[0]).toBe(sent.data?.[0]?.id);
  });
});

describe("models", () => {
  test("are the gateway's", async () => {
    const ids: string[] = [];
    for await (const model of client.models.list({ limit: 1 })) ids.push(model.id);
    expect(ids).toEqual(["alpha", "vendor/beta", "gamma"]);
    expect(await client.beta.models.retrieve("vendor/beta")).toMatchObject({
      type: "model",
      display_name: "VENDOR/BETA",
      max_input_tokens: 1000,
      // Ours, beside what the SDK knows.
      input_usd_per_million_tokens: 0.3,
      output_usd_per_million_tokens: null,
    });
    await expect(client.models.retrieve("nope")).rejects.toBeInstanceOf(Anthropic.NotFoundError);
  });
});

describe("failures have the SDK's classes", () => {
  test.each([
    [
      "a wrong key",
      () => server.client({ apiKey: "wrong" }).beta.agents.list(),
      Anthropic.AuthenticationError,
      "authentication_error",
    ],
    [
      "an unknown id",
      () => client.beta.agents.retrieve("agent_00000000000000000000000000"),
      Anthropic.NotFoundError,
      "not_found_error",
    ],
    ["no id at all", () => client.beta.sessions.retrieve("nonsense"), Anthropic.NotFoundError, "not_found_error"],
    [
      "a missing field",
      () => client.beta.agents.create({ name: "x" } as never),
      Anthropic.BadRequestError,
      "invalid_request_error",
    ],
    [
      "a taken name",
      () => client.beta.environments.create({ name: "default" }),
      Anthropic.ConflictError,
      "conflict_error",
    ],
  ])("%s", async (_what, call, errorClass, type) => {
    const error = await Promise.resolve(call()).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(errorClass);
    if (!(error instanceof Anthropic.APIError)) throw new Error("not an API error");
    expect(error.type).toBe(type);
    expect(error.requestID).toMatch(/^req_/);
    expect(error.error).toMatchObject({ type: "error", request_id: error.requestID });
  });

  test("a bearer token is as good as a key", async () => {
    const withToken = server.client({ apiKey: null, authToken: server.apiKey });
    expect((await withToken.beta.environments.list()).data.length).toBeGreaterThan(0);
  });
});
