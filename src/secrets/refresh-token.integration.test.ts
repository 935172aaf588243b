// C26: OAuth tokens are renewed once, sealed, and told when they can't be. Against a real Postgres and a token endpoint on this machine.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../test/support/postgres.ts";
import { newSessionWith, newTeam, openSealer, openTestDatabase, randomKey } from "../../test/support/sealed-world.ts";
import { openSessionAudit } from "../bin/session-audit.ts";
import { type Database, inTransaction } from "../db/database.ts";
import { createAuditedFetch } from "../egress/audited-fetch.ts";
import { systemClock } from "../lib/clock.ts";
import { createLogger } from "../lib/logger.ts";
import type { OutsideFetch } from "../lib/outside-fetch.ts";
import { createReadEgressRequests } from "../sessions/egress-requests.ts";
import { createRefreshToken, needsRenewal } from "./refresh-token.ts";
import { createSendTokenRequest } from "./send-token-request.ts";
import type { SessionCredential } from "./session-credentials.ts";
import { createTeamKeys } from "./team-keys.ts";
import type { TokenRequest } from "./token-request.ts";

let database: FreshDatabase;
let db: Database;
let endpoint: Server;
let address = "";
const asked: { authorization: string | undefined; form: URLSearchParams }[] = [];
let answer: { status: number; body: unknown };
beforeAll(async () => {
  database = await freshDatabase();
  db = openTestDatabase(database.url);
  endpoint = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    asked.push({
      authorization: request.headers.authorization,
      form: new URLSearchParams(Buffer.concat(chunks).toString()),
    });
    response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
  }).listen(0, "127.0.0.1");
  await once(endpoint, "listening");
  const bound = endpoint.address();
  address = typeof bound === "object" && bound ? `http://127.0.0.1:${bound.port}/` : "";
});
afterAll(async () => {
  endpoint.close();
  await db.destroy();
  await database.drop();
});

const logger = createLogger("web", { level: "silent", pretty: false });
const key = randomKey();
let sealer: Awaited<ReturnType<typeof openSealer>>;
let refreshToken: ReturnType<typeof createRefreshToken>;
let sessionId: string;
let place: { teamId: string; vaultId: string; credentialId: string };
beforeEach(async () => {
  asked.length = 0;
  answer = {
    status: 200,
    body: { access_token: "renewed-access-1", refresh_token: "renewed-refresh-1", expires_in: 3600 },
  };
  sealer = await openSealer(db, () => key);
  // The broker's guard refuses loopback; here the endpoint is on it.
  const send = async ({ headers, body }: TokenRequest) => {
    const sent = await fetch(address, { method: "POST", headers, body });
    return { status: sent.status, body: await sent.text() };
  };
  refreshToken = createRefreshToken({ db, teamKeys: createTeamKeys({ ring: sealer.ring }), clock: systemClock, send });
  const teamId = await newTeam(db);
  const vault = await sealer.newVault(teamId);
  const made = await sealer.put(teamId, vault.id, {
    type: "mcp_oauth",
    access_token: "first-access-0",
    mcp_server_url: "https://mcp.example.com/",
    expires_at: new Date(Date.now() + 30_000).toISOString(),
    refresh: {
      client_id: "berth:1",
      refresh_token: "first-refresh-0",
      token_endpoint: "https://login.example.com/token",
      token_endpoint_auth: { type: "client_secret_basic", client_secret: "client secret+1" },
      scope: "read",
    },
  });
  place = { teamId, vaultId: vault.id, credentialId: made.id };
  sessionId = await newSessionWith(db, teamId, [vault.id]);
});

async function read(): Promise<SessionCredential> {
  const [credential] = await sealer.broker().inEffect(sessionId);
  if (!credential) throw new Error("there is none");
  return credential;
}
const revealed = ({ secrets }: SessionCredential) => [secrets.access_token?.reveal(), secrets.refresh_token?.reveal()];

test("a token that ends soon is renewed, with the tokens that came in its place", async () => {
  const before = await read();
  expect(needsRenewal(before, Date.now())).toBe(true);
  expect(await refreshToken(sessionId, before)).toEqual({ did: "changed" });
  expect(asked).toHaveLength(1);
  expect(asked[0]?.authorization).toBe(`Basic ${Buffer.from("berth%3A1:client%20secret%2B1").toString("base64")}`);
  expect(Object.fromEntries(asked[0]?.form ?? [])).toEqual({
    grant_type: "refresh_token",
    refresh_token: "first-refresh-0",
    scope: "read",
  });
  const after = await read();
  expect(revealed(after)).toEqual(["renewed-access-1", "renewed-refresh-1"]);
  expect(needsRenewal(after, Date.now())).toBe(false);
  answer = { status: 200, body: { access_token: "renewed-access-2" } };
  await refreshToken(sessionId, after);
  expect(revealed(await read())).toEqual(["renewed-access-2", "renewed-refresh-1"]);
});

test("what the endpoint is asked is in the audit: for which session, with which credential, and nothing secret", async () => {
  const audit = openSessionAudit({ db, notifier: { logGrew: () => undefined }, logger });
  const outside: OutsideFetch = (url, init) => {
    init?.mayReach?.(new URL(url).hostname);
    return fetch(address, { method: "POST", body: init?.body ?? null });
  };
  const audited = createAuditedFetch({ fetch: outside, audit, logger, now: Date.now, source: "credential" });
  const renew = createRefreshToken({
    ...{ db, teamKeys: createTeamKeys({ ring: sealer.ring }), clock: systemClock },
    send: createSendTokenRequest(audited),
  });
  const before = await read();
  await renew(sessionId, before);
  answer = { status: 400, body: { error: "invalid_grant" } };
  await renew(sessionId, await read());
  await audit.close();
  const { data } = await createReadEgressRequests({ db })(place.teamId, { source: "credential" });
  expect(data.map(({ status }) => status)).toEqual([400, 200]);
  for (const line of data)
    expect(line).toMatchObject({
      ...{ session_id: sessionId, method: "POST", host: "login.example.com", port: 443, path: "/token" },
      ...{ decision: "allow", rule: "token_endpoint", credentials: [before.name], suspicious: false },
    });
  expect(JSON.stringify(data)).not.toMatch(/first-|renewed-|client secret/);
  const others = await createReadEgressRequests({ db })(await newTeam(db), {});
  expect(others.data).toEqual([]);
});

test("many that need it at the same time ask once", async () => {
  const before = await read();
  const outcomes = await Promise.all(Array.from({ length: 4 }, () => refreshToken(sessionId, before)));
  expect(outcomes).toEqual(Array(4).fill({ did: "changed" }));
  expect(asked).toHaveLength(1);
});

test("what somebody put in meanwhile is not overwritten", async () => {
  const before = await read();
  const input = { auth: { type: "mcp_oauth" as const, access_token: "put-in-by-hand" } };
  await inTransaction(db, (tx) => sealer.credentials.update(tx, place, input));
  expect(await refreshToken(sessionId, before)).toEqual({ did: "changed" });
  expect(asked).toHaveLength(0);
  expect(revealed(await read())[0]).toBe("put-in-by-hand");
});

test.each([
  [
    "a refusal",
    { status: 400, body: { error: "invalid_grant", error_description: "first-refresh-0" } },
    /400 invalid_grant/,
    true,
  ],
  ["trouble", { status: 503, body: {} }, /answered 503\.$/, false],
  ["no token", { status: 200, body: { nothing: "first-refresh-0" } }, /without an access token/, false],
  ["another type", { status: 200, body: { access_token: "x-0123456", token_type: "mac" } }, /another type/, true],
])(
  "%s is told with the credential, without anything secret, until it is mended",
  async (_what, answered, words, final) => {
    answer = answered;
    const before = await read();
    expect(await refreshToken(sessionId, before)).toEqual({
      did: "failed",
      problem: expect.stringMatching(words),
      final,
    });
    const shown = await sealer.credentials.get(place);
    expect(shown.problem).toMatch(words);
    expect(JSON.stringify(shown)).not.toContain("first-refresh-0");
    expect(revealed(await read())).toEqual(["first-access-0", "first-refresh-0"]);
    // Another name mends nothing.
    await inTransaction(db, (tx) =>
      sealer.credentials.update(tx, place, { display_name: "Named", metadata: { a: "b" } }),
    );
    const { problem, problem_since, needs_authorization } = shown;
    expect(await sealer.credentials.get(place)).toMatchObject({ problem, problem_since, needs_authorization });
    const input = { auth: { type: "mcp_oauth" as const, refresh: { refresh_token: "authorized-again" } } };
    await inTransaction(db, (tx) => sealer.credentials.update(tx, place, input));
    expect((await sealer.credentials.get(place)).problem).toBeNull();
  },
);
