// Vaults and credentials by the official SDK, unchanged, against a real server: every method, and all that is refused.
import type Anthropic from "@anthropic-ai/sdk";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { credentialObject, validationObject, vaultObject } from "../../src/api/vault-objects.ts";
import { newId } from "../../src/lib/ids.ts";
import { hashToken } from "../../src/teams/tokens.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { all, type CreateAuth, onHosts, ours, refused, VALUE, variable } from "../support/vault-inputs.ts";

let server: ApiServer;
let client: Anthropic;
/** Of another team of the same database. */
let stranger: Anthropic;
beforeAll(async () => {
  server = await startApiServer();
  client = server.client();
  const apiKey = "key-of-another-team-0001";
  const teamId = newId("team");
  await sql`insert into teams (id, name) values (${teamId}, 'strangers')`.execute(server.web.db);
  await sql`insert into api_keys (id, team_id, name, key_hash)
    values (${newId("apiKey")}, ${teamId}, 'theirs', ${hashToken(apiKey)})`.execute(server.web.db);
  stranger = server.client({ apiKey });
});
afterAll(() => server.close());

const newVault = () => client.beta.vaults.create({ display_name: "Build" });

describe("vaults", () => {
  test("are created, read, changed and listed", async () => {
    const vault = await client.beta.vaults.create({ display_name: "Production", metadata: { owner: "ada", old: "x" } });
    expect(vaultObject.parse(vault)).toMatchObject({ display_name: "Production", archived_at: null });
    expect(vault.id).toMatch(/^vlt_[0-9a-z]{26}$/);
    expect(await client.beta.vaults.retrieve(vault.id)).toEqual(vault);
    const changed = await client.beta.vaults.update(vault.id, {
      display_name: "Prod",
      metadata: { old: null, team: "a" },
    });
    expect(changed).toMatchObject({ display_name: "Prod", metadata: { owner: "ada", team: "a" } });
    expect(await client.beta.vaults.update(vault.id, {})).toMatchObject({ display_name: "Prod" });
    const listed = await all(client.beta.vaults.list({ limit: 1 }));
    expect(listed.map(({ id }) => id)).toContain(vault.id);
  });

  test("pages lead through all of them, the newest first", async () => {
    const made: string[] = [];
    for (let index = 0; index < 5; index++) made.unshift((await newVault()).id);
    const ids = (await all(client.beta.vaults.list({ limit: 2 }))).map(({ id }) => id);
    expect(ids.slice(0, 5)).toEqual(made);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("an archived one stays readable, takes nothing more, and has lost its values", async () => {
    const vault = await newVault();
    const credential = await client.beta.vaults.credentials.create(vault.id, { auth: variable() });
    const archived = await client.beta.vaults.archive(vault.id);
    expect(archived.archived_at).not.toBeNull();
    expect((await client.beta.vaults.archive(vault.id)).archived_at).toBe(archived.archived_at);
    expect(await storedValues(credential.id)).toBe(0);
    const inIt = await client.beta.vaults.credentials.retrieve(credential.id, { vault_id: vault.id });
    expect(inIt.archived_at).not.toBeNull();
    const { credentials } = client.beta.vaults;
    for (const call of [
      () => client.beta.vaults.update(vault.id, { display_name: "again" }),
      () => credentials.create(vault.id, { auth: variable({ secret_name: "OTHER" }) }),
      () => credentials.update(credential.id, { vault_id: vault.id, display_name: "again" }),
    ])
      expect(await refused(call())).toMatchObject({ status: 400, message: expect.stringContaining("archived") });
    const ids = async (include_archived: boolean) =>
      (await all(client.beta.vaults.list({ include_archived }))).map(({ id }) => id);
    expect(await ids(false)).not.toContain(vault.id);
    expect(await ids(true)).toContain(vault.id);
  });

  test("a deleted one is gone, with all that was in it", async () => {
    const vault = await newVault();
    const credential = await client.beta.vaults.credentials.create(vault.id, { auth: variable() });
    expect(await client.beta.vaults.delete(vault.id)).toEqual({ id: vault.id, type: "vault_deleted" });
    expect(await refused(client.beta.vaults.retrieve(vault.id))).toMatchObject({ status: 404 });
    expect(await storedValues(credential.id)).toBe(0);
  });
});

async function storedValues(credentialId: string): Promise<number> {
  const found = await sql<{ count: number }>`
    select count(*) from credential_secrets where credential_id = ${credentialId}`.execute(server.web.db);
  return found.rows[0]?.count ?? -1;
}

describe("credentials", () => {
  const refresh = {
    client_id: "berth",
    refresh_token: "rt_0123456789abcdef",
    token_endpoint: "https://login.example.com/token",
    token_endpoint_auth: { type: "client_secret_basic", client_secret: "cs_0123456789abcdef" },
    scope: "read write",
  };
  /** What a kind with hosts says that is put in as the Managed Agents API has it. */
  const forAll = { allowed_methods: null, allowed_path_prefixes: null };
  test.each<[string, CreateAuth, object]>([
    [
      "a variable",
      variable({ networking: { type: "limited", allowed_hosts: ["API.GitHub.com.", "*.Example.com"] } }),
      {
        type: "environment_variable",
        secret_name: "GITHUB_TOKEN",
        networking: { type: "limited", allowed_hosts: ["api.github.com", "*.example.com"] },
        injection_location: { header: true, body: false },
        ...forAll,
      },
    ],
    [
      "a variable for any host, in the body too",
      variable({ networking: { type: "unrestricted" }, injection_location: { body: true } }),
      {
        type: "environment_variable",
        secret_name: "GITHUB_TOKEN",
        networking: { type: "unrestricted" },
        injection_location: { header: true, body: true },
        ...forAll,
      },
    ],
    [
      "a variable for some methods and paths (ours)",
      variable({
        allowed_methods: ["get", "HEAD", "GET"],
        allowed_path_prefixes: ["/repos/acme/", "/user", "/repos/acme"],
      }),
      {
        type: "environment_variable",
        secret_name: "GITHUB_TOKEN",
        networking: { type: "limited", allowed_hosts: ["api.github.com"] },
        injection_location: { header: true, body: false },
        allowed_methods: ["GET", "HEAD"],
        allowed_path_prefixes: ["/repos/acme", "/user"],
      },
    ],
    [
      "a bearer token",
      { type: "static_bearer", token: VALUE, mcp_server_url: "https://MCP.example.com/sse" },
      { type: "static_bearer", mcp_server_url: "https://mcp.example.com/sse" },
    ],
    [
      "OAuth",
      {
        type: "mcp_oauth",
        access_token: VALUE,
        mcp_server_url: "https://mcp.example.com/sse",
        expires_at: "2126-01-31T12:00:00Z",
        refresh,
      } as CreateAuth,
      {
        type: "mcp_oauth",
        mcp_server_url: "https://mcp.example.com/sse",
        expires_at: "2126-01-31T12:00:00.000Z",
        refresh: {
          client_id: "berth",
          token_endpoint: "https://login.example.com/token",
          token_endpoint_auth: { type: "client_secret_basic" },
          resource: null,
          scope: "read write",
        },
      },
    ],
    [
      "OAuth without refresh",
      { type: "mcp_oauth", access_token: VALUE, mcp_server_url: "https://mcp.example.com/" },
      { type: "mcp_oauth", mcp_server_url: "https://mcp.example.com/", expires_at: null, refresh: null },
    ],
    [
      "basic (ours)",
      ours({ type: "basic", username: "x-access-token", password: VALUE, ...onHosts("github.com") }),
      { type: "basic", username: "x-access-token", ...onHosts("github.com"), ...forAll },
    ],
    [
      "a header (ours)",
      ours({ type: "header", header_name: "X-Api-Key", header_value: VALUE, ...onHosts("api.example.com") }),
      { type: "header", header_name: "X-Api-Key", ...onHosts("api.example.com"), ...forAll },
    ],
    [
      "AWS (ours)",
      ours({
        type: "aws_sigv4",
        access_key_id: "AKIAIOSFODNN7EXAMPLE",
        secret_access_key: VALUE,
        session_token: `${VALUE}/session`,
        region: "eu-central-1",
        ...onHosts("*.s3.eu-central-1.amazonaws.com"),
      }),
      {
        type: "aws_sigv4",
        access_key_id: "AKIAIOSFODNN7EXAMPLE",
        region: "eu-central-1",
        service: null,
        ...onHosts("*.s3.eu-central-1.amazonaws.com"),
        ...forAll,
      },
    ],
  ])("%s is stored, and its value never comes back", async (_kind, auth, shown) => {
    const vault = await newVault();
    const place = { vault_id: vault.id };
    const made = await client.beta.vaults.credentials.create(vault.id, {
      auth,
      display_name: "one",
      metadata: { a: "b" },
    });
    expect(credentialObject.parse(made)).toMatchObject({
      vault_id: vault.id,
      display_name: "one",
      metadata: { a: "b" },
    });
    expect(made.auth).toEqual(shown);
    const read = await client.beta.vaults.credentials.retrieve(made.id, place);
    expect(read).toEqual(made);
    expect(await all(client.beta.vaults.credentials.list(vault.id))).toEqual([made]);
    for (const value of [VALUE, refresh.refresh_token, refresh.token_endpoint_auth.client_secret])
      expect(JSON.stringify([made, read])).not.toContain(value);
  });

  test("a new value takes the old one's place; what is not named stays", async () => {
    const vault = await newVault();
    const place = { vault_id: vault.id };
    const made = await client.beta.vaults.credentials.create(vault.id, {
      auth: { type: "mcp_oauth", access_token: VALUE, mcp_server_url: "https://a.example.com/", refresh } as CreateAuth,
    });
    const sealed = () =>
      sql<{ field: string; version: number; sealed_value: Buffer }>`
        select field, version, sealed_value from credential_secrets where credential_id = ${made.id} order by field`
        .execute(server.web.db)
        .then(({ rows }) => rows);
    const before = await sealed();
    expect(before.map(({ field }) => field)).toEqual(["access_token", "client_secret", "refresh_token"]);
    await client.beta.vaults.credentials.update(made.id, {
      ...place,
      auth: { type: "mcp_oauth", access_token: "new-access-token-1", refresh: { scope: "" } },
    });
    const after = await sealed();
    expect(after.map(({ version }) => version)).toEqual([2, 1, 1]);
    expect(after[0]?.sealed_value).not.toEqual(before[0]?.sealed_value);
    expect(after.slice(1)).toEqual(before.slice(1));
    const read = await client.beta.vaults.credentials.retrieve(made.id, place);
    expect(read.auth).toMatchObject({ refresh: { scope: null, client_id: "berth" } });
    const named = await client.beta.vaults.credentials.update(made.id, { ...place, display_name: "named" });
    expect(named).toMatchObject({ display_name: "named", auth: read.auth });
    expect(await sealed()).toEqual(after);
  });

  test.each<[string, object]>([
    ["environment_variable", variable()],
    ["basic", { type: "basic", username: "u", password: VALUE, ...onHosts("a.example.com") }],
    ["header", { type: "header", header_name: "X-A", header_value: VALUE, ...onHosts("a.example.com") }],
    ["aws_sigv4", { type: "aws_sigv4", access_key_id: "AKIA", secret_access_key: VALUE, ...onHosts("a.example.com") }],
  ])("%s: methods and paths outlast a change of what else there is, until they are taken away", async (type, auth) => {
    const vault = await newVault();
    const { credentials } = client.beta.vaults;
    const scope = { allowed_methods: ["GET"], allowed_path_prefixes: ["/acme"] };
    const made = await credentials.create(vault.id, { auth: ours({ ...auth, ...scope }) });
    const change = async (changes: object) =>
      (await credentials.update(made.id, { vault_id: vault.id, auth: { type, ...changes } as never })).auth;
    // As a client does that knows the API's own fields only.
    expect(await change(onHosts("b.example.com"))).toMatchObject({ ...onHosts("b.example.com"), ...scope });
    expect(await change({ allowed_methods: ["post"] })).toMatchObject({ ...scope, allowed_methods: ["POST"] });
    expect(await change({ allowed_path_prefixes: null })).toMatchObject({
      ...{ allowed_methods: ["POST"], allowed_path_prefixes: null },
    });
    expect(await change({ allowed_methods: null })).toMatchObject(forAll);
  });

  test("one that was put in before there were scopes is for all requests", async () => {
    const vault = await newVault();
    const made = await client.beta.vaults.credentials.create(vault.id, { auth: variable() });
    await sql`update credentials set auth = auth - 'allowed_methods' - 'allowed_path_prefixes' where id = ${made.id}`.execute(
      server.web.db,
    );
    const read = await client.beta.vaults.credentials.retrieve(made.id, { vault_id: vault.id });
    expect(credentialObject.parse(read).auth).toMatchObject(forAll);
  });

  test("archiving one removes its value, deleting it the whole", async () => {
    const vault = await newVault();
    const place = { vault_id: vault.id };
    const made = await client.beta.vaults.credentials.create(vault.id, { auth: variable() });
    expect(await storedValues(made.id)).toBe(1);
    const archived = await client.beta.vaults.credentials.archive(made.id, place);
    expect(archived.archived_at).not.toBeNull();
    expect(await storedValues(made.id)).toBe(0);
    expect(
      await refused(client.beta.vaults.credentials.update(made.id, { ...place, display_name: "x" })),
    ).toMatchObject({ status: 400 });
    expect(await all(client.beta.vaults.credentials.list(vault.id))).toEqual([]);
    const listed = client.beta.vaults.credentials.list(vault.id, { include_archived: true });
    expect(await all(listed)).toEqual([archived]);
    // Its name is free again.
    await client.beta.vaults.credentials.create(vault.id, { auth: variable() });
    expect(await client.beta.vaults.credentials.delete(made.id, place)).toEqual({
      id: made.id,
      type: "vault_credential_deleted",
    });
    expect(await refused(client.beta.vaults.credentials.retrieve(made.id, place))).toMatchObject({ status: 404 });
  });

  test("a try whose server cannot be reached says that nobody knows", async () => {
    const vault = await newVault();
    const oauth = await client.beta.vaults.credentials.create(vault.id, {
      auth: { type: "mcp_oauth", access_token: VALUE, mcp_server_url: "https://a.example.com/", refresh } as CreateAuth,
    });
    const answer = await client.beta.vaults.credentials.mcpOAuthValidate(oauth.id, { vault_id: vault.id });
    expect(validationObject.parse(answer)).toMatchObject({ status: "unknown", has_refresh_token: true, refresh: null });
    const other = await client.beta.vaults.credentials.create(vault.id, { auth: variable() });
    expect(
      await refused(client.beta.vaults.credentials.mcpOAuthValidate(other.id, { vault_id: vault.id })),
    ).toMatchObject({ status: 400, message: expect.stringContaining("only mcp_oauth") });
  });

  test("a vault holds twenty", async () => {
    const vault = await newVault();
    for (let index = 0; index < 20; index++)
      await client.beta.vaults.credentials.create(vault.id, { auth: variable({ secret_name: `TOKEN_${index}` }) });
    expect(
      await refused(client.beta.vaults.credentials.create(vault.id, { auth: variable({ secret_name: "ONE_MORE" }) })),
    ).toMatchObject({ status: 400, message: expect.stringContaining("20 credentials") });
  });
});

describe("a session's vaults", () => {
  const start = async (vault_ids: string[], by = client) => {
    const agent = await by.beta.agents.create({ name: "Ada", model: "alpha" });
    const environment = await by.beta.environments.create({ name: `env ${Math.random()}` });
    return by.beta.sessions.create({ agent: agent.id, environment_id: environment.id, vault_ids });
  };

  test("are kept in their order, and go with a fork", async () => {
    const [a, b] = [await newVault(), await newVault()];
    const session = await start([b.id, a.id]);
    expect(session.vault_ids).toEqual([b.id, a.id]);
    expect((await client.beta.sessions.retrieve(session.id)).vault_ids).toEqual([b.id, a.id]);
    const fork = await server.call("POST", `/v1/sessions/${session.id}/fork`, { body: {} });
    expect(fork.body).toMatchObject({ vault_ids: [b.id, a.id] });
  });

  test("an archived one, one twice, and two with a tie are refused", async () => {
    const [a, b, archived] = [await newVault(), await newVault(), await newVault()];
    await client.beta.vaults.archive(archived.id);
    expect(await refused(start([a.id, archived.id]))).toMatchObject({
      status: 400,
      message: `vault_ids.1: vault ${archived.id} is archived`,
    });
    expect(await refused(start([a.id, a.id]))).toMatchObject({ status: 400 });
    for (const [vault, display_name] of [
      [a, "Of A"],
      [b, "Of B"],
    ] as const)
      await client.beta.vaults.credentials.create(vault.id, { display_name, auth: variable() });
    const tie = await refused(start([a.id, b.id]));
    expect(tie.status).toBe(400);
    expect(tie.message).toMatch(/^vault_ids: "Of A" \(.*\) and "Of B" \(.*\) are both for the variable GITHUB_TOKEN/);
  });

  test("T2: a foreign one, and one that never was, answer alike", async () => {
    const theirs = await stranger.beta.vaults.create({ display_name: "Theirs" });
    const never = newId("vault");
    const answers = await Promise.all([refused(start([theirs.id])), refused(start([never]))]);
    expect(answers.map(({ status }) => status)).toEqual([404, 404]);
    expect(answers[0]?.message.replace(theirs.id, "ID")).toBe(answers[1]?.message.replace(never, "ID"));
  });
});

describe("T1: another team", () => {
  test("finds nothing by any method, and reads the same as for what never was", async () => {
    const vault = await newVault();
    const credential = await client.beta.vaults.credentials.create(vault.id, { auth: variable() });
    const own = await stranger.beta.vaults.create({ display_name: "Own" });
    const calls = (vaultId: string, credentialId: string) => {
      const { vaults } = stranger.beta;
      const place = { vault_id: vaultId };
      return [
        vaults.retrieve(vaultId),
        vaults.update(vaultId, { display_name: "Mine" }),
        vaults.archive(vaultId),
        vaults.delete(vaultId),
        Promise.resolve(vaults.credentials.list(vaultId)),
        vaults.credentials.create(vaultId, { auth: variable() }),
        vaults.credentials.retrieve(credentialId, place),
        vaults.credentials.update(credentialId, { ...place, display_name: "Mine" }),
        vaults.credentials.archive(credentialId, place),
        vaults.credentials.delete(credentialId, place),
        vaults.credentials.mcpOAuthValidate(credentialId, place),
        // Through a vault of its own.
        vaults.credentials.retrieve(credentialId, { vault_id: own.id }),
        vaults.credentials.delete(credentialId, { vault_id: own.id }),
      ];
    };
    const never = [newId("vault"), newId("credential")] as const;
    const told = async (ids: readonly [string, string]) =>
      (await Promise.all(calls(...ids).map(refused))).map(({ status, message }) => ({
        status,
        message: message.replaceAll(ids[0], "V").replaceAll(ids[1], "C"),
      }));
    const foreign = await told([vault.id, credential.id]);
    expect(foreign.map(({ status }) => status)).toEqual(Array(13).fill(404));
    expect(foreign).toEqual(await told(never));
    expect(await client.beta.vaults.credentials.retrieve(credential.id, { vault_id: vault.id })).toEqual(credential);
    const listed = (await all(stranger.beta.vaults.list())).map(({ display_name }) => display_name);
    expect(new Set(listed)).toEqual(new Set(["Own", "Theirs"]));
  });
});

test("T11, T12: what would be SQL or a prototype is text", async () => {
  const names = [`'; drop table vaults; --`, `{{7*7}}`, "__proto__", `"}{"`, `%00' or '1'='1`];
  for (const display_name of names)
    expect((await client.beta.vaults.create({ display_name })).display_name).toBe(display_name);
  for (const id of ["vlt_' or '1'='1", "../agents", "vlt_%27"])
    expect((await server.call("GET", `/v1/vaults/${encodeURIComponent(id)}`)).status).toBe(404);
  const body = '{"display_name":"x","__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}';
  const answer = await server.call("POST", "/v1/vaults", { body });
  expect(answer.status).toBe(400);
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
  const bag = await server.call("POST", "/v1/vaults", { body: '{"display_name":"x","metadata":{"constructor":"y"}}' });
  expect(bag.body).toMatchObject({ metadata: { constructor: "y" } });
});

test("a POST that is repeated puts one credential in, and its kept fingerprint is not that of the value alone", async () => {
  const vault = await newVault();
  const body = JSON.stringify({ auth: variable() });
  const path = `/v1/vaults/${vault.id}/credentials`;
  const send = (sent: string) => server.call("POST", path, { body: sent, headers: { "idempotency-key": "once" } });
  const [first, second] = [await send(body), await send(body)];
  expect(second.body).toEqual(first.body);
  expect(second.headers.get("idempotent-replayed")).toBe("true");
  expect((await send(body.replace(VALUE, `${VALUE}x`))).status).toBe(400);
  expect(await all(client.beta.vaults.credentials.list(vault.id))).toHaveLength(1);
  const kept = await sql<{ request_hash: Buffer }>`
    select request_hash from idempotency_keys where key = 'once'`.execute(server.web.db);
  const plain = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`POST ${path}\n${body}`));
  expect(kept.rows[0]?.request_hash).toHaveLength(32);
  expect(kept.rows[0]?.request_hash.equals(Buffer.from(plain))).toBe(false);
});
