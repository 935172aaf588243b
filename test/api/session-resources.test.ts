// Repositories of sessions by the official SDK, unchanged: every method, and all that is refused.
import type Anthropic from "@anthropic-ai/sdk";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sessionObject, sessionResourceObject } from "../../src/api/objects.ts";
import { newId } from "../../src/lib/ids.ts";
import { hashToken } from "../../src/teams/tokens.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { findForms } from "../support/canary.ts";

const TOKEN = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
const OTHER = "ghp_AnotherOne42F292c6912E7710c838347Ae1";
type Create = Anthropic.Beta.SessionCreateParams;
type Repository = Anthropic.Beta.BetaManagedAgentsGitHubRepositoryResourceParams;

let server: ApiServer;
let client: Anthropic;
let stranger: Anthropic;
let agent: string;
let environment_id: string;
const answers: string[] = [];
beforeAll(async () => {
  server = await startApiServer();
  client = server.client();
  agent = (await client.beta.agents.create({ name: "A", model: "alpha" })).id;
  environment_id = (await client.beta.environments.create({ name: "E" })).id;
  const teamId = newId("team");
  await sql`insert into teams (id, name) values (${teamId}, 'strangers')`.execute(server.web.db);
  await sql`insert into api_keys (id, team_id, name, key_hash)
    values (${newId("apiKey")}, ${teamId}, 'theirs', ${hashToken("key-of-another-team-0001")})`.execute(server.web.db);
  stranger = server.client({ apiKey: "key-of-another-team-0001" });
});
afterAll(() => server.close());

const app: Repository = { type: "github_repository", url: "https://github.com/acme/app", authorization_token: TOKEN };

async function create(...resources: NonNullable<Create["resources"]>) {
  const session = await client.beta.sessions.create({ agent, environment_id, resources });
  answers.push(JSON.stringify(session));
  return session;
}
async function tokens(): Promise<number> {
  const found = await sql<{ count: number }>`select count(*)::int as count from credential_secrets`.execute(
    server.web.db,
  );
  return found.rows[0]?.count ?? -1;
}
async function refusedWith(work: Promise<unknown>, status: number, words: RegExp): Promise<void> {
  const error = await work.then(
    () => null,
    (cause: { status?: number; message: string }) => cause,
  );
  expect(error).toMatchObject({ status, message: expect.stringMatching(words) });
  answers.push(error?.message ?? "");
}

describe("resources", () => {
  test("are named with a session, read, listed, and given another token", async () => {
    const session = await create(app, {
      type: "github_repository",
      url: "https://Git.example.com/group/sub/Lib.git",
      mount_path: "/home/agent/lib",
      checkout: { type: "branch", name: "feature/x" },
    });
    sessionObject.parse(session);
    const [first, second] = session.resources;
    if (!first || !second || first.type !== "github_repository") throw new Error("they are not there");
    expect(first).toMatchObject({
      ...{ url: "https://github.com/acme/app", mount_path: "/workspace/app", checkout: null },
      ...{ status: "waiting", problem: null },
    });
    expect(second).toMatchObject({
      ...{ url: "https://git.example.com/group/sub/Lib.git", mount_path: "/home/agent/lib" },
      checkout: { type: "branch", name: "feature/x" },
    });
    const about = { session_id: session.id };
    const one = sessionResourceObject.parse(await client.beta.sessions.resources.retrieve(first.id, about));
    expect(one).toEqual(first);
    expect(one.id).toMatch(/^sesrsc_[0-9a-z]{26}$/);
    const listed = [];
    for await (const each of client.beta.sessions.resources.list(session.id, { limit: 1 })) listed.push(each);
    expect(listed).toEqual(session.resources);
    expect((await client.beta.sessions.retrieve(session.id)).resources).toEqual(session.resources);
    const updated = await client.beta.sessions.resources.update(first.id, { ...about, authorization_token: OTHER });
    expect(updated).toMatchObject({ id: first.id, url: first.url });
    answers.push(JSON.stringify([listed, one, updated]));
  });

  test("a token goes with its resource, with its session, and when it is replaced; a fork keeps its own", async () => {
    const before = await tokens();
    const session = await create(app);
    expect(await tokens()).toBe(before + 1);
    const [resource] = session.resources;
    if (resource?.type !== "github_repository") throw new Error("it is not there");
    const about = { session_id: session.id };
    await client.beta.sessions.resources.update(resource.id, { ...about, authorization_token: OTHER });
    expect(await tokens()).toBe(before + 1);
    const forked = (await server.call("POST", `/v1/sessions/${session.id}/fork`, { body: {} })).body as typeof session;
    expect(forked.resources).toMatchObject([{ url: resource.url, mount_path: resource.mount_path, status: "waiting" }]);
    expect(await tokens()).toBe(before + 1);
    const deleted = await client.beta.sessions.resources.delete(resource.id, about);
    expect(deleted).toEqual({ id: resource.id, type: "session_resource_deleted" });
    // The fork has it still.
    expect(await tokens()).toBe(before + 1);
    expect((await client.beta.sessions.retrieve(session.id)).resources).toEqual([]);
    await refusedWith(client.beta.sessions.resources.retrieve(resource.id, about), 404, /no resource/);
    await client.beta.sessions.delete(forked.id);
    expect(await tokens()).toBe(before);
  });

  test("are added to a session that rests", async () => {
    const session = await create();
    const added = await server.call("POST", `/v1/sessions/${session.id}/resources`, { body: app });
    expect(added).toMatchObject({ status: 200, body: { type: "github_repository", mount_path: "/workspace/app" } });
    const again = await server.call("POST", `/v1/sessions/${session.id}/resources`, {
      body: { ...app, mount_path: "/workspace/app/in/it" },
    });
    expect(again).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringMatching(/taken by another/) } },
    });
    await refusedWith(
      client.beta.sessions.resources.add(session.id, { type: "file", file_id: "file_1" }),
      400,
      /file is not supported/,
    );
  });

  test.each<[string, Partial<Record<keyof Repository, unknown>>, RegExp]>([
    ["ssh", { url: "git@github.com:acme/app" }, /resources\.0\.url: is not a URL/],
    ["http", { url: "http://github.com/acme/app" }, /url: must begin with https/],
    ["a token in the address", { url: `https://x:${TOKEN}@github.com/acme/app` }, /url: holds a user or password/],
    ["no repository", { url: "https://github.com/acme" }, /url: must name a repository/],
    ["a private address", { url: "https://10.0.0.1/acme/app" }, /url: .*not the name of a host/],
    ["outside", { mount_path: "/etc/app" }, /mount_path: must lie below \/workspace/],
    ["out of it", { mount_path: "/workspace/../etc" }, /mount_path: must be written without/],
    ["the workspace itself", { mount_path: "/workspace" }, /mount_path: must lie below/],
    ["a line break", { authorization_token: `${TOKEN}\r\nX: y` }, /authorization_token: has a line break/],
    ["a short token", { authorization_token: "ghp_1" }, /authorization_token: must have at least 8/],
    ["a common word", { authorization_token: "github_token" }, /authorization_token: is a common word/],
    ["an option as a branch", { checkout: { type: "branch", name: "--upload-pack=x" } }, /name of a branch/],
    ["a short SHA", { checkout: { type: "commit", sha: "abc123" } }, /full SHA/],
    ["a field that is not there", { branch: "main" } as object, /branch/],
    ["another type", { type: "memory_store" }, /memory_store is not supported/],
  ])("refused: %s", async (_name, change, words) => {
    const before = await tokens();
    await refusedWith(create({ ...app, ...change } as Repository), 400, words);
    expect(await tokens()).toBe(before);
  });

  test("refused: two at one place, two tokens for one repository, more than twenty", async () => {
    await refusedWith(
      create(app, { ...app, url: "https://github.com/other/app" }),
      400,
      /resources\.1\.mount_path: .*taken/,
    );
    const twice = { ...app, url: "https://github.com/acme/app.git", mount_path: "/workspace/second" };
    await refusedWith(create(app, twice), 400, /resources\.1\.authorization_token: .*goes for both/);
    const { authorization_token: _, ...without } = twice;
    const session = await create(app, without);
    const [, second] = session.resources;
    if (second?.type !== "github_repository") throw new Error("it is not there");
    const change = { session_id: session.id, authorization_token: OTHER };
    await refusedWith(client.beta.sessions.resources.update(second.id, change), 400, /goes for both/);
    const many = Array.from({ length: 21 }, (_each, index) => ({ ...without, mount_path: `/workspace/${index}` }));
    await refusedWith(create(...many), 400, /resources/);
  });

  test("refused: what runs, what is archived, what is another's", async () => {
    const session = await create(app);
    const [resource] = session.resources;
    if (resource?.type !== "github_repository") throw new Error("it is not there");
    const place = { session_id: session.id };
    const change = { ...place, authorization_token: OTHER };
    await refusedWith(stranger.beta.sessions.resources.retrieve(resource.id, place), 404, /There is no/);
    await refusedWith(stranger.beta.sessions.resources.update(resource.id, change), 404, /There is no/);
    await refusedWith(stranger.beta.sessions.resources.delete(resource.id, place), 404, /There is no/);
    const other = await create();
    const elsewhere = { session_id: other.id };
    await refusedWith(client.beta.sessions.resources.retrieve(resource.id, elsewhere), 404, /There is no resource/);
    await refusedWith(client.beta.sessions.resources.delete(resource.id, elsewhere), 404, /There is no resource/);
    await client.beta.sessions.events.send(other.id, {
      events: [{ type: "user.message", content: [{ type: "text", text: "x" }] }],
    });
    const added = await server.call("POST", `/v1/sessions/${other.id}/resources`, { body: app });
    expect(added).toMatchObject({ status: 400, body: { error: { message: expect.stringMatching(/is running/) } } });
    await client.beta.sessions.archive(session.id);
    await refusedWith(client.beta.sessions.resources.update(resource.id, change), 400, /is archived/);
    expect(await client.beta.sessions.resources.delete(resource.id, place)).toMatchObject({ id: resource.id });
  });

  test("the vault that keeps tokens is shown and given to nobody", async () => {
    await create(app);
    const hidden = await sql<{ id: string }>`select id from vaults where of_resources`.execute(server.web.db);
    const id = hidden.rows[0]?.id ?? "";
    expect(id).toMatch(/^vlt_/);
    for await (const vault of client.beta.vaults.list({ include_archived: true })) expect(vault.id).not.toBe(id);
    await refusedWith(client.beta.vaults.retrieve(id), 404, /no vault/i);
    await refusedWith(client.beta.vaults.delete(id), 404, /no vault/i);
    const listed = server.call("GET", `/v1/vaults/${id}/credentials`);
    expect(await listed).toMatchObject({ status: 404 });
    await refusedWith(client.beta.sessions.create({ agent, environment_id, vault_ids: [id] }), 404, /vault/i);
  });

  test("a token comes back in no answer", () => {
    expect(answers.length).toBeGreaterThan(20);
    expect(findForms(Buffer.from(answers.join("\n")), [TOKEN, OTHER])).toEqual([]);
  });
});
