// The API as somebody attacks it, by the ids of docs/security.md: every route, with what no honest client sends.
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../src/lib/ids.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { until } from "../support/until.ts";

type Route = { method: string; path: string };

let server: ApiServer;
let routes: Route[];
let cookie: string;
beforeAll(async () => {
  server = await startApiServer();
  const document = (await server.call("GET", "/openapi.json", { anonymous: true })).body as {
    paths: Record<string, Record<string, unknown>>;
  };
  routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
  const login = await server.call("POST", "/auth/login", {
    ...{ anonymous: true, body: { api_key: server.apiKey }, headers: { "x-berth-csrf": "1" } },
  });
  cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
});
afterAll(() => server?.close());

const filled = (path: string, value: string) => path.replaceAll(/\{\w+\}/g, encodeURIComponent(value));
const isChange = ({ method }: Route) => method !== "GET";

/** Bytes as they are, and all that comes until the other end closes. */
function raw(text: string): { answer: Promise<string>; socket: ReturnType<typeof connect>; said: () => string } {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  let said = "";
  socket.on("data", (piece) => {
    said += piece.toString("latin1");
  });
  socket.on("error", () => socket.destroy());
  const answer = new Promise<string>((resolve) => socket.once("close", () => resolve(said)));
  socket.write(text);
  return { answer, socket, said: () => said };
}

/** What only the inside knows. */
const INSIDE =
  /\bat \S+ \(|\.ts:\d+|node_modules|\/src\/|\bselect \b.*\bfrom\b|\binsert into\b|pg_|kysely|postgres:\/\/|ECONN|TEST_KEK/i;
/** A custom tool's input, which is described in JSON Schema: any of its words may stand there. */
const OPEN_BY_THE_API = /\.tools\.input_schema$/;
const HOSTILE = [
  "' or '1'='1",
  "'; drop table sessions; --",
  "%00",
  "\u0000",
  "..",
  "../../../etc/passwd",
  "$(id)",
  "{{7*7}}",
  "__proto__",
  "constructor",
  "(a+)+$",
  "a".repeat(3_000),
];

describe("every route", () => {
  test("T11, T12, T13, F7, R14: hostile ids, queries and bodies are refused in words, and tell nothing of the inside", async () => {
    expect(routes.length).toBeGreaterThan(40);
    const bodies = [
      '{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}',
      '{"name":"\\u0000","title":{"$gt":""},"metadata":{"__proto__":"x"},"events":"x"}',
      `${"[".repeat(20_000)}`,
      "null",
      "nonsense",
    ];
    // What makes something, which takes no id that could be wrong first, gets every body.
    for (const { method, path } of routes.filter((route) => isChange(route) && !route.path.includes("{")))
      for (const body of bodies) {
        const { status } = await fetch(server.url + path, {
          ...{
            method,
            headers: { "x-api-key": server.apiKey, "x-berth-csrf": "1", "content-type": "application/json" },
          },
          body,
        });
        expect([400, 403, 404], `${method} ${path} ${body.slice(0, 40)}: ${status}`).toContain(status);
      }
    for (const route of routes) {
      const { method, path } = route;
      for (const text of path.includes("{") ? HOSTILE : HOSTILE.slice(0, 1)) {
        const query = method === "GET" ? `?limit=${encodeURIComponent(text)}&order=${encodeURIComponent(text)}` : "";
        const answer = await fetch(`${server.url}${filled(path, text)}${query}`, {
          ...{ method, headers: { "x-api-key": server.apiKey, "content-type": "application/json" } },
          ...(isChange(route) ? { body: bodies[text.length % bodies.length] ?? "" } : {}),
        });
        const said = await answer.text();
        expect(answer.status, `${method} ${path} ${text.slice(0, 40)}: ${said}`).toBeLessThan(500);
        expect(said.replaceAll(text, ""), `${method} ${path} ${text.slice(0, 40)}`).not.toMatch(INSIDE);
      }
    }
    expect("polluted" in {}).toBe(false);
    expect((await server.call("GET", "/v1/sessions")).status).toBe(200);
  });

  test("T5: no route takes a field that only the server sets: no body has room for one that it does not name", async () => {
    type Schema = { [key: string]: unknown };
    const { paths, components } = (await server.call("GET", "/openapi.json", { anonymous: true })).body as {
      paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema?: Schema }> } }>>;
      components?: { schemas?: Record<string, Schema> };
    };
    const open: string[] = [];
    const walk = (schema: unknown, where: string, seen: readonly unknown[]): void => {
      if (typeof schema !== "object" || schema === null || seen.includes(schema)) return;
      if (Array.isArray(schema)) {
        for (const one of schema) walk(one, where, [...seen, schema]);
        return;
      }
      const { $ref, properties, additionalProperties, ...rest } = schema as Schema;
      const before = [...seen, schema];
      if (typeof $ref === "string") walk(components?.schemas?.[$ref.split("/").at(-1) ?? ""], where, before);
      // A map is named by the field that it is in; an object of fields is closed.
      if (properties !== undefined && additionalProperties !== false) open.push(where);
      for (const [name, inner] of Object.entries((properties ?? {}) as Schema)) walk(inner, `${where}.${name}`, before);
      for (const inner of Object.values(rest)) walk(inner, where, before);
    };
    let bodies = 0;
    for (const [path, methods] of Object.entries(paths))
      for (const [method, { requestBody }] of Object.entries(methods)) {
        const schema = requestBody?.content["application/json"]?.schema;
        if (!schema) continue;
        bodies += 1;
        walk(schema, `${method} ${path}`, []);
      }
    expect(bodies).toBeGreaterThan(12);
    expect(open.filter((where) => !OPEN_BY_THE_API.test(where))).toEqual([]);
    const fields = [
      "team_id",
      "role",
      "owner_id",
      "is_admin",
      "id",
      "created_at",
      "usage",
      "archived_at",
      "version_id",
    ];
    const wellFormed: Record<string, object> = {
      "/v1/agents": { name: "Mine", model: "alpha" },
      "/v1/environments": { name: "mine" },
      "/v1/vaults": { display_name: "Mine" },
      "/v1/api_keys": { name: "Mine" },
    };
    for (const [path, body] of Object.entries(wellFormed)) {
      for (const field of fields) {
        const { status, body: said } = await server.call("POST", path, { body: { ...body, [field]: "x" } });
        expect([status, JSON.stringify(said)], `${path} ${field}`).toEqual([400, expect.stringContaining(field)]);
      }
      expect((await server.call("POST", path, { body })).status, path).toBe(200);
    }
  });

  test("B4: another site's page changes nothing with the operator's cookie, by no route and no kind of body", async () => {
    const changes = routes.filter((route) => isChange(route) && route.path.startsWith("/v1/"));
    expect(changes.length).toBeGreaterThan(20);
    const headers = [
      { "sec-fetch-site": "cross-site", origin: "https://evil.example", "x-berth-csrf": "1" },
      { origin: "https://evil.example", "x-berth-csrf": "1" },
      // What a form can send: no header of its own.
      { "content-type": "text/plain" },
      { "content-type": "application/x-www-form-urlencoded" },
    ];
    for (const { method, path } of changes)
      for (const sent of headers) {
        const call = { anonymous: true, headers: { ...sent, cookie }, ...(method === "POST" ? { body: {} } : {}) };
        const { status } = await server.call(method, filled(path, newId("session")), call);
        expect(status, `${method} ${path} ${JSON.stringify(sent)}`).toBe(403);
      }
  });

  test("B5, B6: no answer can be read by another site, framed, sniffed, or tells where one comes from", async () => {
    for (const { method, path } of [...routes, { method: "GET", path: "/v1/sessions/{id}/events/stream" }]) {
      const { headers } = await fetch(server.url + filled(path, newId("session")), {
        ...{ method, headers: { "x-api-key": server.apiKey, origin: "https://evil.example" } },
      });
      expect(headers.get("access-control-allow-origin"), path).toBeNull();
      expect(headers.get("access-control-allow-credentials"), path).toBeNull();
      expect(headers.get("x-content-type-options"), path).toBe("nosniff");
      expect(headers.get("referrer-policy"), path).toBe("no-referrer");
      expect(headers.get("x-frame-options"), path).toBe("DENY");
      expect(headers.get("content-security-policy"), path).toMatch(/default-src 'none'/);
    }
    const preflight = await fetch(`${server.url}/v1/agents`, {
      ...{ method: "OPTIONS", headers: { origin: "https://evil.example", "access-control-request-method": "POST" } },
    });
    expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
    expect(preflight.headers.get("access-control-allow-methods")).toBeNull();
  });
});

test("B5: another site's WebSocket is refused, though the browser sends the cookie along", async () => {
  const { answer } = raw(
    `GET /v1/sessions/${newId("session")}/terminals/one HTTP/1.1\r\nHost: ${new URL(server.url).host}\r\nOrigin: https://evil.example\r\nCookie: ${cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  );
  expect(await answer).toMatch(/^HTTP\/1\.1 403 /);
});

test.each(["%ff", "%", "%00", "..%2f..", "__proto__"])(
  "T11, T13: a WebSocket of a session %s is refused in words, and is no failure of the inside",
  async (id) => {
    for (const path of [
      `/v1/sessions/${id}/terminals/one`,
      `/v1/sessions/${id}/exec?command=ls`,
      `/v1/sessions/x/terminals/${id}`,
    ]) {
      const { answer } = raw(
        `GET ${path} HTTP/1.1\r\nHost: ${new URL(server.url).host}\r\nx-api-key: ${server.apiKey}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
      const said = await answer;
      expect(said, path).toMatch(/^HTTP\/1\.1 40[04] /);
      expect(said, path).not.toMatch(INSIDE);
    }
  },
);

describe("names", () => {
  const get = (path: string, lines: string) =>
    raw(`GET ${path} HTTP/1.1\r\n${lines}\r\nx-api-key: ${server.apiKey}\r\nConnection: close\r\n\r\n`).answer;

  test.each([
    "/v1/agents",
    "/v1/sessions/sesn_x/events/stream",
    "/v1/stream",
    "/auth/session",
    "/docs",
    "/openapi.json",
    "/readyz",
  ])("B8, K12: under another site's name %s answers nothing, whatever a header says of a proxy", async (path) => {
    const forwarded = "X-Forwarded-Host: 127.0.0.1\r\nForwarded: host=localhost\r\nX-Real-IP: 127.0.0.1";
    for (const lines of [
      "Host: evil.example",
      `Host: evil.example\r\n${forwarded}`,
      "Host: 127.0.0.1.evil.example",
      "Host: ",
    ])
      expect(await get(path, lines), lines).toMatch(/^HTTP\/1\.1 403 /);
    expect(await get("/v1/agents", "Host: localhost:1")).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("K12: a header of a proxy makes another site's page no page of ours", async () => {
    const headers = { "x-berth-csrf": "1", origin: "https://evil.example", "x-forwarded-host": "evil.example" };
    const call = { anonymous: true, body: { name: "x", model: "alpha" }, headers: { ...headers, cookie } };
    expect((await server.call("POST", "/v1/agents", call)).status).toBe(403);
  });
});

describe("who asks", () => {
  test("B10: a login makes a secret of its own, ends the one before, and its cookie is no key; over https it is this host's alone", async () => {
    const csrf = { "x-berth-csrf": "1" };
    const logIn = async (headers: Record<string, string> = {}) => {
      const call = { anonymous: true, body: { api_key: server.apiKey }, headers: { ...csrf, ...headers } };
      return (await server.call("POST", "/auth/login", call)).headers.get("set-cookie") ?? "";
    };
    const statusWith = async (headers: Record<string, string>) =>
      (await server.call("GET", "/auth/session", { anonymous: true, headers })).status;
    const pairOf = (set: string) => set.split(";")[0] ?? "";
    // A secret that somebody chose for the browser is not taken over.
    const planted = `berth_session=${"p".repeat(43)}`;
    const first = await logIn({ cookie: planted });
    expect(first).toMatch(/^berth_session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(pairOf(first)).not.toBe(planted);
    expect(await statusWith({ cookie: planted })).toBe(401);
    expect(await statusWith({ cookie: pairOf(first) })).toBe(200);
    // The next login of the same browser ends this one.
    const second = await logIn({ cookie: pairOf(first) });
    expect(await statusWith({ cookie: pairOf(second) })).toBe(200);
    expect(await statusWith({ cookie: pairOf(first) })).toBe(401);
    // Neither is the other.
    expect(await statusWith({ cookie: `berth_session=${server.apiKey}` })).toBe(401);
    expect(await statusWith({ "x-api-key": pairOf(second).slice("berth_session=".length) })).toBe(401);
    // Behind https another host of the domain, a port preview say, can set a cookie for all of it, but none with this prefix.
    const https = { "x-forwarded-proto": "https" };
    const secure = await logIn(https);
    expect(secure).toMatch(
      /^__Host-berth_session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(await statusWith({ ...https, cookie: pairOf(secure) })).toBe(200);
    expect(await statusWith({ ...https, cookie: pairOf(second) })).toBe(401);
    expect(await statusWith({ ...https, cookie: `${pairOf(second)}; ${pairOf(secure)}` })).toBe(200);
    // Logged out is logged out on the server, too.
    const out = { anonymous: true, headers: { ...https, ...csrf, cookie: pairOf(secure) } };
    expect((await server.call("POST", "/auth/logout", out)).headers.get("set-cookie")).toMatch(
      /^__Host-berth_session=; Max-Age=0/,
    );
    expect(await statusWith({ ...https, cookie: pairOf(secure) })).toBe(401);
  });

  test("K1, K2: a wrong key, a wrong link and a wrong cookie are answered alike, however near they are, and guessing changes nothing", async () => {
    const alike = async (headers: Record<string, string>) => {
      const { status, body } = await server.call("GET", "/v1/agents", { anonymous: true, headers });
      const { type, message } = (body as { error: { type: string; message: string } }).error;
      return `${status} ${type} ${message}`;
    };
    const made = (await server.call("POST", "/v1/api_keys", { body: { name: "revoked" } })).body as {
      id: string;
      value: string;
    };
    expect((await server.call("POST", `/v1/api_keys/${made.id}/revoke`)).status).toBe(200);
    const wrong = [
      "x",
      made.value,
      `${server.apiKey}x`,
      server.apiKey.slice(0, -1),
      server.apiKey.toUpperCase(),
      "\u00e9",
    ];
    const answers = await Promise.all(wrong.map((key) => alike({ "x-api-key": key })));
    expect(new Set(answers).size, answers.join("\n")).toBe(1);
    expect(answers[0]).toMatch(/^401 authentication_error/);
    const guesses = Array.from({ length: 300 }, (_, index) => alike({ "x-api-key": `guess-${index}` }));
    // The first ones are answered like any wrong key, then the address has to wait.
    const said = new Set(await Promise.all(guesses));
    expect(said.size).toBe(2);
    expect(said).toContain(answers[0]);
    expect([...said].join()).toMatch(/429 rate_limit_error Too many wrong keys/);
    // A wrong one from before is told as before; who was right before is not held up.
    expect(await alike({ "x-api-key": made.value })).toBe(answers[0]);
    expect((await server.call("GET", "/v1/agents")).status).toBe(200);
    // Time to guess three more.
    await until(async () => (await alike({ "x-api-key": `later-${Math.random()}` })) === answers[0]);
    const links = await Promise.all(
      ["a", "b".repeat(43), "c".repeat(200)].map((token) =>
        server.call("POST", "/auth/login", { anonymous: true, body: { token }, headers: { "x-berth-csrf": "1" } }),
      ),
    );
    expect(
      new Set(links.map(({ status, body }) => `${status} ${(body as { error: { message: string } }).error.message}`))
        .size,
    ).toBe(1);
  });

  test("T10: ids have 80 random bits that say nothing of the next one's", () => {
    const tails = Array.from({ length: 4_000 }, () => newId("session", 0).slice(-16));
    expect(new Set(tails).size).toBe(tails.length);
    for (let place = 0; place < 16; place++) {
      const counts = new Map<string, number>();
      for (const tail of tails) counts.set(tail[place] ?? "", (counts.get(tail[place] ?? "") ?? 0) + 1);
      expect(counts.size).toBe(32);
      // Five standard deviations around 125.
      for (const count of counts.values()) expect(Math.abs(count - 125)).toBeLessThan(60);
    }
  });
});

describe("slow and large", () => {
  test("R9: a hundred clients that never finish their headers are cut off, and others are served meanwhile", async () => {
    const slow = Array.from({ length: 100 }, () => raw("GET /v1/agents HTTP/1.1\r\nHost: 127.0.0.1\r\nx-a: "));
    let open = slow.length;
    for (const { answer } of slow)
      void answer.then(() => {
        open -= 1;
      });
    let drips = 0;
    // One byte now and then keeps no connection.
    const dripping = setInterval(() => {
      drips += 1;
      for (const { socket } of slow) if (socket.writable) socket.write("b");
    }, 500);
    try {
      expect((await server.call("GET", "/v1/agents")).status).toBe(200);
      await until(() => open === 0, {
        timeoutMs: 60_000,
        describe: () => `${open} are still open after ${drips} bytes`,
      });
    } finally {
      clearInterval(dripping);
      for (const { socket } of slow) socket.destroy();
    }
    for (const { said } of slow) expect(said()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test.each([
    ["a terminal", "127.0.0.1", "/v1/sessions/sesn_x/terminals/one"],
    ["a page in a port preview", "preview.localhost", "/"],
  ])(
    "R9: who asks for a WebSocket of %s and is refused keeps no connection, though it never ends its side",
    async (_, host, path) => {
      const { hostname, port } = new URL(server.url);
      const client = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
      let closed = false;
      client.on("error", () => client.destroy());
      client.once("close", () => {
        closed = true;
      });
      client.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
      let said = "";
      client.on("data", (piece) => {
        said += piece.toString("latin1");
      });
      await once(client, "end");
      expect(said).toMatch(/^HTTP\/1\.1 40[14] /);
      // What is sent to a connection that is held goes nowhere, without a word.
      await until(() => {
        if (!closed) client.write("x");
        return closed;
      });
    },
  );

  test("R9: headers that do not end, and more of them than anybody has, are refused", async () => {
    const { answer } = raw(`GET /v1/agents HTTP/1.1\r\nHost: 127.0.0.1\r\nx-a: ${"a".repeat(20_000)}\r\n\r\n`);
    expect(await answer).toMatch(/^HTTP\/1\.1 431 /);
    const many = Array.from({ length: 4_000 }, (_, index) => `a${index}: b`).join("\r\n");
    expect(await raw(`GET /v1/agents HTTP/1.1\r\nHost: 127.0.0.1\r\n${many}\r\n\r\n`).answer).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });

  test.each([
    ["two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x"],
    ["a length and chunks", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a folded header", "x-a: b\r\n c\r\n\r\n"],
    ["a space before the colon", "x-a : b\r\n\r\n"],
    ["two hosts", "Host: evil.example\r\n\r\n"],
    ["a line feed alone", "x-a: b\nx-b: c\r\n\r\n"],
  ])("R9: a request with %s is refused", async (_, rest) => {
    const { answer } = raw(
      `POST /v1/agents HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: ${server.apiKey}\r\nConnection: close\r\n${rest}`,
    );
    expect(await answer).toMatch(/^HTTP\/1\.1 40[03] /);
  });
});
