// K5, K8, C25: a value that was put into a vault is nowhere: not in the database and its files, not in logs, not in an answer, not in an event.
import { rename, stat } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findForms, findIn, formsOf, newCanary } from "../support/canary.ts";
import { sweepSystem } from "../support/sweep.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

let system: System;
beforeAll(async () => {
  system = await startSystem({ env: { BERTH_LOG_LEVEL: "trace" } });
}, 300_000);
afterAll(() => system?.dispose());

test("the sweep finds a value in each form, wherever it begins", () => {
  const value = newCanary("control");
  for (const [name, form] of Object.entries(formsOf(value)))
    expect(findForms(Buffer.from(`x${form}y`), [value]).join(), name).toContain(name.split(" ")[0]);
  for (const before of ["", "a", "ab", "abc"])
    for (const after of ["", "z", "zy"])
      expect(findForms(Buffer.from(Buffer.from(before + value + after).toString("base64")), [value])).not.toEqual([]);
  expect(findForms(Buffer.from("nothing here"), [value])).toEqual([]);
});

test("C25, K5, K8: after a walk through the API with values in every secret field, none is found anywhere", async () => {
  const canaries: string[] = [];
  const canary = (name: string) => {
    const value = newCanary(name);
    canaries.push(value);
    return value;
  };
  const answers: { call: string; text: string }[] = [];
  async function call(method: string, where: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(system.url + where, {
      method,
      headers: { "x-api-key": system.apiKey, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = `${JSON.stringify([...response.headers])}\n${await response.text()}`;
    answers.push({ call: `${method} ${where} ${response.status}`, text });
    return { status: response.status, body: JSON.parse(text.split("\n").slice(1).join("\n")) as { id: string } };
  }

  const made = await call("POST", "/v1/vaults", { display_name: "Walk" });
  const credentials = `/v1/vaults/${made.body.id}/credentials`;
  const hosts = { networking: { type: "limited", allowed_hosts: ["api.example.com"] } };
  const kinds: [object, object][] = [
    [
      { type: "environment_variable", secret_name: "TOKEN", secret_value: canary("variable"), ...hosts },
      { type: "environment_variable", secret_value: canary("variable-2") },
    ],
    [
      { type: "static_bearer", token: canary("bearer"), mcp_server_url: "https://a.example.com/" },
      { type: "static_bearer", token: canary("bearer-2") },
    ],
    [
      {
        type: "mcp_oauth",
        access_token: canary("access"),
        mcp_server_url: "https://b.example.com/",
        refresh: {
          client_id: "berth",
          refresh_token: canary("refresh"),
          token_endpoint: "https://b.example.com/token",
          token_endpoint_auth: { type: "client_secret_post", client_secret: canary("client") },
        },
      },
      { type: "mcp_oauth", access_token: canary("access-2"), refresh: { refresh_token: canary("refresh-2") } },
    ],
    [
      { type: "basic", username: "u", password: canary("password"), ...hosts },
      { type: "basic", password: canary("password-2") },
    ],
    [
      { type: "header", header_name: "X-Key", header_value: canary("header"), ...hosts },
      { type: "header", header_value: canary("header-2") },
    ],
    [
      {
        type: "aws_sigv4",
        access_key_id: "AKIAEXAMPLE",
        secret_access_key: canary("aws"),
        session_token: canary("aws-session"),
        networking: { type: "limited", allowed_hosts: ["s3.example.com"] },
      },
      { type: "aws_sigv4", secret_access_key: canary("aws-2"), session_token: canary("aws-session-2") },
    ],
  ];
  const ids: string[] = [];
  for (const [index, [auth, update]] of kinds.entries()) {
    // Also as the SDKs repeat them, and with a key of their own.
    const headers = { "idempotency-key": `walk-${index}`, "x-stainless-retry-count": "0" };
    const created = await call("POST", credentials, { auth }, headers);
    expect(created.status).toBe(200);
    await call("POST", credentials, { auth }, headers);
    const { id } = created.body;
    ids.push(id);
    await call("POST", `${credentials}/${id}`, { auth: update }, { "x-stainless-retry-count": "1" });
    await call("GET", `${credentials}/${id}`);
    await call("POST", `${credentials}/${id}/mcp_oauth_validate`);
    expect((await call("POST", credentials, { auth })).status).toBe(409);
  }
  const agents = (await call("GET", "/v1/agents")).body as unknown as { data: { id: string }[] };
  const place = { agent: agents.data[0]?.id };
  const repository = { type: "github_repository", url: "https://git.example.com/acme/app" };
  // What is refused, in every way that has words.
  const refused = canary("refused");
  const repositories = {
    refused: [
      { ...repository, authorization_token: `${refused}\n` },
      { ...repository, authorization_token: [refused] },
      { ...repository, authorization_token: refused.repeat(5_000) },
      { ...repository, token: refused },
      { ...repository, url: `https://x-access-token:${refused}@git.example.com/acme/app` },
      { ...repository, url: `https://git.example.com/acme/app?token=${refused}` },
      { ...repository, type: "file", authorization_token: refused },
      { ...repository, checkout: { type: "branch", name: `${refused} x` } },
    ],
  };
  const variable = { type: "environment_variable", secret_name: "X", ...hosts };
  const wrong: [string, unknown][] = [
    [credentials, { auth: { ...variable, secret_value: `${refused}\r\nx` } }],
    [credentials, { auth: { ...variable, secret_value: ` ${refused}` } }],
    [credentials, { auth: { ...variable, secret_value: refused.repeat(1000) } }],
    [credentials, { auth: { ...variable, secret_value: [refused] } }],
    [credentials, { auth: { ...variable, secret_value: { value: refused } } }],
    [credentials, { auth: { ...variable, secret_values: refused } }],
    [credentials, { auth: { ...variable, type: "static_bearer", secret_value: refused } }],
    [credentials, { auth: { ...variable, secret_value: refused, ...{ networking: { type: "limited" } } } }],
    [credentials, `{"auth":{"type":"environment_variable","secret_value":"${refused.slice(0, 10)}"x`],
    [credentials, `{"auth": ${refused}`],
    [`${credentials}/${ids[0]}`, { auth: { type: "basic", password: refused } }],
    ["/v1/vaults/vlt_00000000000000000000000000/credentials", { auth: { ...variable, secret_value: refused } }],
    ["/v1/vaultz", { auth: { ...variable, secret_value: refused } }],
    ["/v1/sessions", { auth: { ...variable, secret_value: refused } }],
    ...repositories.refused.map((resource): [string, unknown] => ["/v1/sessions", { ...place, resources: [resource] }]),
    ["/v1/sessions/sesn_00000000000000000000000000/resources", { ...repository, authorization_token: refused }],
  ];
  for (const [where, body] of wrong) {
    const { status } = await call("POST", where, body);
    expect(status, `${where} ${JSON.stringify(body).slice(0, 90)}`).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  }
  await call("GET", credentials);
  await call("GET", "/v1/vaults");

  // A session with the vault that runs a command: events, output, exports, what operators see.
  const session = await call("POST", "/v1/sessions", {
    ...place,
    vault_ids: [made.body.id],
    resources: [
      { ...repository, authorization_token: canary("repository") },
      {
        ...repository,
        mount_path: "/workspace/other",
        url: `${repository.url}2`,
        authorization_token: canary("deleted"),
      },
    ],
    initial_events: [{ type: "user.message", content: [{ type: "text", text: "Run `env; cat /proc/*/environ`" }] }],
  });
  expect(session.status).toBe(200);
  const events = `/v1/sessions/${session.body.id}/events`;
  await until(async () => JSON.stringify((await call("GET", events)).body).includes("session.status_idle"), {
    timeoutMs: 60_000,
  });
  for (const where of [
    `/v1/sessions/${session.body.id}`,
    `/v1/sessions/${session.body.id}/timeline`,
    "/v1/sessions",
    "/openapi.json",
    "/readyz",
  ])
    await call("GET", where);
  // Tokens of repositories: shown, replaced, added, taken away, and copied to a fork.
  const resources = `/v1/sessions/${session.body.id}/resources`;
  const listed = (await call("GET", resources)).body as unknown as { data: { id: string }[] };
  const [first, second] = listed.data;
  const withToken = (name: string) => ({ authorization_token: canary(name) });
  expect((await call("POST", `${resources}/${first?.id}`, withToken("repository-2"))).status).toBe(200);
  const third = { ...repository, url: `${repository.url}3`, ...withToken("added") };
  const added = { "idempotency-key": "walk-resource", "x-stainless-retry-count": "0" };
  for (let repeat = 0; repeat < 2; repeat++) expect((await call("POST", resources, third, added)).status).toBe(200);
  await call("GET", `${resources}/${first?.id}`);
  expect((await call("POST", `${resources}/${first?.id}`, { authorization_token: `${refused}\r\n` })).status).toBe(400);
  expect((await call("DELETE", `${resources}/${second?.id}`)).status).toBe(200);
  const fork = await call("POST", `/v1/sessions/${session.body.id}/fork`, {});
  await call("GET", `/v1/sessions/${fork.body.id}/resources`);
  await call("GET", events);
  for (const id of ids.slice(0, 2)) await call("POST", `${credentials}/${id}/archive`);
  await call("DELETE", `${credentials}/${ids[2]}`);

  const sweep = [
    ...answers.map(({ call: place, text }) => ({ place, bytes: Buffer.from(text) })),
    ...(await sweepSystem(system)),
  ];
  expect(findIn(sweep, canaries)).toEqual([]);
  expect(canaries.length).toBeGreaterThan(15);
}, 120_000);

test("K7, K11: without its KEK a start ends with what to do, makes no new one, and works again with the old one", async () => {
  const kek = path.join(system.dataDir, "kek");
  expect((await stat(kek)).mode & 0o777).toBe(0o600);
  await system.stop();
  await rename(kek, `${kek}.away`);
  await expect(system.start()).rejects.toThrow(
    /The key of the stored credentials is missing: .*Put it back from your copy, or set BERTH_KEK/,
  );
  await expect(stat(kek)).rejects.toThrow(/ENOENT/);
  await rename(`${kek}.away`, kek);
  await system.start();
  expect((await system.client().beta.vaults.list()).data.map(({ display_name }) => display_name)).toEqual(["Walk"]);
}, 120_000);
