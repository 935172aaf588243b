// Port previews: who gets a link, what it opens and for how long, and what goes over it in both directions.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import { connect as connectTcp } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { createMemoryBackend, type MemoryBackend } from "../support/memory-backend.ts";
import { askPreview, enterPreview, openPreview, previewSocket } from "../support/preview-client.ts";
import { until } from "../support/until.ts";

const SPEC = { limits: { memoryMb: 64, cpus: 1, pids: 32, diskMb: 64 }, env: {} };
const PORT = 5173;

describe("port previews", () => {
  let server: ApiServer;
  let backend: MemoryBackend;
  let app: Server;
  let sessionId: string;
  let answerApp: (request: IncomingMessage, response: ServerResponse) => void;
  let up = true;

  beforeAll(async () => {
    app = createServer((request, response) => answerApp(request, response));
    const sockets = new WebSocketServer({ noServer: true });
    // A path that is the app's own to refuse.
    app.on("upgrade", (request, socket, head) =>
      request.url?.startsWith("/odd")
        ? answerApp(Object.assign(request, { socket }), new ServerResponse(request))
        : sockets.handleUpgrade(request, socket, head, (open) => sockets.emit("connection", open, request)),
    );
    sockets.on("connection", (socket) =>
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })),
    );
    app.listen(0, "127.0.0.1");
    await once(app, "listening");
    const address = app.address();
    const appPort = typeof address === "object" && address ? address.port : 0;
    backend = createMemoryBackend({
      ports: { listening: () => (up ? [PORT] : []), connect: () => connectTcp(appPort, "127.0.0.1") },
    });
    server = await startApiServer({ sandboxes: { backend, spec: SPEC } });
  });
  afterAll(async () => {
    await server?.close();
    app?.closeAllConnections();
    app?.close();
  });
  beforeEach(async () => {
    up = true;
    answerApp = (_request, response) => response.end("the app");
    sessionId = await newSession();
  });

  async function newSession(): Promise<string> {
    const agent = await server.client().beta.agents.create({ name: "Builder", model: "alpha" });
    const { body } = await server.call("POST", "/v1/sessions", { body: { agent: agent.id } });
    // The API's own answer.
    return (body as { id: string }).id;
  }
  async function link(
    options: { port?: number; id?: string; headers?: Record<string, string>; anonymous?: boolean } = {},
  ) {
    const { port = PORT, id = sessionId, headers, anonymous = false } = options;
    const path = `/v1/sessions/${id}/previews`;
    const answer = await server.call("POST", path, { body: { port }, anonymous, ...(headers ? { headers } : {}) });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    // The API's own answer.
    return (answer.body as { url: string }).url;
  }
  /** As a browser that has opened the link: its first page has woken the sandbox. */
  async function enter() {
    const entered = await enterPreview(await link());
    await askPreview(`${entered.origin}/`, entered);
    return entered;
  }

  test("a link opens the app once, within a minute, and leaves no ticket in the address", async () => {
    const made = await server.call("POST", `/v1/sessions/${sessionId}/previews`, { body: { port: PORT } });
    expect(made.body).toMatchObject({ type: "port_preview", session_id: sessionId, port: PORT });
    const { url, expires_at } = made.body as { url: string; expires_at: string };
    expect(new URL(url).host).toBe(
      `${PORT}-${sessionId.slice("sesn_".length)}.preview.localhost:${new URL(server.url).port}`,
    );
    const leftMs = Date.parse(expires_at) - Date.now();
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(61_000);
    expect(Buffer.from(new URL(url).searchParams.get("berth_ticket") ?? "", "base64url").length).toBeGreaterThanOrEqual(
      16,
    );

    const { answer, cookie, origin } = await enterPreview(`${url}&page=2`);
    expect(answer.status).toBe(303);
    expect(answer.headers).toMatchObject({ location: "/?page=2", "referrer-policy": "no-referrer" });
    expect(answer.headers["set-cookie"]).toEqual([
      expect.stringMatching(/^berth_preview=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    expect((await askPreview(`${origin}/`, { cookie })).text).toBe("the app");

    const again = await askPreview(url, { headers: { accept: "text/html" } });
    expect(again.status).toBe(403);
    expect(again.text).toContain(`berth preview ${sessionId} ${PORT}`);
    // A tab that is in already goes on.
    expect((await askPreview(url, { cookie })).headers.location).toBe("/");
  });

  test("nothing of a ticket or a visit is stored that opens anything", async () => {
    const url = await link();
    const ticket = new URL(url).searchParams.get("berth_ticket") ?? "";
    const { cookie } = await enterPreview(await link());
    const rows = await server.web.db
      .selectFrom("port_previews" as never)
      .selectAll()
      .execute();
    const text =
      JSON.stringify(rows) +
      JSON.stringify(rows.map((row) => Buffer.from((row as { secret_hash: Buffer }).secret_hash).toString()));
    expect(rows.length).toBeGreaterThanOrEqual(2);
    expect(text).not.toContain(ticket);
    expect(text).not.toContain(cookie.split("=")[1]);
  });

  test("of two that use one ticket at the same time, one comes in", async () => {
    const url = await link();
    const answers = await Promise.all(Array.from({ length: 8 }, () => askPreview(url)));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 403, 403, 403, 403, 403, 403, 403]);
  });

  test("a ticket or a cookie of one port opens no other, of this session or another", async () => {
    const url = await link();
    const other = (from: string, change: (host: string) => string) => from.replace(/(?<=\/\/)[^/]+/, change);
    for (const change of [
      (host: string) => host.replace(String(PORT), "5174"),
      (host: string) => host.replace(sessionId.slice(5), "0".repeat(26)),
    ])
      expect((await askPreview(other(url, change))).status).toBe(403);
    const { cookie, origin } = await enterPreview(url);
    const another = await newSession();
    for (const change of [
      (host: string) => host.replace(String(PORT), "5174"),
      (host: string) => host.replace(sessionId.slice(5), another.slice(5)),
    ])
      expect((await askPreview(`${other(origin, change)}/`, { cookie })).status).toBe(403);
  });

  test("a link is made for ports of sessions of one's own that are open", async () => {
    const ask = (id: string, body: unknown) => server.call("POST", `/v1/sessions/${id}/previews`, { body });
    for (const port of [0, 65_536, 1.5, "5173", null])
      expect((await ask(sessionId, { port })).status, String(port)).toBe(400);
    expect((await ask("sesn_unknown", { port: PORT })).status).toBe(404);
    expect(
      (await server.call("POST", `/v1/sessions/${sessionId}/previews`, { body: { port: PORT }, anonymous: true }))
        .status,
    ).toBe(401);
    await server.call("POST", `/v1/sessions/${sessionId}/archive`);
    expect((await ask(sessionId, { port: PORT })).status).toBe(400);
    const repeated = { "idempotency-key": `once-${sessionId}` };
    const id = await newSession();
    const twice = await Promise.all(
      [1, 2].map(() => server.call("POST", `/v1/sessions/${id}/previews`, { body: { port: PORT }, headers: repeated })),
    );
    expect(twice.map(({ body }) => (body as { url: string | null }).url).filter((url) => url === null)).toHaveLength(1);
  });

  test("names below the domain never reach the API, and others never a preview", async () => {
    const port = new URL(server.url).port;
    const { origin, cookie } = await enter();
    answerApp = (request, response) => response.end(`app ${request.url}`);
    const key = { "x-api-key": server.apiKey };
    expect((await askPreview(`${origin}/v1/sessions`, { cookie, headers: key })).text).toBe("app /v1/sessions");
    expect((await askPreview(`${origin}/v1/sessions`, { headers: key })).status).toBe(403);
    for (const name of [
      "preview.localhost",
      "x.preview.localhost",
      "0-a.preview.localhost",
      "evil.5173-a.preview.localhost",
      `${new URL(origin).hostname}.`,
      `99999-${sessionId.slice(5)}.preview.localhost`,
    ]) {
      const answer = await askPreview(`http://127.0.0.1:${port}/v1/sessions`, {
        headers: { ...key, host: `${name}:${port}` },
      });
      expect([403, 404], name).toContain(answer.status);
      expect(answer.text, name).toContain("port");
    }
    expect((await askPreview(`http://127.0.0.1:${port}/v1/sessions`, { headers: key })).status).toBe(200);
  });

  test("the app sees a request to localhost, without a secret of Berth and without what a client claims", async () => {
    const { origin, cookie } = await enter();
    let seen: IncomingMessage | null = null;
    answerApp = (request, response) => {
      seen = request;
      response.end();
    };
    await askPreview(`${origin}/a/../b?c=%20d`, {
      cookie: `theirs=1; ${cookie}; berth_session=x; __Host-berth_preview=y; more=a=b`,
      headers: {
        "x-api-key": server.apiKey,
        authorization: `Bearer ${server.apiKey}`,
        origin,
        referer: `${origin}/page`,
        "x-forwarded-for": "1.2.3.4",
        "x-forwarded-host": "evil.example",
        forwarded: "for=1.2.3.4",
        "x-own": "kept",
        connection: "x-drop",
        "x-drop": "1",
      },
    });
    const { headers, url } = seen as unknown as IncomingMessage;
    expect(url).toBe("/b?c=%20d");
    expect(headers).toEqual({
      host: `localhost:${PORT}`,
      cookie: "theirs=1; more=a=b",
      origin: `http://localhost:${PORT}`,
      referer: `http://localhost:${PORT}/page`,
      "x-own": "kept",
      "x-forwarded-host": new URL(origin).host,
      "x-forwarded-proto": "http",
      connection: "close",
    });
    await askPreview(`${origin}/`, {
      cookie,
      headers: { "x-api-key": "the app's own", authorization: "Bearer the-apps-own" },
    });
    expect((seen as unknown as IncomingMessage).headers).toMatchObject({
      "x-api-key": "the app's own",
      authorization: "Bearer the-apps-own",
    });
  });

  test("a ticket that was not exchanged does not reach the app, however it is sent, and is still good for one visit", async () => {
    const { origin, cookie } = await enter();
    const url = await link();
    const { search } = new URL(url);
    const seen: string[] = [];
    answerApp = (request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.referer ?? ""}`.trim());
      if (request.url?.startsWith("/odd")) request.socket.destroy();
      else response.end();
    };
    for (const method of ["HEAD", "POST", "DELETE"])
      await askPreview(`${origin}/a${search}&b=1`, { cookie, method, headers: { "content-length": "0" } });
    await askPreview(`${origin}/b`, { cookie, headers: { referer: url } });
    const socket = previewSocket(origin, `/odd${search}`, { cookie, origin });
    await once(socket, "error");
    expect(seen).toEqual([
      "HEAD /a?b=1",
      "POST /a?b=1",
      "DELETE /a?b=1",
      `GET /b http://localhost:${PORT}/`,
      "GET /odd",
    ]);
    expect((await enterPreview(url)).answer.status).toBe(303);
  });

  test("an answer keeps to its origin: no cookie for more, none of ours, no rule for later", async () => {
    const { origin, cookie } = await enter();
    answerApp = (_request, response) => {
      response.setHeader("set-cookie", [
        "own=1; Path=/; HttpOnly",
        "wide=1; Domain=localhost; Secure",
        "wider=1;domain = .preview.localhost",
        "berth_preview=forged; Path=/",
        "berth_session=forged",
        "__Host-berth_session=forged; Secure",
      ]);
      response.setHeader("strict-transport-security", "max-age=31536000; includeSubDomains");
      response.setHeader("alt-svc", 'h3="evil.example:443"');
      response.setHeader("x-own", "kept");
      response.writeHead(302, { location: `http://localhost:${PORT}/next?x=1` });
      response.end();
    };
    const { headers, status } = await askPreview(`${origin}/`, { cookie });
    expect(status).toBe(302);
    expect(headers["set-cookie"]).toEqual(["own=1; Path=/; HttpOnly", "wide=1; Secure", "wider=1"]);
    expect(headers["strict-transport-security"]).toBeUndefined();
    expect(headers["alt-svc"]).toBeUndefined();
    // For browsers that do not say who asks: no other preview's page has it in a frame, or as its script.
    expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
    expect(headers["content-security-policy"]).toMatch(/(^|, )frame-ancestors 'self'$/);
    expect(headers["x-own"]).toBe("kept");
    expect(headers.location).toBe(`${origin}/next?x=1`);
  });

  test("bodies stream both ways: events come one by one, uploads arrive while they are sent", async () => {
    const { origin, cookie } = await enter();
    let more: () => void = () => undefined;
    answerApp = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      let count = 0;
      more = () => void response.write(`data: ${++count}\n\n`);
    };
    const events = await openPreview(`${origin}/events`, { cookie });
    let text = "";
    events.on("data", (piece: Buffer) => {
      text += piece;
    });
    for (const count of [1, 2, 3]) {
      more();
      await until(() => text.endsWith(`data: ${count}\n\n`));
    }
    events.destroy();

    answerApp = (request, response) => {
      let bytes = 0;
      request.on("data", (piece: Buffer) => {
        bytes += piece.length;
      });
      request.on("end", () => response.end(String(bytes)));
    };
    const body = Buffer.alloc(8 << 20);
    expect((await askPreview(`${origin}/upload`, { cookie, method: "POST", body })).text).toBe(String(8 << 20));
    const chunked = { "transfer-encoding": "chunked" };
    expect((await askPreview(`${origin}/upload`, { cookie, method: "PUT", body, headers: chunked })).text).toBe(
      String(8 << 20),
    );
    expect(
      (await askPreview(`${origin}/upload`, { cookie, method: "POST", headers: { "content-length": "0" } })).text,
    ).toBe("0");
  });

  test("a WebSocket is piped for the preview's own pages", async () => {
    const { origin, cookie } = await enter();
    const socket = previewSocket(origin, "/hmr", { cookie, origin });
    await once(socket, "open");
    for (const message of ["hello", "x".repeat(300_000)]) {
      socket.send(message);
      const [data] = await once(socket, "message");
      expect(String(data)).toBe(message);
    }
    socket.close();
    for (const headers of [{ origin }, { cookie, origin: "https://evil.example" }, { cookie, origin: server.url }]) {
      const refused = previewSocket(origin, "/hmr", headers as Record<string, string>);
      refused.on("error", () => undefined);
      const [, response] = await once(refused, "unexpected-response");
      expect(response.statusCode).toBe(403);
    }
  });

  test("pages of other sites, and of other previews, are refused, also in a frame", async () => {
    const { origin, cookie } = await enter();
    const site = (value: string, mode: string, dest: string) => ({
      "sec-fetch-site": value,
      "sec-fetch-mode": mode,
      "sec-fetch-dest": dest,
    });
    const status = async (headers: Record<string, string>, method = "GET") =>
      (await askPreview(`${origin}/`, { cookie, headers, method })).status;
    expect(await status(site("same-origin", "cors", "empty"), "POST")).toBe(200);
    expect(await status(site("none", "navigate", "document"))).toBe(200);
    expect(await status(site("cross-site", "navigate", "document"))).toBe(200);
    for (const where of ["same-site", "cross-site"]) {
      expect(await status(site(where, "navigate", "iframe"))).toBe(403);
      expect(await status(site(where, "no-cors", "image"))).toBe(403);
      expect(await status(site(where, "navigate", "document"), "POST")).toBe(403);
    }
    expect(await status({ origin: origin.replace("5173-", "8000-") }, "POST")).toBe(403);
    expect(await status({ "service-worker": "script", ...site("same-origin", "same-origin", "serviceworker") })).toBe(
      403,
    );
  });

  test("where nothing listens yet a page says so, looks again without waking anything, and finds the app", async () => {
    const { origin, cookie } = await enter();
    up = false;
    const page = await askPreview(`${origin}/`, { cookie, headers: { accept: "text/html" } });
    expect(page.status).toBe(502);
    expect(page.text).toContain("Nothing listens on port 5173 yet");
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    const look = async () => (await askPreview(`${origin}/`, { cookie, headers: { "x-berth-waiting": "1" } })).status;
    expect(await look()).toBe(404);
    await backend.hibernate(sessionId);
    const made = backend.creations.length;
    expect(await look()).toBe(404);
    const script = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
    expect((await askPreview(`${origin}/`, { cookie, headers: script })).status).toBe(503);
    expect(backend.creations.length).toBe(made);
    up = true;
    // A person who comes to the page wakes it.
    expect((await askPreview(`${origin}/`, { cookie })).text).toBe("the app");
    expect(backend.creations.length).toBe(made + 1);
    expect(await look()).toBe(204);
  });

  test("an app that says nothing sensible is told in words, one that breaks off is cut off", async () => {
    const { origin, cookie } = await enter();
    answerApp = (request) => request.socket.destroy();
    expect(await askPreview(`${origin}/`, { cookie })).toMatchObject({ status: 502 });
    answerApp = (request) =>
      request.socket.end("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc");
    expect(await askPreview(`${origin}/`, { cookie })).toMatchObject({ status: 502 });
    for (const status of ["042", "000"]) {
      answerApp = (request) => request.socket.end(`HTTP/1.1 ${status} Odd\r\ncontent-length: 0\r\n\r\n`);
      expect(await askPreview(`${origin}/`, { cookie })).toMatchObject({ status: 502 });
      const socket = previewSocket(origin, "/odd", { cookie, origin });
      const [error] = await once(socket, "error");
      expect(error).toMatchObject({ code: "ECONNRESET" });
    }
    answerApp = (_request, response) => {
      response.writeHead(200, { "content-length": 10 });
      response.write("half");
      setTimeout(() => response.destroy(), 20);
    };
    await expect(askPreview(`${origin}/`, { cookie })).rejects.toThrow();
    answerApp = (_request, response) => response.end("fine");
    expect((await askPreview(`${origin}/`, { cookie })).text).toBe("fine");
  });

  test("the visit ends with its session, with the key that asked for it, and with the browser's login", async () => {
    const ends: [string, () => Promise<unknown>, string][] = [];
    const archived = await newSession();
    ends.push([
      await link({ id: archived }),
      () => server.call("POST", `/v1/sessions/${archived}/archive`),
      "archived",
    ]);
    const deleted = await newSession();
    ends.push([await link({ id: deleted }), () => server.call("DELETE", `/v1/sessions/${deleted}`), "deleted"]);
    const key = (await server.call("POST", "/v1/api_keys", { body: { name: "for previews" } })).body as {
      id: string;
      value: string;
    };
    ends.push([
      await link({ anonymous: true, headers: { "x-api-key": key.value } }),
      () => server.call("POST", `/v1/api_keys/${key.id}/revoke`),
      "revoked",
    ]);
    const ours = { "x-berth-csrf": "1", "sec-fetch-site": "same-origin" };
    const login = await server.call("POST", "/auth/login", {
      anonymous: true,
      body: { api_key: server.apiKey },
      headers: ours,
    });
    const browser = { ...ours, cookie: login.headers.get("set-cookie")?.split(";")[0] ?? "" };
    ends.push([
      await link({ anonymous: true, headers: browser }),
      () => server.call("POST", "/auth/logout", { anonymous: true, headers: browser }),
      "logged out",
    ]);
    await Promise.all(
      ends.map(async ([url, end, how]) => {
        const { origin, cookie } = await enterPreview(url);
        await askPreview(`${origin}/`, { cookie });
        const socket = previewSocket(origin, "/hmr", { cookie, origin });
        await once(socket, "open");
        const closed = once(socket, "close");
        socket.on("error", () => undefined);
        expect((await askPreview(`${origin}/`, { cookie })).status, how).toBe(200);
        await end();
        await closed;
        await until(async () => (await askPreview(`${origin}/`, { cookie })).status === 403);
      }),
    );
  });

  test("a session has so many connections and no more; those that end make room", async () => {
    const { origin, cookie } = await enter();
    answerApp = (_request, response) => {
      response.writeHead(200);
      response.write("open");
    };
    const open = await Promise.all(Array.from({ length: 128 }, () => openPreview(`${origin}/`, { cookie })));
    expect((await askPreview(`${origin}/`, { cookie })).status).toBe(503);
    for (const one of open) one.destroy();
    answerApp = (_request, response) => response.end("room");
    await until(async () => (await askPreview(`${origin}/`, { cookie })).status === 200);
  });

  test("ports are listed for one's own sessions, and nothing is woken for that", async () => {
    const ports = (id: string) => server.call("GET", `/v1/sessions/${id}/ports`);
    expect((await ports(sessionId)).body).toEqual({ session_id: sessionId, sandbox: "none", data: [] });
    const { origin, cookie } = await enter();
    await askPreview(`${origin}/`, { cookie });
    expect((await ports(sessionId)).body).toEqual({
      session_id: sessionId,
      sandbox: "running",
      data: [{ type: "listening_port", port: PORT, program: "app" }],
    });
    await backend.hibernate(sessionId);
    expect((await ports(sessionId)).body).toEqual({ session_id: sessionId, sandbox: "hibernated", data: [] });
    expect((await ports("sesn_unknown")).status).toBe(404);
  });
});
