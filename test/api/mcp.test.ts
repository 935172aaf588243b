// MCP servers through the official SDK: an agent that names one, a vault with its credential, a turn that calls it, and the try of a credential.
import type Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import type { EgressRequest } from "../../src/contract/egress-requests.ts";
import { type ApiServer, startApiServer, TEST_KEK } from "../support/api-server.ts";
import { createTestMcpAccess } from "../support/mcp-access.ts";
import { type McpWorld, startMcpWorld } from "../support/mcp-world.ts";
import { createMemoryBackend } from "../support/memory-backend.ts";
import { createScriptedModel, inTurn } from "../support/scripted-model.ts";
import { openSealer } from "../support/sealed-world.ts";
import { createTurnWorld, type TurnWorld } from "../support/turn-world.ts";
import { until } from "../support/until.ts";

const TOKEN = "access-token-of-mcp-4811";
const RENEWED = "access-token-of-mcp-4812";

let mcp: McpWorld;
let server: ApiServer;
let client: Anthropic;
let world: TurnWorld;
let valid: string | null = null;
let tokenAnswer: { status: number; body: unknown } | "away";

beforeAll(async () => {
  mcp = await startMcpWorld((tools) => {
    tools.registerTool("add", { description: "Adds.", inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => ({
      content: [{ type: "text", text: String(a + b) }],
    }));
  });
  server = await startApiServer({ outsideFetch: mcp.outside.fetch });
  world = await createTurnWorld({ database: server.database });
  client = server.client();
});
afterAll(async () => {
  await world.dispose();
  await server.close();
  await mcp.close();
});
beforeEach(() => {
  valid = null;
  tokenAnswer = { status: 200, body: { access_token: RENEWED } };
  mcp.intercept = (request, response) => {
    if (request.headers.host === "login.example.com") {
      if (tokenAnswer === "away") response.destroy();
      else
        response
          .writeHead(tokenAnswer.status, { "content-type": "application/json" })
          .end(JSON.stringify(tokenAnswer.body));
      return true;
    }
    if (valid === null || request.headers.authorization === `Bearer ${valid}`) return false;
    response.writeHead(401, { "content-type": "text/plain" }).end(`not ${request.headers.authorization}`);
    return true;
  };
});

const definition = () => ({
  name: "Adder",
  model: "alpha",
  mcp_servers: [{ type: "url" as const, name: "calc", url: mcp.url }],
  tools: [
    {
      type: "mcp_toolset" as const,
      mcp_server_name: "calc",
      configs: [{ name: "add", permission_policy: { type: "always_ask" as const } }],
    },
  ],
});

test("an agent keeps its servers and toolsets, with defaults filled in", async () => {
  const agent = await client.beta.agents.create(definition());
  expect(agent.mcp_servers).toEqual([{ type: "url", name: "calc", url: mcp.url }]);
  expect(agent.tools).toEqual([
    {
      type: "mcp_toolset",
      mcp_server_name: "calc",
      default_config: { enabled: true, permission_policy: { type: "always_allow" } },
      configs: [{ name: "add", enabled: true, permission_policy: { type: "always_ask" } }],
    },
  ]);
  const changed = await client.beta.agents.update(agent.id, { version: 1, mcp_servers: [], tools: [] });
  expect([changed.version, changed.mcp_servers, changed.tools]).toEqual([2, [], []]);
});

test.each<[string, object, RegExp]>([
  ["a server that no toolset names", { tools: [] }, /no mcp_toolset in tools names the server/],
  ["a toolset of no server", { mcp_servers: [] }, /which is not in mcp_servers/],
  [
    "plain HTTP",
    { mcp_servers: [{ type: "url", name: "calc", url: "http://mcp.example.com/" }] },
    /must begin with https/,
  ],
  ["an address", { mcp_servers: [{ type: "url", name: "calc", url: "https://10.0.0.1/" }] }, /not the name of a host/],
  [
    "a secret in the address",
    { mcp_servers: [{ type: "url", name: "calc", url: "https://a:b@mcp.example.com/" }] },
    /user or password/,
  ],
  [
    "two servers of one name",
    { mcp_servers: Array(2).fill({ type: "url", name: "calc", url: "https://a.example.com/" }) },
    /name of another server/,
  ],
  [
    "two toolsets of one server",
    { tools: Array(2).fill({ type: "mcp_toolset", mcp_server_name: "calc" }) },
    /another toolset already/,
  ],
])("refused: %s", async (_, changes, message) => {
  const attempt = client.beta.agents.create({ ...definition(), ...changes });
  await expect(attempt).rejects.toMatchObject({ status: 400, message: expect.stringMatching(message) });
});

test("a turn asks a person, calls the server with the vault's credential, and tells it as the API does", async () => {
  valid = TOKEN;
  const sealer = await openSealer(world.db, () => (TEST_KEK.kind === "given" ? TEST_KEK.source.read() : ""));
  const model = createScriptedModel(
    inTurn({ toolCalls: [{ name: "mcp__calc__add", input: { a: 20, b: 22 } }] }, { text: "42" }),
  );
  const access = createTestMcpAccess({ db: world.db, sealer, fetch: mcp.outside.fetch });
  const worker = await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const vault = await client.beta.vaults.create({ display_name: "V" });
  await client.beta.vaults.credentials.create(vault.id, {
    auth: { type: "static_bearer", token: TOKEN, mcp_server_url: mcp.url },
  });
  const agent = await client.beta.agents.create(definition());
  const environment = await client.beta.environments.create({ name: "mcp", config: { type: "cloud" } });
  const session = await client.beta.sessions.create({
    agent: agent.id,
    environment_id: environment.id,
    vault_ids: [vault.id],
    initial_events: [{ type: "user.message", content: [{ type: "text", text: "20 + 22" }] }],
  });
  const read = () => client.beta.sessions.retrieve(session.id);
  await until(async () => (await read()).status === "idle" && (await events(session.id)).length > 3);
  const [use] = (await events(session.id)).filter((event) => event.type === "agent.mcp_tool_use");
  expect(use).toMatchObject({
    mcp_server_name: "calc",
    name: "add",
    input: { a: 20, b: 22 },
    evaluated_permission: "ask",
  });
  const overview = await server.call("GET", `/v1/sessions/${session.id}`);
  expect(overview.body).toMatchObject({ waiting_for: { tool_confirmations: { count: 1, tools: ["add"] } } });
  await client.beta.sessions.events.send(session.id, {
    events: [{ type: "user.tool_confirmation", tool_use_id: use?.id ?? "", result: "allow", remember: true } as never],
  });
  await until(async () => (await events(session.id)).some((event) => event.type === "agent.message"));
  const log = await events(session.id);
  expect(log.find((event) => event.type === "agent.mcp_tool_result")).toMatchObject({
    mcp_tool_use_id: use?.id,
    content: [{ type: "text", text: "42" }],
    is_error: false,
  });
  expect((await read()).agent.tools[0]).toMatchObject({
    configs: [{ name: "add", enabled: true, permission_policy: { type: "always_allow" } }],
  });
  expect(JSON.stringify(log)).not.toContain(TOKEN);
  await worker.stop();
});

async function events(sessionId: string) {
  return (await client.beta.sessions.events.list(sessionId)).data;
}

describe("the try of an OAuth credential", () => {
  async function tried(refresh: boolean) {
    const vault = await client.beta.vaults.create({ display_name: "V" });
    const credential = await client.beta.vaults.credentials.create(vault.id, {
      auth: {
        type: "mcp_oauth",
        access_token: TOKEN,
        mcp_server_url: mcp.url,
        ...(refresh
          ? {
              refresh: {
                client_id: "berth",
                refresh_token: "refresh-token-4813",
                token_endpoint: "https://login.example.com/token",
                token_endpoint_auth: { type: "none" as const },
              },
            }
          : {}),
      },
    });
    return client.beta.vaults.credentials.mcpOAuthValidate(credential.id, { vault_id: vault.id });
  }

  test("valid: the server takes it", async () => {
    valid = TOKEN;
    expect(await tried(true)).toMatchObject({
      status: "valid",
      mcp_probe: null,
      refresh: null,
      has_refresh_token: true,
    });
  });

  test("valid: it was renewed, and the server takes the new one", async () => {
    valid = RENEWED;
    expect(await tried(true)).toMatchObject({
      status: "valid",
      mcp_probe: null,
      refresh: { status: "succeeded", http_response: null },
    });
  });

  test("invalid: the server refuses it, and there is nothing to renew it with", async () => {
    valid = RENEWED;
    expect(await tried(false)).toMatchObject({
      status: "invalid",
      has_refresh_token: false,
      mcp_probe: {
        method: "initialize",
        http_response: {
          status_code: 401,
          content_type: "text/plain",
          body: "not Bearer berth_value_removed",
          body_truncated: false,
        },
      },
      refresh: { status: "no_refresh_token" },
    });
  });

  test("invalid: the token endpoint refuses to renew it, and what it says is shown without the token", async () => {
    valid = RENEWED;
    tokenAnswer = { status: 400, body: { error: "invalid_grant", sent: "refresh-token-4813" } };
    const answer = await tried(true);
    expect(answer).toMatchObject({
      status: "invalid",
      refresh: { status: "failed", http_response: { status_code: 400 } },
    });
    expect(answer.refresh?.http_response?.body).toBe('{"error":"invalid_grant","sent":"berth_value_removed"}');
  });

  test("what a server says is shown without the token, also in its head, and where the answer is cut off", async () => {
    const sent = `Bearer ${TOKEN}`;
    const before = "x".repeat(4096 - sent.length + 6);
    mcp.intercept = (_, response) => {
      response.writeHead(401, { "content-type": `text/plain; said="${TOKEN}"` }).end(`${before}${sent} and more`);
      return true;
    };
    const answer = (await tried(false)).mcp_probe?.http_response;
    expect(answer).toMatchObject({
      ...{ content_type: 'text/plain; said="berth_value_removed"', body_truncated: true },
      body: expect.stringMatching(/^x+Bearer berth_v/),
    });
  });

  test("a token endpoint's answer is shown without the token, also in its head", async () => {
    valid = RENEWED;
    mcp.intercept = (request, response) => {
      if (request.headers.host === "login.example.com")
        response.writeHead(400, { "content-type": "text/refresh-token-4813" }).end("no");
      else response.writeHead(401).end();
      return true;
    };
    expect((await tried(true)).refresh?.http_response).toMatchObject({
      ...{ status_code: 400, content_type: "text/berth_value_removed", body: "no" },
    });
  });

  test("unknown: nobody could be asked", async () => {
    valid = RENEWED;
    tokenAnswer = "away";
    expect(await tried(true)).toMatchObject({
      status: "unknown",
      refresh: { status: "connect_error", http_response: null },
    });
    mcp.intercept = (_, response) => {
      response.writeHead(503).end();
      return true;
    };
    expect(await tried(true)).toMatchObject({
      status: "unknown",
      mcp_probe: { method: "initialize", http_response: { status_code: 503 } },
      refresh: null,
    });
  });

  test("what is asked for it is in the audit: by whom, with which credential, and no token", async () => {
    valid = RENEWED;
    await tried(true);
    tokenAnswer = "away";
    valid = "another";
    await tried(true);
    const listed = async () => {
      const { body } = await server.call("GET", "/v1/egress_requests?source=credential");
      return (body as { data: EgressRequest[] }).data;
    };
    // A line is written when its request is over, which an answer that nobody reads to its end is a moment later.
    await vi.waitFor(
      async () => {
        const lines = await listed();
        const ofTokens = lines.filter(({ host }) => host === "login.example.com");
        const ofServer = lines.filter(({ host }) => host === "mcp.example.com");
        expect(ofTokens[0]).toMatchObject({ path: "/token", decision: "error", rule: "upstream_failed", status: null });
        expect(ofTokens[1]).toMatchObject({ path: "/token", decision: "allow", rule: "token_endpoint", status: 200 });
        expect(ofServer[0]).toMatchObject({ path: "/mcp", decision: "allow", rule: "mcp_server_url", status: 401 });
        for (const line of [ofTokens[0], ofTokens[1], ofServer[0]])
          expect(line).toMatchObject({
            ...{ session_id: null, environment_id: null, source: "credential", suspicious: false },
            who: { type: "api_key", name: expect.any(String) },
            credentials: [expect.any(String)],
          });
        // Answers that nobody reads to their end have ended well.
        expect(ofServer.map(({ decision, rule }) => [decision, rule]).slice(0, 6)).toEqual(
          Array(6).fill(["allow", "mcp_server_url"]),
        );
        expect(JSON.stringify(lines)).not.toMatch(/access-token-of|refresh-token-/);
      },
      { timeout: 20_000, interval: 50 },
    );
  });
});
