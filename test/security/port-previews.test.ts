// E21 and B7: a port preview reaches one port of one sandbox, and a hostile page in it nothing of its visitor's.
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { text } from "node:stream/consumers";
import type { BrowserContext } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { type Browser, findChromium, openBrowser } from "../support/browser.ts";
import { sandboxesMissing, startTestSandboxd, TEST_SPEC, type TestSandboxd } from "../support/local-sandboxd.ts";
import { askPreview, enterPreview } from "../support/preview-client.ts";
import { readStrictly } from "../support/strict-reader.ts";
import { until } from "../support/until.ts";

const chromium = findChromium();
const PORT = 5173;
/** An app that keeps what it gets, byte for byte, and says nothing. */
const SILENT_PORT = 5174;

describe.skipIf(sandboxesMissing() !== null)("port previews", () => {
  let sandboxd: TestSandboxd;
  let server: ApiServer;
  let mine: string;
  let other: string;

  beforeAll(async () => {
    sandboxd = await startTestSandboxd();
    server = await startApiServer({ sandboxes: { backend: sandboxd.backend, spec: TEST_SPEC } });
    mine = await sessionWithApp("mine");
    other = await sessionWithApp("the other's secret");
  }, 120_000);
  afterAll(async () => {
    await server?.close();
    await sandboxd?.[Symbol.asyncDispose]();
  });

  /** Its app answers with `text`, with the request's headers, with what the silent app got, or with a page that holds the script of its query. */
  async function sessionWithApp(text: string): Promise<string> {
    const agent = await server.client().beta.agents.create({ name: "Hostile", model: "alpha" });
    const { body } = await server.call("POST", "/v1/sessions", { body: { agent: agent.id } });
    // The API's own answer.
    const { id } = body as { id: string };
    const app = `let got = "";
    require("net").createServer((c) => c.on("error", () => c.destroy()).on("data", (d) => { got += d.toString("latin1"); })).listen(${SILENT_PORT}, "127.0.0.1");
    require("http").createServer((q, r) => {
      const url = new URL(q.url, "http://x");
      r.setHeader("set-cookie", ["berth_session=forged; Domain=localhost; Path=/", "own=1"]);
      r.setHeader("access-control-allow-origin", q.headers.origin || "*");
      r.setHeader("access-control-allow-credentials", "true");
      if (url.pathname === "/headers") return r.end(JSON.stringify(q.headers));
      if (url.pathname === "/got") { r.end(got, "latin1"); got = ""; return; }
      if (url.pathname === "/page") { r.setHeader("content-type", "text/html"); return r.end("<!doctype html><title>hostile</title>" + "<script>" + (url.searchParams.get("script") || "") + "</script>"); }
      if (url.pathname === "/worker.js") { r.setHeader("content-type", "text/javascript"); return r.end("self.addEventListener('fetch', () => {})"); }
      r.end(${JSON.stringify(text)});
    }).listen(${PORT}, "127.0.0.1")`;
    const written = await server.call("POST", `/v1/sessions/${id}/files/content?path=app.js`, { body: app });
    expect(written.status).toBe(200);
    const sandbox = await sandboxd.backend.open(id);
    await sandbox.runOperation("app", { kind: "bash", command: "node app.js >/dev/null 2>&1 &" });
    await until(async () => (await sandbox.listPorts()).some(({ port }) => port === PORT));
    return id;
  }
  async function link(id: string, port = PORT): Promise<string> {
    const { body } = await server.call("POST", `/v1/sessions/${id}/previews`, { body: { port } });
    // The API's own answer.
    return (body as { url: string }).url;
  }

  test("E21: no port of the machine, of another sandbox or of the platform is reached, whatever the address says", async () => {
    const ours = createServer((_request, response) => response.end("the machine's own")).listen(0, "127.0.0.1");
    await once(ours, "listening");
    const everywhere = createTcpServer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nthe machine's own")).listen(
      0,
      "0.0.0.0",
    );
    await once(everywhere, "listening");
    const portOf = (address: ReturnType<typeof ours.address>) =>
      typeof address === "object" && address ? address.port : 0;
    const database = Number(new URL(server.database.url).port);
    const web = Number(new URL(server.url).port);
    for (const port of [portOf(ours.address()), portOf(everywhere.address()), database, web]) {
      const { origin, cookie } = await enterPreview(await link(mine, port));
      const answer = await askPreview(`${origin}/`, { cookie });
      expect(answer.status, `port ${port}`).toBe(502);
      expect(answer.text).toContain("Nothing listens");
    }
    ours.close();
    everywhere.close();

    const { origin, cookie } = await enterPreview(await link(mine));
    expect((await askPreview(`${origin}/`, { cookie })).text).toBe("mine");
    const port = new URL(origin).port;
    const id = mine.slice("sesn_".length);
    const hosts = [
      `${PORT}-${other.slice("sesn_".length)}.preview.localhost`,
      `${PORT}-../${other}.preview.localhost`,
      `${PORT}-..%2f${id}.preview.localhost`,
      `5432-127.0.0.1.preview.localhost`,
      `${PORT}-${id}-evil.example.preview.localhost`,
      `${PORT}-${id}.preview.localhost:${port}@127.0.0.1`,
      `169.254.169.254-${id}.preview.localhost`,
      `preview.localhost`,
    ];
    for (const host of hosts)
      for (const path of ["/", `/v1/sessions/${other}`, "/../../etc/passwd"]) {
        const answer = await askPreview(`${server.url}${path}`, { cookie, headers: { host: `${host}:${port}` } });
        expect([400, 403, 404], `${host}${path}`).toContain(answer.status);
        expect(answer.text, host).not.toMatch(/secret|root:|sesn_.*agent/);
      }
  });

  test("E21: what a client claims of itself, and its keys, do not reach the app; nobody comes in with an API key", async () => {
    const { origin, cookie } = await enterPreview(await link(mine));
    const claims = {
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": "evil",
      "x-real-ip": "::1",
      forwarded: "for=x",
    };
    const secrets = { authorization: `Bearer ${server.apiKey}`, "x-api-key": server.apiKey };
    const answer = await askPreview(`${origin}/headers`, {
      headers: { ...claims, ...secrets, cookie: `berth_session=stolen; ${cookie}; a=1` },
    });
    expect(answer.text).not.toContain(server.apiKey);
    expect(answer.text).not.toContain("stolen");
    expect(answer.text).not.toContain(cookie.split("=")[1]);
    expect(JSON.parse(answer.text)).toMatchObject({ cookie: "a=1", "x-forwarded-host": new URL(origin).host });
    expect(JSON.parse(answer.text)["x-forwarded-for"]).toBeUndefined();
    expect((await askPreview(`${origin}/`, { headers: secrets })).status).toBe(403);
  });

  test("E21: a key that is sent twice reaches the app neither time", async () => {
    const { origin, cookie } = await enterPreview(await link(mine));
    const { host, port } = new URL(origin);
    const sent = [
      ["X-Api-Key", server.apiKey],
      ["X-Api-Key", "x"],
      ["Authorization", "Basic eDp4"],
      ["Authorization", `Bearer ${server.apiKey}`],
    ];
    const visitor = connect(Number(port), "127.0.0.1");
    const lines = [["Host", host], ["Cookie", cookie], ...sent, ["Connection", "close"]];
    visitor.write(`GET /headers HTTP/1.1\r\n${lines.map((line) => line.join(": ")).join("\r\n")}\r\n\r\n`);
    const answer = await text(visitor);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).not.toContain(server.apiKey);
  });

  test("K1: a page learns from its app of no more keys than an address may try", async () => {
    const { origin, cookie } = await enterPreview(await link(mine));
    const started = Date.now();
    const asked = Array.from({ length: 100 }, (_, index) =>
      askPreview(`${origin}/headers`, { cookie, headers: { "x-api-key": `guess-number-${index}` } }),
    );
    const answers = await Promise.all(asked);
    const told = answers.filter(({ status }) => status === 200).length;
    // A hundred are too many at once for the sandbox's connections, too: those say nothing either.
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThanOrEqual(31 + (Date.now() - started) / 1000);
    expect(answers.map(({ status }) => status)).toContain(429);
    // What has nothing to do with keys goes on.
    expect((await askPreview(`${origin}/`, { cookie })).status).toBe(200);
  });

  test.each([
    ["a cookie of blanks", 20, { cookie: `a; ${" ".repeat(6_000)}b` }],
    ["a host of dots", 300, { host: `${".".repeat(15_000)}x` }],
  ])("R14: %s takes nobody's time, whoever sends it", async (_, times, headers) => {
    const { host } = new URL(await link(mine));
    const asked = Array.from({ length: times }, () => askPreview(server.url, { headers: { host, ...headers } }));
    for (const { status } of await Promise.all(asked)) expect([403, 404]).toContain(status);
  });

  const INNER = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const LENGTH = `Content-Length: ${INNER.length}`;
  const chunked = `${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`;
  test.each([
    ...["GET", "HEAD", "OPTIONS", "DELETE", "POST"].flatMap((method) => [
      [method, "in chunks", "Transfer-Encoding: chunked", chunked],
      [
        method,
        "in chunks, which are said to be of this hop",
        "Transfer-Encoding: chunked\r\nConnection: transfer-encoding",
        chunked,
      ],
      [method, "of a length", LENGTH, INNER],
      [method, "of a length that is said to be of this hop", `${LENGTH}\r\nConnection: content-length`, INNER],
    ]),
  ] as const)(
    "E21: a %s whose body, %s, reads like a request is one request for the app",
    async (method, _, lines, body) => {
      const { origin, cookie } = await enterPreview(await link(mine, SILENT_PORT));
      const control = await enterPreview(await link(mine));
      const { host, port } = new URL(origin);
      const visitor = connect(Number(port), "127.0.0.1");
      visitor.write(`${method} /a HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\n${lines}\r\n\r\n${body}`);
      let got = "";
      await until(async () => {
        got += (await askPreview(`${control.origin}/got`, control)).text;
        return got.includes(INNER) && readStrictly(got).end === "clean";
      });
      visitor.destroy();
      expect(readStrictly(got).requests).toEqual([expect.objectContaining({ method, target: "/a", body: INNER })]);
    },
  );

  test.each([
    ["a POST", "POST", ""],
    ["a GET with a body", "GET", `${LENGTH}\r\n`],
  ])("E21: %s that asks for a WebSocket is refused, and the app hears nothing of it", async (_, method, framing) => {
    const { origin, cookie } = await enterPreview(await link(mine, SILENT_PORT));
    const control = await enterPreview(await link(mine));
    const { host, port } = new URL(origin);
    const visitor = connect(Number(port), "127.0.0.1");
    const pieces: Buffer[] = [];
    visitor.on("data", (piece: Buffer) => pieces.push(piece));
    visitor.write(
      `${method} /ws HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\n${framing}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n${framing && INNER}`,
    );
    await once(visitor, "end");
    visitor.destroy();
    expect(Buffer.concat(pieces).toString()).toMatch(/^HTTP\/1\.1 400 .*A WebSocket is asked for by a GET/s);
    expect((await askPreview(`${control.origin}/got`, control)).text).toBe("");
  });

  describe.skipIf(!chromium)("a hostile page", () => {
    let browser: Browser;
    let context: BrowserContext;

    beforeAll(async () => {
      browser = await openBrowser(chromium ?? "", server.url);
      context = browser.context;
      // As the dashboard's login leaves it: a cookie that the API takes.
      const login = await server.call("POST", "/auth/login", {
        anonymous: true,
        body: { api_key: server.apiKey },
        headers: { "x-berth-csrf": "1", "sec-fetch-site": "same-origin" },
      });
      const secret = /^berth_session=([^;]+)/.exec(login.headers.get("set-cookie") ?? "")?.[1] ?? "";
      expect(secret).not.toBe("");
      for (const domain of ["127.0.0.1", "localhost"])
        await context.addCookies([
          { name: "berth_session", value: secret, domain, path: "/", httpOnly: true, sameSite: "Strict" },
        ]);
      // What is tried below works with this cookie for whoever may.
      const own = await browser.page.goto(`${server.url}/v1/sessions`);
      expect(own?.status()).toBe(200);
    });
    afterAll(() => browser?.close());

    async function open(id: string) {
      const page = await context.newPage();
      await page.goto(await link(id));
      await page.goto(`${new URL(page.url()).origin}/page`);
      return page;
    }

    test("B7: a hostile page reads no cookie of Berth, none of the API's answers, opens no terminal, and changes nothing", async () => {
      const page = await open(mine);
      const port = new URL(server.url).port;
      const targets = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
      const found = await page.evaluate(
        async ({ targets, mine }) => {
          const results: Record<string, string> = { cookie: document.cookie, opener: String(window.opener) };
          for (const target of targets) {
            for (const path of ["/v1/sessions", `/v1/sessions/${mine}`, "/auth/session", "/v1/api_keys"])
              results[target + path] = await fetch(target + path, { credentials: "include" }).then(
                async (answer) => `read ${await answer.text()}`,
                () => "refused",
              );
            results[`${target} post`] = await fetch(`${target}/v1/sessions/${mine}/archive`, {
              method: "POST",
              credentials: "include",
              mode: "no-cors",
            }).then(
              (answer) => answer.type,
              () => "refused",
            );
            results[`${target} socket`] = await new Promise((resolve) => {
              const socket = new WebSocket(`${target.replace("http", "ws")}/v1/sessions/${mine}/terminals/main`);
              socket.onopen = () => resolve("opened");
              socket.onerror = () => resolve("refused");
            });
          }
          // biome-ignore lint/suspicious/noDocumentCookie: this is what the attack does.
          document.cookie = "berth_session=tossed; domain=localhost; path=/";
          // biome-ignore lint/suspicious/noDocumentCookie: this is what the attack does.
          document.cookie = "berth_preview=tossed; path=/";
          return results;
        },
        { targets, mine },
      );
      const { cookie, opener, ...rest } = found;
      expect(cookie).toBe("own=1");
      expect(opener).toBe("null");
      for (const [what, result] of Object.entries(rest)) expect(["refused", "opaque"], what).toContain(result);
      const session = await server.call("GET", `/v1/sessions/${mine}`);
      expect(session.body).toMatchObject({ archived_at: null });
      // The dashboard's login is as it was, and so is this preview.
      for (const target of targets) expect((await browser.page.goto(`${target}/v1/sessions`))?.status()).toBe(200);
      await page.reload();
      expect(await page.title()).toBe("hostile");
      await page.close();
    });

    test("B7: it sees nothing of another session's preview that is open in the same browser, not in a frame either", async () => {
      const victim = await open(other);
      const victimOrigin = new URL(victim.url()).origin;
      const page = await open(mine);
      const read = await page.evaluate(async (target) => {
        const fetched = await fetch(`${target}/`, { credentials: "include" }).then(
          async (answer) => `${answer.status} ${await answer.text()}`,
          () => "refused",
        );
        const frame = document.createElement("iframe");
        frame.src = `${target}/`;
        document.body.append(frame);
        await new Promise((resolve) => {
          frame.onload = resolve;
          frame.onerror = resolve;
          setTimeout(resolve, 3_000);
        });
        const socket = await new Promise<string>((resolve) => {
          const one = new WebSocket(target.replace("http", "ws"));
          one.onopen = () => resolve("opened");
          one.onerror = () => resolve("refused");
        });
        return { fetched, socket };
      }, victimOrigin);
      expect(read.fetched).not.toContain("secret");
      expect(read.socket).toBe("refused");
      const framed = page.frames().filter((frame) => frame !== page.mainFrame());
      for (const frame of framed) expect(await frame.content()).not.toContain("secret");
      await page.close();
      await victim.close();
    });

    test("B7: it registers no service worker, so that it never sees the next ticket", async () => {
      const page = await open(mine);
      const registered = await page.evaluate(() =>
        navigator.serviceWorker.register("/worker.js").then(
          () => "registered",
          () => "refused",
        ),
      );
      expect(registered).toBe("refused");
      await page.close();
    });
  });
});
