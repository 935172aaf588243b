// For which requests a credential is, besides its hosts (C2, C14, C15): a broker, real TLS on both sides, a host that keeps what it got.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CredentialAuth, RequestScope } from "../../src/contract/credentials.ts";
import {
  type CredentialWorld,
  type Held,
  heldCredential,
  heldVariable,
  startCredentialWorld,
} from "../support/credential-world.ts";
import type { Seen } from "../support/echo-host.ts";
import type { EgressWorld } from "../support/egress-world.ts";
import { until } from "../support/until.ts";

const HOST = "api.example.com";
const OTHER = "other.example.com";
const VALUE = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

let started: CredentialWorld;
let world: EgressWorld;
const seen: Seen[] = [];
const held: Held = { current: [] };

beforeAll(async () => {
  started = await startCredentialWorld([HOST, OTHER], { seen, held });
  ({ world } = started);
});
beforeEach(() => {
  seen.splice(0);
  world.lines.splice(0);
});
afterAll(() => started?.close());

const networking = { type: "limited" as const, allowed_hosts: [HOST] };
const basic = (scope: RequestScope, password = VALUE) =>
  heldCredential({ type: "basic", username: "u", networking, ...scope }, { password });
const sentPassword = () => {
  const { authorization } = seen.at(-1)?.headers ?? {};
  return authorization === undefined ? null : atob(String(authorization).slice("Basic ".length)).slice(2);
};
/** A variable of that scope, and what a request with its placeholder is answered. */
const asking = (scope: RequestScope, places: { body?: boolean } = {}) => {
  const variable = heldVariable("GITHUB_TOKEN", VALUE, { hosts: [HOST], ...places });
  held.current = [{ ...variable, auth: { ...variable.auth, ...scope } as CredentialAuth }];
  const headers = { authorization: `Bearer ${variable.placeholder}` };
  return {
    placeholder: variable.placeholder,
    ask: (request: { method?: string; path?: string; headers?: Record<string, string>; body?: string }) =>
      world.request(HOST, { ...request, headers: { ...headers, ...request.headers } }),
  };
};

describe("C2, C14: a placeholder leaves only with a request that its credential is for", () => {
  it("by its method", async () => {
    const { ask } = asking({ allowed_methods: ["GET", "HEAD"] });
    expect((await ask({})).status).toBe(200);
    expect(seen.at(-1)?.headers.authorization).toBe(`Bearer ${VALUE}`);
    seen.splice(0);
    for (const method of ["POST", "DELETE", "PATCH", "OPTIONS", "QUERY"]) {
      const answer = await ask({ method });
      expect(answer).toMatchObject({ status: 403, headers: { "x-berth-egress": "placeholder_scope" } });
      expect(answer.body).toContain(
        "GITHUB_TOKEN is not for this request: its vault allows it for GET, HEAD requests.",
      );
    }
    expect(seen).toEqual([]);
    await until(() => world.lines.some(({ decision }) => decision === "deny"));
    expect(world.lines.find(({ decision }) => decision === "deny")).toMatchObject({
      ...{ rule: "placeholder_scope", detail: "GITHUB_TOKEN", suspicious: true },
    });
  });

  it("by its path, below a prefix and not only written alike", async () => {
    const { ask } = asking({ allowed_path_prefixes: ["/repos/acme", "/user"] });
    for (const path of ["/repos/acme", "/repos/acme/", "/repos/acme/app?x=/other", "/user?y"])
      expect((await ask({ path })).status).toBe(200);
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(Array(4).fill(`Bearer ${VALUE}`));
    seen.splice(0);
    for (const path of [
      "/",
      "/repos",
      "/repos/acmeevil",
      "/repos/Acme/app",
      "/users",
      "/other?/repos/acme",
      "/x/user",
    ]) {
      const answer = await ask({ path });
      expect(answer).toMatchObject({ status: 403, headers: { "x-berth-egress": "placeholder_scope" } });
      expect(answer.body).toContain("for requests, to /repos/acme, /user and what lies below.");
    }
    expect(seen).toEqual([]);
  });

  it("in bodies too", async () => {
    const { placeholder } = asking({ allowed_path_prefixes: ["/login"], allowed_methods: ["POST"] }, { body: true });
    const send = (method: string, path: string, chunked: boolean) =>
      world.request(HOST, {
        ...{ method, path, body: `token=${placeholder}` },
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          ...(chunked && { "transfer-encoding": "chunked" }),
        },
      });
    for (const chunked of [false, true]) {
      expect((await send("POST", "/login", chunked)).status).toBe(200);
      expect(seen.at(-1)?.body).toBe(`token=${VALUE}`);
      expect(await send("PUT", "/login", chunked)).toMatchObject({ status: 403 });
      expect(await send("POST", "/log", chunked)).toMatchObject({ status: 403 });
    }
    expect(seen).toHaveLength(2);
  });
});

describe("C14: what is put in by itself goes with the requests that it is for, and the others go without it", () => {
  it("by method and path", async () => {
    held.current = [basic({ allowed_methods: ["GET", "POST"], allowed_path_prefixes: ["/acme/app.git"] })];
    const sent: [string, string, string | null][] = [];
    for (const [method, path] of [
      ["GET", "/acme/app.git/info/refs?service=git-upload-pack"],
      ["POST", "/acme/app.git/git-upload-pack"],
      ["DELETE", "/acme/app.git/x"],
      ["GET", "/acme/app.github"],
      ["GET", "/"],
    ] as const) {
      expect((await world.request(HOST, { method, path })).status).toBe(200);
      sent.push([method, path, sentPassword()]);
    }
    expect(sent.map(([, , password]) => password)).toEqual([VALUE, VALUE, null, null, null]);
  });

  it("of two the more exact one: a longer path, then a method", async () => {
    const wide = basic({}, "password-of-all");
    const below = basic({ allowed_path_prefixes: ["/acme"] }, "password-of-acme");
    const deeper = basic({ allowed_path_prefixes: ["/x", "/acme/app"] }, "password-of-app");
    const reading = basic({ allowed_path_prefixes: ["/acme"], allowed_methods: ["GET"] }, "password-of-reading");
    for (const credentials of [
      [wide, below, deeper, reading],
      [reading, deeper, below, wide],
    ]) {
      held.current = credentials;
      const sent: Record<string, string | null> = {};
      for (const [method, path] of [
        ["GET", "/"],
        ["GET", "/acme"],
        ["PUT", "/acme/other"],
        ["GET", "/acme/app/x"],
      ] as const) {
        await world.request(HOST, { method, path });
        sent[`${method} ${path}`] = sentPassword();
      }
      expect(sent).toEqual({
        ...{ "GET /": "password-of-all", "GET /acme": "password-of-reading" },
        ...{ "PUT /acme/other": "password-of-acme", "GET /acme/app/x": "password-of-app" },
      });
    }
  });

  it("an address and what lies below it wins by its path, one with a query before one without", async () => {
    const bearing = (mcp_server_url: string, token: string) =>
      heldCredential({ type: "static_bearer", mcp_server_url }, { token });
    const one = bearing(`https://${HOST}/mcp?x=1`, "token-of-the-query");
    const two = bearing(`https://${HOST}/mcp/abc`, "token-of-the-path");
    const three = bearing(`https://${HOST}/mcp`, "token-of-all");
    for (const credentials of [
      [one, two, three],
      [three, two, one],
    ]) {
      held.current = credentials;
      const sent: unknown[] = [];
      for (const path of ["/mcp/abc?x=1", "/mcp?x=1", "/mcp?x=2"]) {
        await world.request(HOST, { path });
        sent.push(seen.at(-1)?.headers.authorization);
      }
      expect(sent).toEqual(["Bearer token-of-the-path", "Bearer token-of-the-query", "Bearer token-of-all"]);
    }
  });

  it("a signature too", async () => {
    held.current = [
      heldCredential(
        {
          ...{ type: "aws_sigv4", access_key_id: "AKIAIOSFODNN7EXAMPLE", region: null, service: null, networking },
          ...{ allowed_methods: ["GET"], allowed_path_prefixes: ["/bucket"] },
        },
        { secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
      ),
    ];
    const made =
      "AWS4-HMAC-SHA256 Credential=mine/20260101/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=00";
    const send = async (method: string, path: string) => {
      const headers = {
        authorization: made,
        "x-amz-date": "20260101T000000Z",
        "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
      };
      expect((await world.request(HOST, { method, path, headers })).status).toBe(200);
      return String(seen.at(-1)?.headers.authorization).includes("AKIAIOSFODNN7EXAMPLE");
    };
    expect(await send("GET", "/bucket/key")).toBe(true);
    expect(await send("PUT", "/bucket/key")).toBe(false);
    expect(await send("GET", "/buckets")).toBe(false);
  });
});

describe("C14, C15: what a server could take for another method or path", () => {
  it.each(["/x?a=1&_method=delete", "/x?%5Fmethod=DELETE", "/x?a?_method=x&_method=put"])("%s", async (path) => {
    const { ask } = asking({ allowed_methods: ["GET", "POST"] });
    expect(await ask({ path })).toMatchObject({ status: 403, headers: { "x-berth-egress": "placeholder_scope" } });
    held.current = [basic({ allowed_methods: ["GET", "POST"] })];
    expect((await world.request(HOST, { path })).status).toBe(200);
    expect(sentPassword()).toBeNull();
    // Where no method decides nobody's query is judged.
    held.current = [basic({})];
    await world.request(HOST, { path });
    expect(sentPassword()).toBe(VALUE);
  });

  it("a method that is allowed may be named in the query", async () => {
    const { ask } = asking({ allowed_methods: ["GET", "DELETE"] });
    expect((await ask({ path: "/x?_method=delete" })).status).toBe(200);
  });

  const overrides = ["X-HTTP-Method-Override", "x-http-method", "X-Method-Override"];
  const rewrites = ["X-Original-URL", "X-Original-URI", "x-rewrite-url", "X-Override-URL"];
  it.each([...overrides, ...rewrites])("%s stays behind", async (name) => {
    held.current = [basic({ allowed_methods: ["GET"], allowed_path_prefixes: ["/repos/acme"] })];
    await world.request(HOST, { path: "/repos/acme", headers: { [name]: "/admin", "x-other": "stays" } });
    expect(sentPassword()).toBe(VALUE);
    expect(seen.at(-1)?.headers).toMatchObject({ "x-other": "stays" });
    expect(seen.at(-1)?.headers).not.toHaveProperty(name.toLowerCase());
  });

  it.each(["/repos/acme/../x", "/repos/acme/%2e%2e/x", "/repos/acme//x", "/repos/acme%2fx", "/repos/acme/..;/x"])(
    "C15: %s",
    async (path) => {
      const { ask } = asking({ allowed_path_prefixes: ["/repos/acme"] });
      expect(await ask({ path })).toMatchObject({ status: 400, headers: { "x-berth-egress": "credential_path" } });
      expect(seen).toEqual([]);
      // Elsewhere nobody's path is judged.
      expect((await world.request(OTHER, { path })).status).toBe(200);
    },
  );

  it("the value is taken out of answers of the host, whatever was asked for", async () => {
    held.current = [basic({ allowed_path_prefixes: ["/acme"] })];
    const answer = await world.request(HOST, { method: "POST", path: "/elsewhere", body: `it is ${VALUE}` });
    expect(answer.status).toBe(200);
    expect(answer.body).not.toContain(VALUE);
  });
});
