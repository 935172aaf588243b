// A team's own networking: neither its default nor its ceiling exceeds the server's, and no environment exceeds either.
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Networking } from "../../src/contract/environments.ts";
import { findNetworking, findSessionNetworking } from "../../src/db/session-networking.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";

const SERVER: Networking = {
  type: "limited",
  ...{ allowed_hosts: ["*.corp.example", "api.github.com"], allow_package_managers: true, allow_mcp_servers: false },
};
let server: ApiServer;
/** Without a ceiling of its own. */
let open: ApiServer;
beforeAll(async () => {
  server = await startApiServer({ networkingCeiling: SERVER });
  open = await startApiServer();
});
afterEach(async () => {
  for (const one of [server, open]) await set({ default: null, ceiling: null }, one);
});
afterAll(async () => {
  await server?.close();
  await open?.close();
});

const limited = (allowed_hosts: string[], more: object = {}) => ({
  type: "limited" as const,
  ...{ allow_mcp_servers: false, allow_package_managers: false, allowed_hosts },
  ...more,
});
const get = (at = server) => at.call("GET", "/v1/team_networking");
const set = (body: object, at = server) => at.call("POST", "/v1/team_networking", { body });
let made = 0;
const make = (networking?: object, at = server) =>
  at.call("POST", "/v1/environments", {
    body: { name: `made ${made++}`, ...(networking ? { config: { type: "cloud", networking } } : {}) },
  });

test("a team that has said nothing has what the server says", async () => {
  expect(await get()).toMatchObject({
    status: 200,
    body: {
      ...{ type: "team_networking", default: null, ceiling: null },
      server: { default: limited([]), ceiling: SERVER },
      effective: { default: limited([]), ceiling: SERVER },
    },
  });
  expect((await get(open)).body).toMatchObject({
    effective: { default: { type: "unrestricted" }, ceiling: { type: "unrestricted" } },
  });
});

test("its default is what an environment gets that is made without a choice; a choice begins from nothing", async () => {
  const wanted = limited(["git.corp.example"], { allow_package_managers: true });
  const { status, body } = await set({ default: wanted });
  expect(status).toBe(200);
  expect(body).toMatchObject({ default: wanted, ceiling: null, effective: { default: wanted, ceiling: SERVER } });
  expect((await make()).body).toMatchObject({ config: { networking: wanted } });
  expect((await make({ type: "limited" })).body).toMatchObject({ config: { networking: limited([]) } });
  // What is absent stays.
  expect((await set({ ceiling: limited(["*.corp.example"], { allow_package_managers: true }) })).body).toMatchObject({
    default: wanted,
  });
  expect((await set({ default: null })).body).toMatchObject({ default: null, ceiling: { type: "limited" } });
  expect((await make()).body).toMatchObject({ config: { networking: limited([]) } });
});

test("no environment exceeds its ceiling when it is written, by whichever way", async () => {
  expect((await set({ ceiling: limited(["git.corp.example"]) }, open)).status).toBe(200);
  const { id } = (await make(limited([]), open)).body as { id: string };
  const answers = [
    await make({ type: "unrestricted" }, open),
    await make(limited(["evil.example"]), open),
    await make(limited([], { allow_package_managers: true }), open),
    await open.call("POST", `/v1/environments/${id}`, {
      body: { config: { type: "cloud", networking: limited(["evil.example"]) } },
    }),
    await open.call("POST", `/v1/environments/${id}/allowed_hosts`, { body: { host: "evil.example" } }),
  ];
  for (const { status, body } of answers) {
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toMatch(/config\.networking.*this team.*git\.corp\.example.*\/v1\/team_networking/);
  }
  expect(
    (await open.call("POST", `/v1/environments/${id}/allowed_hosts`, { body: { host: "git.corp.example" } })).status,
  ).toBe(200);
  // Without a choice: nothing, since the server's default is more.
  expect((await make(undefined, open)).body).toMatchObject({ config: { networking: limited([]) } });
});

test.each<[string, object, string]>([
  [
    "a ceiling above the server's",
    { ceiling: limited(["git.corp.example", "evil.example"]) },
    'ceiling.allowed_hosts: \\"evil.example\\" is more than this server allows',
  ],
  ["MCP servers in it", { ceiling: limited([], { allow_mcp_servers: true }) }, "ceiling.allow_mcp_servers"],
  [
    "a default above the server's",
    { default: { type: "unrestricted" } },
    'default: \\"unrestricted\\" is more than this server allows',
  ],
  [
    "a default above its own ceiling",
    { default: limited(["git.corp.example"]), ceiling: limited(["api.github.com"]) },
    'default.allowed_hosts: \\"git.corp.example\\" is more than this team allows',
  ],
  ["an unlimited ceiling", { ceiling: { type: "unrestricted" } }, "ceiling.type"],
  ["an address", { ceiling: limited(["10.0.0.1"]) }, "is an address; name the host instead"],
  ["a port", { default: limited(["git.corp.example:99999"]) }, "holds a port: leave it out"],
  ["a field that there is not", { floor: null }, "floor"],
])("%s is refused with words", async (_, body, words) => {
  const answer = await set(body);
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body)).toContain(words);
  expect((await get()).body).toMatchObject({ default: null, ceiling: null });
});

test("a ceiling below the team's own default is refused until the default goes with it", async () => {
  await set({ default: limited(["git.corp.example"]) });
  const ceiling = limited(["api.github.com"]);
  const refused = await set({ ceiling });
  expect(refused.status).toBe(400);
  expect(JSON.stringify(refused.body)).toContain("default.allowed_hosts");
  expect((await set({ ceiling, default: null })).status).toBe(200);
});

test("an environment made before the ceiling keeps what it says, and its sessions are held by it; another team's changes nothing", async () => {
  const { db } = open.web;
  const client = open.client();
  const environment = (await make({ type: "unrestricted" }, open)).body as { id: string };
  const agent = await client.beta.agents.create({ name: "held", model: "demo" });
  const session = await client.beta.sessions.create({ agent: agent.id, environment_id: environment.id });
  const identity = `disk of ${session.id}`;
  await sql`insert into sandboxes (session_id, team_id, name, identity, backend, state)
    values (${session.id}, ${open.web.teamId}, ${session.id}, ${identity}, 'local', 'running')`.execute(db);
  const held = async () => [
    (await findNetworking(db, { identity }))?.teamCeiling,
    (await findSessionNetworking(db, { sessionId: session.id }))?.teamCeiling,
  ];
  await sql`insert into teams (id, name, networking_ceiling, networking_default)
    values ('team_other', 'other', ${JSON.stringify(limited([]))}::jsonb, ${JSON.stringify(limited([]))}::jsonb)`.execute(
    db,
  );
  expect(await held()).toEqual([null, null]);
  expect((await make(undefined, open)).body).toMatchObject({ config: { networking: { type: "unrestricted" } } });
  const ceiling = limited(["git.corp.example"]);
  await set({ ceiling }, open);
  expect(await held()).toEqual([ceiling, ceiling]);
  expect(await client.beta.environments.retrieve(environment.id)).toMatchObject({
    config: { networking: { type: "unrestricted" } },
  });
  expect((await get(open)).body).toMatchObject({ ceiling });
});
