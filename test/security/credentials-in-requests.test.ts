// Where a credential may go (C2–C5, C11–C17, C26): a broker, real TLS on both sides, a host that keeps what it got.
import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newPlaceholder } from "../../src/secrets/placeholders.ts";
import type { SessionCredential } from "../../src/secrets/session-credentials.ts";
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
const SERVER = "mcp.example.com";
const VALUE = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
const only = (...hosts: string[]) => ({ type: "limited" as const, allowed_hosts: hosts });

const renewals: string[] = [];
const told: unknown[] = [];
let onRenewal: (credential: SessionCredential) => "changed" | "failed" = () => "failed";
let started: CredentialWorld;
let world: EgressWorld;
const seen: Seen[] = [];
const held: Held = { current: [] };

beforeAll(async () => {
  started = await startCredentialWorld([HOST, OTHER, SERVER], {
    ...{ seen, held },
    tellFailed: async ({ sessionId, credential, problem, final }) => {
      told.push([sessionId, credential.name, problem, final]);
    },
    refreshToken: async (_, credential) => {
      renewals.push(credential.id);
      return onRenewal(credential) === "changed"
        ? { did: "changed" }
        : { did: "failed", problem: "The token endpoint answered 400 invalid_grant.", final: true };
    },
  });
  ({ world } = started);
});
beforeEach(() => {
  seen.splice(0);
  world.lines.splice(0);
  renewals.splice(0);
  told.splice(0);
});
afterAll(() => started?.close());

const use = <T extends SessionCredential>(credential: T, ...more: SessionCredential[]): T => {
  held.current = [credential, ...more];
  return credential;
};
const token = (options: Parameters<typeof heldVariable>[2] = { hosts: [HOST] }) =>
  use(heldVariable("GITHUB_TOKEN", VALUE, options)).placeholder;
const bearing = (placeholder: string) => ({ authorization: `Bearer ${placeholder}` });
const lastLine = async () => {
  await until(() => world.lines.length > 0);
  return world.lines.at(-1);
};

describe("C5: a placeholder stands only where its credential is put in", () => {
  const places: Record<string, (placeholder: string) => Parameters<EgressWorld["request"]>[1]> = {
    "the path": (it) => ({ path: `/repos/${it}` }),
    "the query": (it) => ({ path: `/search?token=${it}` }),
    "a cookie": (it) => ({ headers: { cookie: `session=${it}` } }),
    "the user agent": (it) => ({ headers: { "user-agent": `curl ${it}` } }),
    "the referer": (it) => ({ headers: { referer: `https://${HOST}/${it}` } }),
    "the name of a header": (it) => ({ headers: { [`x-${it}`]: "1" } }),
    "a JSON body": (it) => ({
      method: "POST",
      body: JSON.stringify({ it }),
      headers: { "content-type": "application/json" },
    }),
    "a body in two chunks": (it) => ({ method: "POST", body: `x=${it}`, headers: { "transfer-encoding": "chunked" } }),
  };
  it.each(Object.entries(places))("%s", async (_, make) => {
    const answer = await world.request(HOST, make(token()));
    expect(answer).toMatchObject({ status: 403, headers: { "x-berth-egress": "placeholder_place" } });
    expect(seen).toEqual([]);
    expect(await lastLine()).toMatchObject({ decision: "deny", rule: "placeholder_place", suspicious: true });
  });

  it("only in headers, and only in bodies, as it is said", async () => {
    const inBody = token({ hosts: [HOST], header: false, body: true });
    expect((await world.request(HOST, { headers: bearing(inBody) })).status).toBe(403);
    expect(seen).toEqual([]);
    const body = `grant=${inBody}`;
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await world.request(HOST, { method: "POST", body, headers })).status).toBe(200);
    expect(seen.at(-1)?.body).toBe(`grant=${VALUE}`);
    expect(seen.at(-1)?.headers["content-length"]).toBe(String(`grant=${VALUE}`.length));
  });

  it("a declared body has the value in its own writing, also in chunks and when it is large", async () => {
    const value = `a"b\\c&d=é<${"v".repeat(10)}`;
    const { placeholder } = use(heldVariable("T", value, { hosts: [HOST], header: false, body: true }));
    const send = (body: string, headers: Record<string, string>) =>
      world.request(HOST, { method: "POST", body, headers });
    await send(JSON.stringify({ token: placeholder }), { "content-type": "application/json; charset=utf-8" });
    expect(JSON.parse(seen.at(-1)?.body ?? "")).toEqual({ token: value });
    await send(`a=1&t=${placeholder}`, { "content-type": "application/x-www-form-urlencoded" });
    expect(new URLSearchParams(seen.at(-1)?.body).get("t")).toBe(value);
    await send(`<t>${placeholder}</t>`, { "content-type": "text/xml" });
    expect(seen.at(-1)?.body).toContain("a&#34;b\\c&#38;d=é&#60;v");
    await send(JSON.stringify({ token: placeholder }), {
      "content-type": "application/json",
      "transfer-encoding": "chunked",
    });
    expect(JSON.parse(seen.at(-1)?.body ?? "")).toEqual({ token: value });
    const fill = "f".repeat(1_500_000);
    await send(JSON.stringify({ fill, token: placeholder }), { "content-type": "application/json" });
    expect(JSON.parse(seen.at(-1)?.body ?? "")).toEqual({ fill, token: value });
    expect(world.lines.at(-1)).toMatchObject({ detail: null, credentials: ["T"] });
  });

  it("a body whose type is neither JSON, a form, XML nor text gets no value, and no placeholder leaves in it", async () => {
    const placeholder = token({ hosts: [HOST], body: true });
    for (const type of ["application/grpc", "application/octet-stream", "application/x-protobuf"]) {
      const answer = await world.request(HOST, {
        method: "POST",
        body: placeholder,
        headers: { "content-type": type },
      });
      expect(answer).toMatchObject({ status: 403, headers: { "x-berth-egress": "placeholder_place" } });
    }
    expect(seen).toEqual([]);
  });

  it("a compressed body is not looked into, and goes as it is", async () => {
    const placeholder = token({ hosts: [HOST], body: true });
    const body = gzipSync(`token=${placeholder}`);
    await world.request(HOST, { method: "POST", body, headers: { "content-encoding": "gzip" } });
    expect(seen.at(-1)?.headers["content-length"]).toBe(String(body.length));
    expect(seen.at(-1)?.body).not.toContain(VALUE);
  });
});

describe("C2, C3, C4, C17, C12: the value and nothing else", () => {
  it("C2: it goes to no other allowed host", async () => {
    const answer = await world.request(OTHER, { headers: bearing(token()) });
    expect(answer.status).toBe(403);
    expect(answer.body).toContain(`GITHUB_TOKEN is not for ${OTHER}`);
    expect(seen).toEqual([]);
    expect(await lastLine()).toMatchObject({ rule: "placeholder_host", detail: "GITHUB_TOKEN", suspicious: true });
  });

  it("C3: what is not this session's goes nowhere, also without any credential of its own", async () => {
    for (const credentials of [[], [heldVariable("MINE", "value-of-mine")]]) {
      held.current = credentials;
      const answer = await world.request(HOST, { headers: bearing(newPlaceholder()) });
      expect(answer).toMatchObject({ status: 403, headers: { "x-berth-egress": "placeholder_unknown" } });
    }
    expect(seen).toEqual([]);
  });

  it("C4: placeholders have 160 random bits and are never alike", () => {
    const many = Array.from({ length: 5_000 }, newPlaceholder);
    expect(new Set(many).size).toBe(many.length);
    const characters = many.map((one) => one.slice("berth_placeholder_".length));
    for (let place = 0; place < 32; place++) expect(new Set(characters.map((text) => text[place])).size).toBe(32);
  });

  it.each([
    ["Bearer", (it: string) => ({ authorization: `Bearer ${it}` }), "authorization", `Bearer ${VALUE}`],
    ["token", (it: string) => ({ authorization: `token ${it}` }), "authorization", `token ${VALUE}`],
    ["a header of its own", (it: string) => ({ "private-token": it }), "private-token", VALUE],
    [
      "C13: git's Basic",
      (it: string) => ({ authorization: `Basic ${btoa(`x-access-token:${it}`)}` }),
      "authorization",
      `Basic ${btoa(`x-access-token:${VALUE}`)}`,
    ],
    [
      "Basic as user",
      (it: string) => ({ authorization: `basic ${btoa(`${it}:`)}` }),
      "authorization",
      `Basic ${btoa(`${VALUE}:`)}`,
    ],
  ])("swapped in %s", async (_, headers, name, sent) => {
    expect((await world.request(HOST, { headers: headers(token()) })).status).toBe(200);
    expect(seen.at(-1)?.headers[name]).toBe(sent);
    expect(await lastLine()).toMatchObject({ decision: "allow", credentials: ["GITHUB_TOKEN"] });
  });

  it("C12: a value that holds a placeholder is not looked at again", async () => {
    const other = heldVariable("OTHER", "value-of-other", { hosts: [HOST] });
    const outer = use(heldVariable("OUTER", `${other.placeholder} and $& $1`, { hosts: [HOST] }), other);
    await world.request(HOST, { headers: bearing(outer.placeholder) });
    expect(seen.at(-1)?.headers.authorization).toBe(`Bearer ${other.placeholder} and $& $1`);
  });

  it("C11: a value with a line break, planted in the database, is put into nothing", async () => {
    const planted = use(heldVariable("PLANTED", "value\r\nX-Admin: 1", { hosts: [HOST] }));
    expect((await world.request(HOST, { headers: bearing(planted.placeholder) })).status).toBe(502);
    use(heldCredential({ type: "static_bearer", mcp_server_url: `https://${SERVER}/` }, { token: "a\r\nX-Admin: 1" }));
    expect((await world.request(SERVER)).status).toBe(502);
    expect(seen).toEqual([]);
  });

  it("C17: what the program wrote into a header of a credential is replaced, each time it is there", async () => {
    use(
      heldCredential(
        { type: "header", header_name: "X-Api-Key", networking: only(HOST) },
        { header_value: "real-api-key" },
      ),
    );
    const socket = await world.tunnel(HOST);
    socket.write(
      `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-Api-Key: mine\r\nx-api-key: mine too\r\nConnection: close\r\n\r\n`,
    );
    await once(socket.resume(), "close");
    const { raw = [] } = seen.at(-1) ?? {};
    expect(raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === "x-api-key")).toEqual([
      "real-api-key",
    ]);
  });
});

describe("kinds that put in a header of their own", () => {
  it("basic, in UTF-8, to its hosts only", async () => {
    use(
      heldCredential(
        { type: "basic", username: "jürgen", networking: only("*.example.com") },
        { password: "pässword-1" },
      ),
    );
    await world.request(HOST, { headers: { authorization: "Basic xyz" } });
    expect(seen.at(-1)?.headers.authorization).toBe(`Basic ${Buffer.from("jürgen:pässword-1").toString("base64")}`);
  });

  it("of two for one header the more exact wins, whatever their order", async () => {
    const all = heldCredential(
      { type: "basic", username: "a", networking: only("*.example.com") },
      { password: "password-of-all" },
    );
    const one = heldCredential(
      { type: "basic", username: "b", networking: only(HOST) },
      { password: "password-of-one" },
    );
    for (const both of [
      [all, one],
      [one, all],
    ]) {
      held.current = both;
      await world.request(HOST);
      expect(atob(String(seen.at(-1)?.headers.authorization).slice(6))).toBe("b:password-of-one");
    }
  });

  it("a cookie, by the header of that name", async () => {
    use(
      heldCredential(
        { type: "header", header_name: "Cookie", networking: only(HOST) },
        { header_value: "session=real-session" },
      ),
    );
    await world.request(HOST, { headers: { cookie: "session=mine" } });
    expect(seen.at(-1)?.headers.cookie).toBe("session=real-session");
  });

  it("C14: a bearer is for its address and what lies below it", async () => {
    use(
      heldCredential(
        { type: "static_bearer", mcp_server_url: `https://${SERVER}/mcp` },
        { token: "bearer-0123456789" },
      ),
    );
    const sent: Record<string, boolean> = {};
    for (const path of ["/mcp", "/mcp/", "/mcp/a?b", "/mcp?x=1", "/", "/mcpx", "/other/mcp"]) {
      await world.request(SERVER, { path });
      sent[path] = seen.at(-1)?.headers.authorization === "Bearer bearer-0123456789";
    }
    expect(sent).toEqual({
      ...{ "/mcp": true, "/mcp/": true, "/mcp/a?b": true, "/mcp?x=1": true },
      ...{ "/": false, "/mcpx": false, "/other/mcp": false },
    });
    await world.request(HOST, { path: "/mcp" });
    expect(seen.at(-1)?.headers.authorization).toBeUndefined();
  });

  it.each([
    "/mcp/../admin",
    "/mcp/%2e%2e/admin",
    "/mcp//x",
    "//mcp",
    "/mcp%2fx",
    "/mcp/.",
    "/mcp\\..\\admin",
    "/mcp;x",
    "/%2E/mcp",
  ])("C15: %s is refused where a path decides about a credential", async (path) => {
    use(
      heldCredential(
        { type: "static_bearer", mcp_server_url: `https://${SERVER}/mcp` },
        { token: "bearer-0123456789" },
      ),
    );
    expect(await world.request(SERVER, { path })).toMatchObject({ status: 400 });
    expect(seen).toEqual([]);
    // Elsewhere nobody's path is judged.
    expect((await world.request(HOST, { path })).status).toBe(200);
  });

  const oauth = (access: string, seconds: number, changes: Partial<SessionCredential> = {}) =>
    heldCredential(
      {
        ...{ type: "mcp_oauth", mcp_server_url: `https://${SERVER}/` },
        expires_at: new Date(Date.now() + seconds * 1000).toISOString(),
        refresh: {
          ...{ client_id: "c", token_endpoint: "https://id.example.com/token", scope: null, resource: null },
          token_endpoint_auth: { type: "none" },
        },
      },
      { access_token: access, refresh_token: "refresh-0123456789" },
      { name: "Tracker", ...changes },
    );

  it("C26: an OAuth token that ends soon is renewed before it goes out, and one that is over and is not is told", async () => {
    use(oauth("access-old-0123", 30));
    onRenewal = () => {
      held.current = [oauth("access-new-0123", 3_600)];
      return "changed";
    };
    await world.request(SERVER);
    expect(seen.at(-1)?.headers.authorization).toBe("Bearer access-new-0123");
    await world.request(SERVER);
    expect(renewals).toHaveLength(1);
    onRenewal = () => "failed";
    use(oauth("access-old-0123", 30));
    await world.request(SERVER);
    expect(seen.at(-1)?.headers.authorization).toBe("Bearer access-old-0123");
    use(oauth("access-over-0123", -1));
    const answer = await world.request(SERVER);
    expect(answer.status).toBe(502);
    expect(answer.body).toContain(
      "Tracker is over and could not be renewed. The token endpoint answered 400 invalid_grant.",
    );
    expect(told).toEqual([[expect.any(String), "Tracker", "The token endpoint answered 400 invalid_grant.", true]]);
    expect(JSON.stringify(seen)).not.toContain("refresh-0123456789");
  });

  it("C26: a token that its host refuses before its time is renewed, and the same request made once more", async () => {
    const first = use(oauth("access-revoked-1", 3_600));
    onRenewal = () => {
      held.current = [oauth("access-valid-22", 3_600, { id: first.id, version: 2 })];
      return "changed";
    };
    const answer = await world.request(SERVER, { path: "/echo/only/valid-22" });
    expect(answer.status).toBe(200);
    expect(answer.body).not.toContain("access-valid-22");
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer access-revoked-1",
      "Bearer access-valid-22",
    ]);
    expect(renewals).toHaveLength(1);
    expect(await lastLine()).toMatchObject({ status: 200, decision: "allow", credentials: ["Tracker"] });
    // Refused again at once: a host that takes none does not use up refresh tokens.
    expect((await world.request(SERVER, { path: "/echo/only/nothing-of-ours" })).status).toBe(401);
    expect(renewals).toHaveLength(1);
    expect(seen).toHaveLength(3);
  });

  it("C26: a body that went out is not sent twice: the 401 is passed on, and the next request has the new token", async () => {
    const first = use(oauth("access-revoked-2", 3_600));
    onRenewal = () => {
      held.current = [oauth("access-valid-33", 3_600, { id: first.id, version: 2 })];
      return "changed";
    };
    const post = { method: "POST", path: "/echo/only/valid-33", body: "once" };
    expect((await world.request(SERVER, post)).status).toBe(401);
    expect(seen.map(({ body }) => body)).toEqual(["once"]);
    expect((await world.request(SERVER, post)).status).toBe(200);
    expect(renewals).toHaveLength(1);
    onRenewal = () => "failed";
    use(oauth("access-revoked-4", 3_600));
    expect((await world.request(SERVER, { path: "/echo/only/another" })).status).toBe(401);
    expect(told).toHaveLength(1);
  });
});
