// The credential of a session's vault at an MCP server: sent to that server, renewed when it is over, and nowhere to be read.
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createTestMcpAccess } from "../../test/support/mcp-access.ts";
import { type McpWorld, startMcpWorld } from "../../test/support/mcp-world.ts";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn } from "../../test/support/scripted-model.ts";
import { openSealer, randomKey } from "../../test/support/sealed-world.ts";
import { createTurnWorld, type TurnWorld } from "../../test/support/turn-world.ts";
import type { CredentialAuthInput } from "../contract/credentials.ts";
import { systemClock } from "../lib/clock.ts";
import { createLogger } from "../lib/logger.ts";
import type { McpAccess } from "./session-mcp.ts";
import { createTellCredentialFailed } from "./tell-credential-failed.ts";

const FIRST = "first-access-4711-canary";
const RENEWED = "renewed-access-4712-canary";

let world: TurnWorld;
let mcp: McpWorld;
let access: McpAccess;
let sealer: Awaited<ReturnType<typeof openSealer>>;
/** Of the server's address. */
let path = "/mcp";
/** What the server takes; null: whatever comes. */
let valid: string | null = null;
/** What the token endpoint answers. */
let tokenAnswer: { status: number; body: unknown };
const tokenRequests: URLSearchParams[] = [];

beforeEach(async () => {
  valid = null;
  path = "/mcp";
  tokenRequests.length = 0;
  tokenAnswer = { status: 200, body: { access_token: RENEWED, expires_in: 3600 } };
  world = await createTurnWorld();
  mcp = await startMcpWorld((server) => {
    server.registerTool(
      "echo",
      { description: "Gives back what it was sent.", inputSchema: { as: z.string() } },
      ({ as }, { requestInfo }) => {
        const header = String(requestInfo?.headers.authorization ?? "none");
        const text = as === "base64" ? Buffer.from(header).toString("base64") : header;
        return { content: [{ type: "text", text }] };
      },
    );
  });
  mcp.intercept = (request, response, body) => {
    if (request.headers.host === "login.example.com") {
      tokenRequests.push(new URLSearchParams(String(body)));
      response
        .writeHead(tokenAnswer.status, { "content-type": "application/json" })
        .end(JSON.stringify(tokenAnswer.body));
      return true;
    }
    if (valid === null || request.headers.authorization === `Bearer ${valid}`) return false;
    response.writeHead(401).end(`no: ${request.headers.authorization}`);
    return true;
  };
  const key = randomKey();
  sealer = await openSealer(world.db, () => key);
  access = createTestMcpAccess({ db: world.db, sealer, fetch: mcp.outside.fetch });
  const config = { type: "cloud", networking: { type: "unrestricted" } };
  await sql`update environments set config = ${JSON.stringify(config)}::jsonb`.execute(world.db);
});
afterEach(async () => {
  await world.dispose();
  await mcp.close();
});

const oauth = (more: { expires_at?: string } = {}): CredentialAuthInput => ({
  type: "mcp_oauth",
  access_token: FIRST,
  mcp_server_url: `https://mcp.example.com${path}`,
  refresh: {
    client_id: "berth",
    refresh_token: "refresh-4713-canary",
    token_endpoint: "https://login.example.com/token",
    token_endpoint_auth: { type: "none" },
  },
  ...more,
});

/** A turn in which the tool is called once for each of `as`. */
async function talk(auth: CredentialAuthInput | null, ...as: string[]) {
  const vault = await sealer.newVault(world.teamId);
  const credential = auth && (await sealer.put(world.teamId, vault.id, auth));
  const calls = as.map((kind) => ({ toolCalls: [{ name: "mcp__calc__echo", input: { as: kind } }] }));
  const model = createScriptedModel(inTurn(...calls, { text: "done" }));
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const policy = { enabled: true, permission_policy: { type: "always_allow" as const } };
  const sessionId = await world.createSession({
    tools: [{ type: "mcp_toolset", mcp_server_name: "calc", default_config: policy, configs: [] }],
    mcpServers: [{ type: "url", name: "calc", url: `https://MCP.example.com${path}` }],
    vaultIds: [vault.id],
  });
  await world.say(sessionId, "go");
  const log = await world.settled(sessionId, { reason: "end_turn" });
  const told = JSON.stringify([log, model.requests.map(({ messages, tools, system }) => [messages, tools, system])]);
  for (const secret of [FIRST, RENEWED, "refresh-4713"]) {
    expect(told).not.toContain(secret);
    expect(told).not.toContain(Buffer.from(secret).toString("base64").slice(4, -4));
  }
  const texts = log
    .filter((event) => event.type === "agent.mcp_tool_result")
    .map((event) => (event.payload.content as { text: string }[])[0]?.text);
  const errors = log.filter((event) => event.type === "session.error").map((event) => event.payload.error);
  return { sessionId, credential, texts, errors };
}

test("a static bearer goes to its server with each request, and does not come back, in whatever form", async () => {
  valid = FIRST;
  const { texts } = await talk({ type: "static_bearer", token: FIRST, mcp_server_url: mcp.url }, "plain", "base64");
  expect(new Set(mcp.authorizations)).toEqual(new Set([`Bearer ${FIRST}`]));
  expect(texts).toEqual(["Bearer berth_value_removed", expect.stringMatching(/^[A-Za-z0-9+/=]+$/)]);
});

test("a credential of another server is not sent", async () => {
  const { texts } = await talk(
    { type: "static_bearer", token: FIRST, mcp_server_url: "https://other.example.com/mcp" },
    "plain",
  );
  expect(texts).toEqual(["none"]);
});

test("an OAuth token that the server refuses is renewed once, and the request sent with the new one", async () => {
  valid = RENEWED;
  const { texts, errors } = await talk(oauth(), "plain");
  expect(texts).toEqual(["Bearer berth_value_removed"]);
  expect(errors).toEqual([]);
  expect(tokenRequests.map((form) => form.get("refresh_token"))).toEqual(["refresh-4713-canary"]);
  expect(mcp.authorizations.filter((header) => header === `Bearer ${FIRST}`)).toHaveLength(1);
});

test("a renewed token does not come back on a stream that was opened with the one before", async () => {
  path = "/sse";
  valid = FIRST;
  const { intercept } = mcp;
  mcp.intercept = (request, response, body) => {
    if (request.url === "/sse" && request.method === "POST") return response.writeHead(405).end() !== null;
    const refused = intercept?.(request, response, body) ?? false;
    // By this transport its answer comes on the stream that is open.
    if (JSON.stringify(body ?? "").includes("tools/call")) valid = RENEWED;
    return refused;
  };
  const { texts } = await talk(oauth(), "plain", "plain");
  expect(texts).toEqual(["Bearer berth_value_removed", "Bearer berth_value_removed"]);
  expect(mcp.authorizations.at(-1)).toBe(`Bearer ${RENEWED}`);
});

test("one that is about to end is renewed before it is sent", async () => {
  valid = RENEWED;
  await talk(oauth({ expires_at: new Date(Date.now() + 10_000).toISOString() }), "plain");
  expect(mcp.authorizations).not.toContain(`Bearer ${FIRST}`);
});

test("a refresh token that is over is told as the API does, and as the credential's state", async () => {
  valid = RENEWED;
  tokenAnswer = { status: 400, body: { error: "invalid_grant" } };
  const { errors, credential, sessionId } = await talk(oauth());
  expect(errors).toEqual([
    {
      type: "mcp_authentication_failed_error",
      message: expect.stringMatching(
        /^MCP server calc: The credential could not be renewed: .*invalid_grant.* Authorize it again/,
      ),
      mcp_server_name: "calc",
      credential_id: credential?.id,
      vault_id: credential?.vault_id,
      retry_status: { type: "retrying" },
    },
  ]);
  const place = { teamId: world.teamId, vaultId: credential?.vault_id ?? "", credentialId: credential?.id ?? "" };
  expect(await sealer.credentials.get(place)).toMatchObject({
    ...{ problem: expect.stringMatching(/invalid_grant/), needs_authorization: true },
    problem_since: expect.stringMatching(/^\d{4}-/),
  });
  await world.say(sessionId, "again");
  const log = await world.settled(sessionId, { reason: "end_turn" });
  expect(log.filter((event) => event.type === "session.error")).toHaveLength(1);
  // Programs in the sandbox fail by it as well, in another process.
  const again = createTellCredentialFailed({
    ...{ db: world.db, clock: systemClock, onLogGrew: () => undefined },
    logger: createLogger("test", { level: "silent", pretty: false }),
  });
  const [held] = await sealer.broker().inEffect(sessionId);
  if (!held) throw new Error("the session has no credential");
  await again({ sessionId, credential: held, problem: "The token endpoint answered 400.", final: true });
  expect((await world.log(sessionId)).filter((event) => event.type === "session.error")).toHaveLength(1);
  const changed = { ...held, version: held.version + 1 };
  await again({ sessionId, credential: changed, problem: "The token endpoint answered 400.", final: true });
  expect((await world.log(sessionId)).filter((event) => event.type === "session.error")).toHaveLength(2);
});

test("a server that refuses every token does not use up the refresh token", async () => {
  valid = "nothing-of-ours";
  const { errors, sessionId } = await talk(oauth(), "plain");
  await world.say(sessionId, "again");
  await world.settled(sessionId, { reason: "end_turn" });
  expect(errors).toMatchObject([{ type: "mcp_authentication_failed_error", message: expect.stringMatching(/401/) }]);
  expect(tokenRequests).toHaveLength(1);
});

test("a server that wants a credential, and gets none or a wrong one, is told as such", async () => {
  valid = RENEWED;
  const { errors } = await talk({ type: "static_bearer", token: FIRST, mcp_server_url: mcp.url });
  expect(errors).toMatchObject([{ type: "mcp_authentication_failed_error", mcp_server_name: "calc" }]);
});
