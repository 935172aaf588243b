// Credentials that are refused: what no request could carry, and what would compete. By the official SDK against a real server.
import type Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { all, type CreateAuth, onHosts, ours, refused, VALUE, variable } from "../support/vault-inputs.ts";

let server: ApiServer;
let client: Anthropic;
beforeAll(async () => {
  server = await startApiServer();
  client = server.client();
});
afterAll(() => server.close());

const newVault = () => client.beta.vaults.create({ display_name: "Build" });

describe("refused with words that do not repeat the value", () => {
  const basic = { type: "basic", username: "u", password: VALUE };
  test.each<[string, object, RegExp]>([
    ["a short value", variable({ secret_value: "short77" }), /^auth\.secret_value: must have at least 8/],
    ["a line break", variable({ secret_value: "canary-one\r\nHost: x" }), /^auth\.secret_value: has a line break/],
    ["a common word", variable({ secret_value: "ChangeMe" }), /^auth\.secret_value: is a common word/],
    ["a name with a dash", variable({ secret_name: "GITHUB-TOKEN" }), /^auth\.secret_name: must be the name/],
    ["a name that means something", variable({ secret_name: "LD_PRELOAD" }), /^auth\.secret_name: LD_PRELOAD means/],
    ["no place", variable({ injection_location: { header: false } }), /^auth\.injection_location: at least one/],
    ["*.com", variable(onHosts("*.com")), /^auth\.networking\.allowed_hosts\.0: "\*\.com" is too wide/],
    ["an address", variable(onHosts("a.example.com", "10.0.0.1")), /allowed_hosts\.1: "10\.0\.0\.1" is an address/],
    ["a port", variable(onHosts("a.example.com:8443")), /holds a port/],
    ["a path", variable(onHosts("a.example.com/x")), /leave the scheme and the path out/],
    ["a URL", variable(onHosts("https://a.example.com")), /leave the scheme and the path out/],
    ["no method", variable({ allowed_methods: [] }), /^auth\.allowed_methods: /],
    [
      "a method of two words",
      variable({ allowed_methods: ["GET it"] }),
      /^auth\.allowed_methods\.0: "GET it" is not a/,
    ],
    [
      "a tunnel",
      variable({ allowed_methods: ["GET", "connect"] }),
      /^auth\.allowed_methods\.1: "connect" is let through/,
    ],
    ["17 methods", variable({ allowed_methods: Array.from({ length: 17 }, () => "GET") }), /^auth\.allowed_methods: /],
    ...Object.entries({
      "repos/acme": "must begin with a slash",
      "/": "is every path",
      "/a?b=1": "holds a query",
      "/a/*": "is no pattern",
      "/a/../b": "can be read in several ways",
      "/a//b": "can be read in several ways",
      "/a%2fb": "can be read in several ways",
      "/a b": "must be written as in a request",
      "/é": "must be written as in a request",
    }).map(([path, words]): [string, object, RegExp] => [
      `the path ${path}`,
      { ...basic, ...onHosts("a.com"), allowed_path_prefixes: ["/ok", path] },
      new RegExp(`^auth\\.allowed_path_prefixes\\.1: .* ${words}`),
    ]),
    [
      "paths of a bearer",
      { type: "static_bearer", token: VALUE, mcp_server_url: "https://a.com/", allowed_path_prefixes: ["/x"] },
      /^auth\.allowed_path_prefixes: unknown field/,
    ],
    ["no host", variable(onHosts()), /^auth\.networking\.allowed_hosts: /],
    ["17 hosts", variable(onHosts(...Array.from({ length: 17 }, (_, i) => `h${i}.example.com`))), /allowed_hosts: /],
    [
      "an open connection",
      { type: "static_bearer", token: VALUE, mcp_server_url: "http://a.com/" },
      /begin with https/,
    ],
    [
      "a user",
      { type: "static_bearer", token: VALUE, mcp_server_url: "https://u:p@a.com/" },
      /holds a user or password/,
    ],
    ["loopback", { type: "static_bearer", token: VALUE, mcp_server_url: "https://127.1/" }, /not the name of a host/],
    [
      "an end in the past",
      { type: "mcp_oauth", access_token: VALUE, mcp_server_url: "https://a.com/", expires_at: "2020-01-01T00:00:00Z" },
      /^auth\.expires_at: must be in the future/,
    ],
    ...["2126-01-31T12:00", "2126-02-31T12:00:00Z", "2126-01-31"].map((expires_at): [string, object, RegExp] => [
      `an end that is no time: ${expires_at}`,
      { type: "mcp_oauth", access_token: VALUE, mcp_server_url: "https://a.com/", expires_at },
      /^auth\.expires_at: must be an RFC 3339 time/,
    ]),
    ...["Bearer ", "bearer  ", "BEARER: ", "Authorization: Bearer ", " Bearer\t"].flatMap(
      (word): [string, object, RegExp][] => [
        [
          `a token of ${JSON.stringify(word)}`,
          { type: "static_bearer", token: word + VALUE, mcp_server_url: "https://a.com/" },
          /^auth\.token: leave out the word Bearer/,
        ],
        [
          `an access token of ${JSON.stringify(word)}`,
          { type: "mcp_oauth", access_token: word + VALUE, mcp_server_url: "https://a.com/" },
          /^auth\.access_token: leave out the word Bearer/,
        ],
      ],
    ),
    ["everywhere", { ...basic, networking: { type: "unrestricted" } }, /^auth\.networking\.type: /],
    ["a colon", { ...basic, username: "a:b", ...onHosts("a.com") }, /^auth\.username: /],
    [
      "Host",
      { type: "header", header_name: "Host", header_value: VALUE, ...onHosts("a.example.com") },
      /part of how a request travels/,
    ],
    [
      "a broken header",
      { type: "header", header_name: "X Y", header_value: VALUE, ...onHosts("a.example.com") },
      /^auth\.header_name: is not the name of a header/,
    ],
    ["an unknown kind", { type: "password", value: VALUE }, /^auth\.type: /],
    ["an unknown field", { ...variable(), value: VALUE }, /^auth\.value: unknown field/],
    ["a prototype", JSON.parse(`{"type":"basic","__proto__":{"password":"${VALUE}"}}`) as object, /^auth\./],
  ])("%s", async (_what, auth, words) => {
    const vault = await newVault();
    const answer = await refused(client.beta.vaults.credentials.create(vault.id, { auth: auth as CreateAuth }));
    expect(answer).toMatchObject({ status: 400, message: expect.stringMatching(words) });
    expect(answer.message).not.toContain(VALUE);
    expect(answer.message).not.toContain("canary");
    expect(await all(client.beta.vaults.credentials.list(vault.id))).toEqual([]);
  });

  test("a change to another kind, of what cannot change, or to a value that is refused", async () => {
    const vault = await newVault();
    const made = await client.beta.vaults.credentials.create(vault.id, {
      auth: variable({ injection_location: { header: false, body: true }, secret_value: "пароль-1234" }),
    });
    const change = (auth: object) =>
      refused(client.beta.vaults.credentials.update(made.id, { vault_id: vault.id, auth: auth as never }));
    expect(await change({ type: "static_bearer", token: VALUE })).toMatchObject({
      status: 400,
      message: "auth.type: this credential is of type environment_variable, which cannot be changed",
    });
    expect(await change({ type: "environment_variable", secret_name: "X" })).toMatchObject({ status: 400 });
    expect(await change({ type: "environment_variable", secret_value: "short" })).toMatchObject({ status: 400 });
    expect(await change({ type: "environment_variable", injection_location: { header: true } })).toMatchObject({
      message: expect.stringContaining("together with a new secret_value"),
    });
    expect(await change({ type: "environment_variable", injection_location: { body: false } })).toMatchObject({
      message: expect.stringContaining("at least one"),
    });
  });
});

test("a new token that has the word Bearer before it is refused too, for both kinds; what only begins like it is not", async () => {
  const vault = await newVault();
  const change = (id: string, auth: object) =>
    client.beta.vaults.credentials.update(id, { vault_id: vault.id, auth: auth as never });
  for (const [type, field] of [
    ["static_bearer", "token"],
    ["mcp_oauth", "access_token"],
  ] as const) {
    const auth = { type, [field]: `bearer-${VALUE}`, mcp_server_url: `https://a.example.com/${type}` };
    const made = await client.beta.vaults.credentials.create(vault.id, { auth: auth as unknown as CreateAuth });
    expect(await refused(change(made.id, { type, [field]: `Bearer ${VALUE}` }))).toMatchObject({
      status: 400,
      message: `auth.${field}: leave out the word Bearer: it is put before the token when it is sent`,
    });
    await change(made.id, { type, [field]: `Bearer${VALUE}` });
  }
});

describe("two credentials for one place", () => {
  test("a tie is refused with both names; a more exact host is none", async () => {
    const vault = await newVault();
    const put = (display_name: string, ...hosts: string[]) =>
      client.beta.vaults.credentials.create(vault.id, {
        display_name,
        auth: ours({ type: "basic", username: "u", password: VALUE, ...onHosts(...hosts) }),
      });
    const wide = await put("Everything", "*.example.com");
    await put("One host", "git.example.com");
    const tie = await refused(put("Again", "other.example.org", "*.EXAMPLE.com"));
    expect(tie.status).toBe(409);
    expect(tie.message).toMatch(/^"Everything" \(vcrd_.*\) and "Again" \(vcrd_.*\) are both for \*\.example\.com: /);
    // Neither does a change make one.
    const other = await put("Third", "third.example.com");
    const change = client.beta.vaults.credentials.update(other.id, {
      vault_id: vault.id,
      auth: { type: "basic", ...onHosts("*.example.com") } as never,
    });
    expect(await refused(change)).toMatchObject({ status: 409 });
    await client.beta.vaults.credentials.archive(wide.id, { vault_id: vault.id });
    await put("Again", "*.example.com");
  });

  test("other methods or paths are another place, the same ones a tie", async () => {
    const vault = await newVault();
    const put = (display_name: string, scope: object) =>
      client.beta.vaults.credentials.create(vault.id, {
        display_name,
        auth: ours({ type: "basic", username: "u", password: VALUE, ...onHosts("git.example.com"), ...scope }),
      });
    await put("Acme", { allowed_path_prefixes: ["/acme"] });
    await put("Others", {});
    await put("Reading", { allowed_path_prefixes: ["/acme"], allowed_methods: ["GET"] });
    const tie = await refused(
      put("Again", { allowed_path_prefixes: ["/x", "/acme/"], allowed_methods: ["PUT", "GET"] }),
    );
    expect(tie).toMatchObject({
      status: 409,
      message: expect.stringMatching(
        /^"Reading" \(vcrd_.*\) and "Again" \(vcrd_.*\) are both for GET git\.example\.com\/acme: /,
      ),
    });
  });

  test("of many that are put in at once, one stays", async () => {
    const vault = await newVault();
    const made = await Promise.allSettled(
      Array.from({ length: 6 }, () => client.beta.vaults.credentials.create(vault.id, { auth: variable() })),
    );
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await all(client.beta.vaults.credentials.list(vault.id))).toHaveLength(1);
  });
});
