// What holds for every route: aliases, bodies, errors with paths, keys, cookies, limits, idempotency.

import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agentObject, environmentObject, sessionObject } from "../../src/api/objects.ts";
import { OPERATOR_KEY } from "../../src/contract/operator-key.ts";
import { createLoginToken } from "../../src/teams/login.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server.close());

type Entity = { id: string; [field: string]: unknown };
/** The body of a call that must have gone well. */
async function made(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Entity> {
  const answer = await server.call(method, path, { body, ...(headers ? { headers } : {}) });
  expect(answer.body).toMatchObject({});
  expect(answer.status).toBe(200);
  return answer.body as Entity;
}
function errorOf(body: unknown): { type: string; message: string } {
  return (body as { error: { type: string; message: string } }).error;
}
const newAgent = () => made("POST", "/v1/agents", { name: "Ada", model: "alpha" });
const newSession = async () => made("POST", "/v1/sessions", { agent: (await newAgent()).id });
const hello = { events: [{ type: "user.message", content: [{ type: "text", text: "hello" }] }] };

describe("the short words", () => {
  test("/api is /v1, agent_id is agent, and without an environment the default one is used", async () => {
    const agent = await made("POST", "/api/agents", { name: "Ada", model: "alpha" });
    const session = await made("POST", "/api/sessions", { agent_id: agent.id });
    const environments = (await server.call("GET", "/api/environments")).body as { data: Entity[] };
    expect(environments.data.find((environment) => environment.name === "default")?.id).toBe(session.environment_id);
    expect((await made("GET", `/api/sessions/${session.id}`)).id).toBe(session.id);
    await made("POST", `/api/sessions/${session.id}/events`, hello);
  });

  test("the default environment cannot be archived or deleted", async () => {
    const environments = (await server.call("GET", "/v1/environments")).body as { data: Entity[] };
    const id = environments.data.find((environment) => environment.name === "default")?.id;
    expect((await server.call("POST", `/v1/environments/${id}/archive`)).status).toBe(400);
    expect((await server.call("DELETE", `/v1/environments/${id}`)).status).toBe(400);
  });
});

test("answers have exactly the documented fields", async () => {
  const agent = await made("POST", "/v1/agents", {
    name: "Ada",
    model: "alpha",
    tools: [{ type: "agent_toolset_20260401", configs: [{ name: "bash" }] }],
  });
  agentObject.parse(agent);
  environmentObject.parse(await made("POST", "/v1/environments", { name: "documented" }));
  sessionObject.parse(await made("POST", "/v1/sessions", { agent: agent.id }));
});

describe("POSTs that take nothing", () => {
  test.each([
    ["no body, no type", undefined, {}],
    ["an empty body that is called JSON", "", { "content-type": "application/json" }],
    ["an empty object", "{}", { "content-type": "application/json" }],
  ])("accept %s", async (_what, body, headers) => {
    const agent = await newAgent();
    const answer = await server.call("POST", `/v1/agents/${agent.id}/archive`, { body, headers });
    expect(answer.status).toBe(200);
  });
  test("refuse a body that says something", async () => {
    const agent = await newAgent();
    const answer = await server.call("POST", `/v1/agents/${agent.id}/archive`, { body: { force: true } });
    expect(answer.status).toBe(400);
    expect(errorOf(answer.body).message).toBe("force: unknown field");
  });
});

describe("bad input is told with its path", () => {
  const session = { agent: "agent_00000000000000000000000000" };
  const message = (content: unknown) => ({ events: [{ type: "user.message", content }] });
  test.each<[string, string, unknown, RegExp]>([
    ["not JSON", "/v1/agents", "{oops", /^The body is not valid JSON/],
    ["a list", "/v1/agents", "[]", /expected object/],
    ["a missing field", "/v1/agents", { model: "m" }, /^name: is required$/],
    ["an unknown field", "/v1/agents", { name: "a", model: "m", colour: 1 }, /^colour: unknown field$/],
    ["an unknown nested field", "/v1/agents", { name: "a", model: { id: "m", x: 1 } }, /^model\.x: unknown field$/],
    ["a wrong type", "/v1/agents", { name: 1, model: "m" }, /^name: /],
    ["an over-long text", "/v1/agents", { name: "a", model: "m", system: "x".repeat(100_001) }, /^system: /],
    [
      "an over-long description",
      "/v1/agents",
      { name: "a", model: "m", description: "x".repeat(2049) },
      /^description: /,
    ],
    [
      "too much metadata",
      "/v1/agents",
      { name: "a", model: "m", metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, ""])) },
      /^metadata: at most 16/,
    ],
    [
      "a long metadata key",
      "/v1/agents",
      { name: "a", model: "m", metadata: { ["k".repeat(65)]: "" } },
      /^metadata\.k+: /,
    ],
    [
      "a long metadata value",
      "/v1/agents",
      { name: "a", model: "m", metadata: { k: "v".repeat(513) } },
      /^metadata\.k: /,
    ],
    [
      "MCP servers",
      "/v1/agents",
      { name: "a", model: "m", mcp_servers: [{ type: "url", name: "x", url: "https://x" }] },
      /^mcp_servers\.0\.url: .*is not the name of a host/,
    ],
    ["skills", "/v1/agents", { name: "a", model: "m", skills: [{}] }, /^skills: is not supported/],
    [
      "a roster",
      "/v1/agents",
      { name: "a", model: "m", multiagent: { type: "coordinator" } },
      /^multiagent: is not supported/,
    ],
    [
      "an AWS identity",
      "/v1/agents",
      { name: "a", model: "m", execution_identity: { type: "aws_role", role_arn: "x" } },
      /^execution_identity\.type: is not supported/,
    ],
    [
      "an MCP toolset",
      "/v1/agents",
      { name: "a", model: "m", tools: [{ type: "mcp_toolset" }] },
      /^tools\.0\.mcp_server_name: /,
    ],
    [
      "an unknown tool",
      "/v1/agents",
      { name: "a", model: "m", tools: [{ type: "agent_toolset_20260401", configs: [{ name: "fly" }] }] },
      /^tools\.0\.configs\.0\.name: must be one of bash/,
    ],
    [
      "a tool twice",
      "/v1/agents",
      {
        name: "a",
        model: "m",
        tools: [
          { type: "agent_toolset_20260401" },
          { type: "custom", name: "bash", description: "d", input_schema: { type: "object" } },
        ],
      },
      /^tools\.1: the name bash is already taken/,
    ],
    [
      "two domain lists",
      "/v1/agents",
      {
        name: "a",
        model: "m",
        tools: [
          {
            type: "agent_toolset_20260401",
            configs: [{ name: "web_fetch", allowed_domains: ["a.com"], blocked_domains: ["b.com"] }],
          },
        ],
      },
      /blocked_domains: cannot be combined/,
    ],
    ["a NUL", "/v1/agents", { name: "a\0b", model: "m" }, /^name: holds a NUL character$/],
    ["half a surrogate", "/v1/agents", '{"name":"a\\ud800","model":"m"}', /^name: holds half of a surrogate pair$/],
    [
      "endless nesting",
      "/v1/agents",
      `{"name":"a","model":"m","tools":${"[".repeat(90_000)}${"]".repeat(90_000)}}`,
      /nested more than 64/,
    ],
    ["values without end", "/v1/agents", `{"tools":[${"0,".repeat(200_000)}0]}`, /^The body holds more than 100000/],
    ["no agent", "/v1/sessions", {}, /^agent: is required$/],
    ["agent twice", "/v1/sessions", { ...session, agent_id: "x" }, /^agent_id: says the same/],
    ["a file", "/v1/sessions", { ...session, resources: [{ type: "file" }] }, /^resources\.0\.type: file is not/],
    ["vaults later", "/v1/sessions/SESSION", { vault_ids: ["vlt_1"] }, /^vault_ids: is not supported/],
    ["too many vaults", "/v1/sessions", { ...session, vault_ids: Array(21).fill("vlt_1") }, /^vault_ids: /],
    [
      "half a body",
      "/v1/vaults",
      '{"display_name":xcanary-value}',
      /^The body is not valid JSON: Unexpected token 'x'$/,
    ],
    [
      "too many initial events",
      "/v1/sessions",
      { ...session, initial_events: Array(51).fill(hello.events[0]) },
      /^initial_events: /,
    ],
    [
      "an outcome at the start",
      "/v1/sessions",
      { ...session, initial_events: [{ type: "user.define_outcome" }] },
      /^initial_events\.0\.type: user\.define_outcome is not supported/,
    ],
    [
      "a budget in dollars",
      "/v1/sessions",
      { ...session, budget: { type: "limit", max_list_cost: { amount: "1.50", currency: "USD" } } },
      /^budget\.max_list_cost\.amount: must be whole cents/,
    ],
    [
      "a self-hosted environment",
      "/v1/environments",
      { name: "x", config: { type: "self_hosted" } },
      /^config\.type: self_hosted is not supported/,
    ],
    [
      "packages of apt",
      "/v1/environments",
      { name: "x", config: { type: "cloud", packages: { apt: ["ffmpeg"] } } },
      /^config\.packages\.apt: apt packages need a backend that makes sandboxes from images .* "local"/,
    ],
    ["no events", "/v1/sessions/SESSION/events", { events: [] }, /^events: /],
    [
      "an unknown event",
      "/v1/sessions/SESSION/events",
      { events: [{ type: "user.dance" }] },
      /^events\.0\.type: must be user\.message/,
    ],
    [
      "an event that comes later",
      "/v1/sessions/SESSION/events",
      { events: [{ type: "system.message", content: [] }] },
      /^events\.0\.type: system\.message is not supported/,
    ],
    [
      "a block without text",
      "/v1/sessions/SESSION/events",
      message([{ type: "text" }]),
      /^events\.0\.content\.0\.text: is required$/,
    ],
    [
      "a strange image",
      "/v1/sessions/SESSION/events",
      message([{ type: "image", source: { type: "base64", media_type: "image/tiff", data: "aa" } }]),
      /^events\.0\.content\.0\.source\.media_type: /,
    ],
    [
      "a thread",
      "/v1/sessions/SESSION/events",
      { events: [{ type: "user.interrupt", session_thread_id: "sthr_1" }] },
      /^events\.0\.session_thread_id: /,
    ],
    [
      "a confirmation of nothing",
      "/v1/sessions/SESSION/events",
      { events: [{ type: "user.tool_confirmation", tool_use_id: "sevt_1", result: "allow" }] },
      /^events\.0\.tool_use_id: no agent\.tool_use sevt_1 .* None is waiting now/,
    ],
  ])("%s", async (_what, path, body, expected) => {
    const target = path.includes("SESSION") ? path.replace("SESSION", (await newSession()).id) : path;
    const answer = await server.call("POST", target, { body });
    expect(errorOf(answer.body).message).toMatch(expected);
    expect(answer.status).toBe(400);
    expect(errorOf(answer.body).type).toBe("invalid_request_error");
  });

  test.each([
    ["/v1/sessions?limit=0", /^limit: /],
    ["/v1/sessions?limit=many", /^limit: /],
    ["/v1/sessions?colour=1", /^colour: unknown field$/],
    ["/v1/sessions?statuses[]=idle&statuses[]=flying", /^statuses\.1: /],
    ["/v1/sessions?created_at[gte]=yesterday", /^created_at\.gte: must be an RFC 3339/],
    ["/v1/sessions?page=abc", /^page: is not a cursor/],
    ["/v1/sessions?agent_id=a%00b", /^agent_id: holds a NUL/],
    ["/v1/agents?include_archived=perhaps", /^include_archived: /],
    ["/v1/agents/agent_00000000000000000000000000?version=99999999999", /^version: /],
    ["/v1/sessions?agent_id=agent_00000000000000000000000000&agent_version=99999999999", /^agent_version: /],
  ])("query %s", async (path, expected) => {
    const answer = await server.call("GET", path);
    expect(errorOf(answer.body).message).toMatch(expected);
    expect(answer.status).toBe(400);
  });

  test("both spellings of a list, and `beta`, are accepted in queries", async () => {
    for (const query of ["statuses=idle", "statuses[]=idle", "statuses=idle&statuses=running", "beta=true"])
      expect((await server.call("GET", `/v1/sessions?${query}`)).status).toBe(200);
  });
});

describe("headers", () => {
  test("every answer has a request id, also an error, where the body repeats it", async () => {
    const good = await server.call("GET", "/v1/agents");
    expect(good.headers.get("request-id")).toMatch(/^req_/);
    const bad = await server.call("GET", "/v1/nothing");
    expect(bad.status).toBe(404);
    expect(bad.body).toMatchObject({
      type: "error",
      error: { type: "not_found_error" },
      request_id: bad.headers.get("request-id"),
    });
  });
  test("beta and workspace headers are accepted and ignored", async () => {
    const headers = {
      "anthropic-beta": "managed-agents-2026-04-01,whatever",
      "anthropic-workspace-id": "wrkspc_1",
      "anthropic-version": "2023-06-01",
    };
    expect((await server.call("GET", "/v1/agents", { headers })).status).toBe(200);
  });
  test("a name that is not ours is refused, so that no other site can reach this server by its own name", async () => {
    const { port } = new URL(server.url);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), "127.0.0.1");
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString();
      });
      socket.on("close", () => resolve(text));
      socket.write(`GET /v1/agents HTTP/1.1\r\nHost: evil.example\r\nx-api-key: ${server.apiKey}\r\n\r\n`);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 403/);
  });
});

describe("large bodies", () => {
  test("are accepted up to the limit and refused above it, with and without a length", async () => {
    const session = await newSession();
    const text = "x".repeat(3 * 1024 * 1024);
    const content = Array.from({ length: 10 }, () => ({ type: "text", text }));
    const fits = await server.call("POST", `/v1/sessions/${session.id}/events`, {
      body: { events: [{ type: "user.message", content }] },
    });
    expect(fits.status).toBe(200);
    const tooLarge = await server.call("POST", `/v1/sessions/${session.id}/events`, {
      body: "x".repeat(33 * 1024 * 1024),
    });
    expect(tooLarge.status).toBe(413);
    expect(errorOf(tooLarge.body).type).toBe("request_too_large");
    const piece = new Uint8Array(1024 * 1024);
    let pieces = 0;
    const endless = new ReadableStream({
      pull(controller) {
        if (pieces++ < 40) controller.enqueue(piece);
        else controller.close();
      },
    });
    const init = { method: "POST", headers: { "x-api-key": server.apiKey }, body: endless, duplex: "half" };
    // `duplex` is missing in the types of fetch's options.
    const streamed = await fetch(`${server.url}/v1/sessions/${session.id}/events`, init as RequestInit);
    expect(streamed.status).toBe(413);
    expect(pieces).toBeLessThanOrEqual(41);
  });
});

describe("Idempotency-Key", () => {
  const key = () => ({ "idempotency-key": `key-${Math.random()}` });

  test("gives the first answer again, also after the state has changed", async () => {
    const session = await newSession();
    const headers = key();
    const path = `/v1/sessions/${session.id}/events`;
    const first = await server.call("POST", path, { body: hello, headers });
    const second = await server.call("POST", path, { body: hello, headers });
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    await made("POST", `/v1/sessions/${session.id}/archive`);
    expect((await server.call("POST", path, { body: hello, headers })).body).toEqual(first.body);
    expect((await server.call("POST", path.replace("/v1", "/api"), { body: hello, headers })).body).toEqual(first.body);
    const events = (await server.call("GET", path)).body as { data: unknown[] };
    expect(events.data).toHaveLength(1);
  });

  test("of ten equal requests at once one takes effect, and all get its answer", async () => {
    const headers = key();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => made("POST", "/v1/agents", { name: "Once", model: "alpha" }, headers)),
    );
    expect(new Set(answers.map((agent) => agent.id)).size).toBe(1);
    const agents = (await server.call("GET", "/v1/agents?limit=1000")).body as { data: Entity[] };
    expect(agents.data.filter((agent) => agent.name === "Once")).toHaveLength(1);
  });

  test("of another request is refused", async () => {
    const headers = key();
    await made("POST", "/v1/agents", { name: "A", model: "alpha" }, headers);
    const other = await server.call("POST", "/v1/agents", { body: { name: "B", model: "alpha" }, headers });
    expect(other.status).toBe(400);
    expect(errorOf(other.body).message).toMatch(/was used for another request/);
  });

  test("of a request that was refused is free again", async () => {
    const headers = key();
    expect((await server.call("POST", "/v1/agents", { body: { name: "" }, headers })).status).toBe(400);
    expect((await server.call("POST", "/v1/agents", { body: { name: "B", model: "alpha" }, headers })).status).toBe(
      200,
    );
  });
});

describe("a browser", () => {
  const csrf = { "x-berth-csrf": "1" };
  const logIn = (body: unknown, headers: Record<string, string> = csrf) =>
    server.call("POST", "/auth/login", { body, headers, anonymous: true });
  const cookieOf = (headers: Headers) => headers.get("set-cookie")?.split(";")[0] ?? "";

  test("logs in with a link that works once, and out again", async () => {
    const token = await createLoginToken({ db: server.web.db, teamId: server.web.teamId });
    const answer = await logIn({ token });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("set-cookie")).toMatch(
      /^berth_session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const again = await logIn({ token });
    expect(again.status).toBe(401);
    const cookie = { cookie: cookieOf(answer.headers) };
    const session = await server.call("GET", "/auth/session", { anonymous: true, headers: cookie });
    expect(session.body).toEqual({
      team: { id: server.web.teamId, name: "default" },
      via: "browser",
      logged_in_by: { type: "link" },
    });
    expect((await server.call("GET", "/v1/agents", { anonymous: true, headers: cookie })).status).toBe(200);
    expect(
      (await server.call("POST", "/auth/logout", { anonymous: true, headers: { ...cookie, ...csrf } })).status,
    ).toBe(204);
    expect((await server.call("GET", "/auth/session", { anonymous: true, headers: cookie })).status).toBe(401);
  });

  test("of ten logins with one link at once one succeeds", async () => {
    const token = await createLoginToken({ db: server.web.db, teamId: server.web.teamId });
    const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await logIn({ token })).status));
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
  });

  test("logs in with the key, not with another text", async () => {
    const answer = await logIn({ api_key: server.apiKey });
    expect(answer.status).toBe(204);
    const cookie = { cookie: cookieOf(answer.headers) };
    const session = await server.call("GET", "/auth/session", { anonymous: true, headers: cookie });
    // Who logged in is told by the key's name; a program has not logged in.
    expect(session.body).toMatchObject({ via: "browser", logged_in_by: { type: "api_key", name: OPERATOR_KEY } });
    expect((await server.call("GET", "/auth/session")).body).toMatchObject({ via: "api_key", logged_in_by: null });
    expect((await logIn({ api_key: "guess" })).status).toBe(401);
    expect((await logIn({ token: "guess" })).status).toBe(401);
  });

  test("is marked Secure behind a proxy that ends TLS", async () => {
    const answer = await logIn({ api_key: server.apiKey }, { ...csrf, "x-forwarded-proto": "https" });
    expect(answer.headers.get("set-cookie")).toMatch(/; Secure/);
  });

  test.each<[string, Record<string, string>, number]>([
    ["our own page", { ...csrf, "sec-fetch-site": "same-origin" }, 200],
    ["our own page, of a browser that says less", { ...csrf, origin: "ORIGIN" }, 200],
    ["a form of another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }, 403],
    ["a script of another site", { ...csrf, "sec-fetch-site": "cross-site" }, 403],
    ["a page on another port", { ...csrf, "sec-fetch-site": "same-site", origin: "http://127.0.0.1:1" }, 403],
    ["another origin, of a browser that says less", { ...csrf, origin: "https://evil.example" }, 403],
    ["no proof", {}, 403],
  ])("changes something only from %s", async (_what, headers, status) => {
    const login = await logIn({ api_key: server.apiKey });
    const sent = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace("ORIGIN", server.url)]),
    );
    const answer = await server.call("POST", "/v1/agents", {
      anonymous: true,
      body: { name: "x", model: "alpha" },
      headers: { ...sent, cookie: cookieOf(login.headers) },
    });
    expect(answer.status).toBe(status);
  });
});

describe("documents", () => {
  test("the OpenAPI document names every route", async () => {
    const document = (await server.call("GET", "/openapi.json", { anonymous: true })).body as { paths: object };
    expect(Object.keys(document.paths)).toContain("/v1/sessions/{session_id}/events/stream");
    expect(Object.keys(document.paths)).toContain("/v1/sessions/stream");
    expect(Object.keys(document.paths)).toContain("/v1/sessions/{session_id}/files/content");
    expect(Object.keys(document.paths)).toHaveLength(45);
  });
  test("/docs loads nothing from anywhere", async () => {
    const response = await fetch(`${server.url}/docs`);
    const html = await response.text();
    expect(html).toContain("/v1/sessions/{session_id}/events");
    expect(html).not.toMatch(/<script|src=|https?:\/\/(?!127)/);
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
  });
  test("health is told without a key, and says that nobody works yet", async () => {
    expect((await server.call("GET", "/healthz", { anonymous: true })).status).toBe(200);
    const ready = await server.call("GET", "/readyz", { anonymous: true });
    expect(ready.status).toBe(503);
    expect(ready.body).toMatchObject({
      status: "not_ready",
      parts: { database: { ok: true }, migrations: { ok: true }, worker: { ok: false } },
    });
  });
});
