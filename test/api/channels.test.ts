// Terminals and programs over WebSockets: for those who may, from our own pages only, as long as they may, bounded both ways.
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { sandboxesMissing, startTestSandboxd, TEST_SPEC, type TestSandboxd } from "../support/local-sandboxd.ts";
import { until } from "../support/until.ts";

describe.skipIf(sandboxesMissing() !== null)("channels", () => {
  let sandboxd: TestSandboxd;
  let server: ApiServer;
  let sessionId: string;

  beforeAll(async () => {
    sandboxd = await startTestSandboxd();
    server = await startApiServer({ sandboxes: { backend: sandboxd.backend, spec: TEST_SPEC } });
    sessionId = await newSession();
  });
  afterAll(async () => {
    await server?.close();
    await sandboxd?.[Symbol.asyncDispose]();
  });

  async function newSession(): Promise<string> {
    const agent = await server.client().beta.agents.create({ name: "Terminal", model: "alpha" });
    const { body } = await server.call("POST", "/v1/sessions", { body: { agent: agent.id } });
    // The API's own answer.
    return (body as { id: string }).id;
  }
  const address = (path: string, id = sessionId) => `${server.url.replace("http", "ws")}/v1/sessions/${id}${path}`;
  const withKey = () => ({ "x-api-key": server.apiKey });

  type Opened = {
    socket: WebSocket;
    text: () => string;
    notices: unknown[];
    closed: Promise<{ code: number; reason: string }>;
  };
  async function open(path: string, headers: Record<string, string> = withKey(), id = sessionId): Promise<Opened> {
    const socket = new WebSocket(address(path, id), { headers });
    let text = "";
    const notices: unknown[] = [];
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) text += data.subarray(1).toString("latin1");
      else notices.push(JSON.parse(data.toString()));
    });
    const closed = once(socket, "close").then(([code, reason]) => ({ code: Number(code), reason: String(reason) }));
    await once(socket, "open");
    return { socket, text: () => text, notices, closed };
  }
  /** Status and words of a refused upgrade. */
  async function refused(path: string, headers: Record<string, string> = withKey(), id = sessionId) {
    const socket = new WebSocket(address(path, id), { headers });
    socket.on("error", () => undefined);
    const [, response] = await once(socket, "unexpected-response");
    let body = "";
    for await (const piece of response) body += piece;
    return { status: response.statusCode as number, message: String(JSON.parse(body).error?.message) };
  }

  test("two viewers of different size share the smaller one, are told it, and do not take it from each other", async () => {
    const sizes = ({ notices }: Opened) =>
      notices.flatMap((notice) => {
        const { type, ...size } = notice as { type: string };
        return type === "size" ? [size] : [];
      });
    const wide = await open("/terminals/shared?columns=120&rows=30");
    await until(() => sizes(wide).length === 1);
    const tall = await open("/terminals/shared?columns=80&rows=50");
    await until(() => sizes(wide).length === 2 && sizes(tall).length >= 1);
    expect(sizes(wide)).toEqual([
      { columns: 120, rows: 30 },
      { columns: 80, rows: 30 },
    ]);
    expect(sizes(tall).at(-1)).toEqual({ columns: 80, rows: 30 });
    tall.socket.send(Buffer.from("stty size\n"));
    await until(() => wide.text().includes("30 80"));
    // Saying again what one has room for changes nothing.
    wide.socket.send(JSON.stringify({ type: "resize", columns: 130, rows: 30 }));
    wide.socket.send(Buffer.from("clear; stty size; echo same-$((1+1))\n"));
    await until(() => tall.text().includes("same-2"));
    expect(sizes(tall)).toHaveLength(1);
    tall.socket.close();
    await until(() => JSON.stringify(sizes(wide).at(-1)) === JSON.stringify({ columns: 130, rows: 30 }));
    wide.socket.send(Buffer.from("stty size; exit\n"));
    await wide.closed;
    expect(wide.text()).toContain("30 130");
  });

  test("a browser, which cannot read a refusal, is told it on the connection", async () => {
    const login = await server.call("POST", "/auth/login", {
      anonymous: true,
      body: { api_key: server.apiKey },
      headers: { "x-berth-csrf": "1", "sec-fetch-site": "same-origin", "content-type": "application/json" },
    });
    const host = new URL(server.url).host;
    const ours = { cookie: login.headers.get("set-cookie")?.split(";")[0] ?? "", origin: `http://${host}` };
    const unknown = await open("/terminals/main", ours, "sesn_unknown");
    expect((await unknown.closed).code).toBe(4403);
    expect(unknown.notices).toEqual([{ type: "refused", status: 404, message: "There is no session sesn_unknown." }]);
    const gone = await newSession();
    await server.call("POST", `/v1/sessions/${gone}/archive`);
    const archived = await open("/terminals/main", ours, gone);
    await archived.closed;
    expect(archived.notices).toMatchObject([{ type: "refused", message: expect.stringContaining("archived") }]);
  });

  test("a terminal is opened in a sandbox that is made for it, takes input and sizes, and comes back where it was", async () => {
    const one = await open("/terminals/main?columns=90&rows=20");
    one.socket.send(Buffer.from("stty size; echo hello-$((1+1))\n"));
    await until(() => one.text().includes("hello-2"));
    expect(one.text()).toContain("20 90");
    expect(one.notices[0]).toEqual({ type: "begun", offset: 0 });
    one.socket.send(JSON.stringify({ type: "resize", columns: 101, rows: 33 }));
    one.socket.send(Buffer.from("stty size\n"));
    await until(() => one.text().includes("33 101"));
    one.socket.close();
    const had = one.text().length;
    const two = await open(`/terminals/main?offset=${had}`);
    two.socket.send(Buffer.from("echo back-$((1+1))\n"));
    await until(() => two.text().includes("back-2"));
    expect(two.text()).not.toContain("hello-2");
    expect(two.notices[0]).toEqual({ type: "begun", offset: had });
    two.socket.send(Buffer.from("exit 4\n"));
    expect((await two.closed).code).toBe(1000);
    expect(two.notices.at(-1)).toEqual({ type: "exited", exit_code: 4 });
    expect((await server.call("GET", `/v1/sessions/${sessionId}/sandbox`)).body).toMatchObject({ state: "running" });
  });

  test("a program gets its input, its end, signals; outputs are told apart", async () => {
    const query = new URLSearchParams([
      ["command[]", "sh"],
      ["command[]", "-c"],
      ["command[]", "cat; echo no >&2; exit 3"],
    ]);
    const socket = new WebSocket(address(`/exec?${query}`), { headers: withKey() });
    const output: Record<number, string> = { 1: "", 2: "" };
    const notices: unknown[] = [];
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) output[data[0] ?? 0] += data.subarray(1).toString();
      else notices.push(JSON.parse(data.toString()));
    });
    await once(socket, "open");
    socket.send(Buffer.from("some input"));
    socket.send(JSON.stringify({ type: "end_input" }));
    await once(socket, "close");
    expect([output, notices]).toEqual([{ 1: "some input", 2: "no\n" }, [{ type: "exited", exit_code: 3 }]]);
    const sleeping = await open(
      `/exec?${new URLSearchParams([
        ["command[]", "sleep"],
        ["command[]", "600"],
      ])}`,
    );
    sleeping.socket.send(JSON.stringify({ type: "signal", signal: "SIGTERM" }));
    await sleeping.closed;
    expect(sleeping.notices).toEqual([{ type: "exited", exit_code: 143 }]);
  });

  test("nobody opens one without a key, of another team, for a closed session, by a wrong name, or from another site's page", async () => {
    expect(await refused("/terminals/main", {})).toMatchObject({ status: 401 });
    expect(await refused("/terminals/main", { "x-api-key": "wrong" })).toMatchObject({ status: 401 });
    expect(await refused("/terminals/main", { ...withKey(), host: "evil.example" })).toMatchObject({ status: 403 });
    expect((await refused("/terminals/a%2Fb")).status).toBe(400);
    expect((await refused("/terminals/main?columns=1")).message).toContain("columns");
    expect((await refused("/exec")).message).toContain("command");
    expect((await refused("/nothing")).status).toBe(404);
    expect((await refused("/terminals/main", withKey(), "sesn_unknown")).status).toBe(404);
    const archived = await newSession();
    await server.call("POST", `/v1/sessions/${archived}/archive`);
    expect((await refused("/terminals/main", withKey(), archived)).message).toContain("archived");
    const foreign = await newSession();
    await server.web.db.insertInto("teams").values({ id: "team_other", name: "other" }).execute();
    await server.web.db.updateTable("sessions").set({ team_id: "team_other" }).where("id", "=", foreign).execute();
    expect((await refused("/terminals/main", withKey(), foreign)).status).toBe(404);

    const cookie = await logIn();
    const host = new URL(server.url).host;
    for (const origin of ["https://evil.example", "http://127.0.0.1:1", "null", ""])
      expect((await refused("/terminals/main", { cookie, ...(origin ? { origin } : {}) })).status, origin).toBe(403);
    const ours = await open("/terminals/main", { cookie, origin: `http://${host}` });
    await fetch(`${server.url}/auth/logout`, {
      method: "POST",
      headers: { cookie, "x-berth-csrf": "1", origin: server.url },
    });
    expect(await ours.closed).toMatchObject({ code: 4401 });
  });

  test("messages that are none of ours, and too large ones, end the connection; the terminal goes on", async () => {
    for (const bad of ["{", '{"type":"dance"}', '{"type":"resize","columns":0,"rows":1}']) {
      const one = await open("/terminals/main");
      one.socket.send(bad);
      expect((await one.closed).code, bad).toBe(4400);
    }
    const large = await open("/terminals/main");
    large.socket.send(Buffer.alloc(2 * 1024 * 1024));
    expect((await large.closed).code).toBe(1009);
    const after = await open("/terminals/main");
    after.socket.send(Buffer.from("echo still-$((1+1))\n"));
    await until(() => after.text().includes("still-2"));
    after.socket.close();
  });

  test.each([
    ["without a key", "GET", ""],
    ["by a POST", "POST", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"],
  ])("a program that is asked for by a handshake that is none, %s, is left to nobody", async (_, method, lines) => {
    const query = new URLSearchParams(["sleep", "1000"].map((word) => ["command[]", word]));
    const { hostname, port, host } = new URL(server.url);
    const client = connect(Number(port), hostname);
    const head = `${method} /v1/sessions/${sessionId}/exec?${query} HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${server.apiKey}\r\n`;
    client.write(`${head}Connection: Upgrade\r\nUpgrade: websocket\r\n${lines}\r\n`);
    expect(await text(client)).toMatch(/^HTTP\/1\.1 4\d\d /);
    const sandbox = await sandboxd.backend.open(sessionId);
    const running = { kind: "bash", command: "pgrep -f 'sleep[ ]1000' | wc -l" } as const;
    let asked = 0;
    await until(async () => (await sandbox.runOperation(`running-${method}-${asked++}`, running)).content === "0");
  });

  test("a client that reads nothing holds its program back, not the server's memory", async () => {
    const query = new URLSearchParams([
      ["command[]", "sh"],
      ["command[]", "-c"],
      ["command[]", "yes"],
    ]);
    const before = process.memoryUsage().rss;
    const greedy = await open(`/exec?${query}`);
    greedy.socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(150);
    greedy.socket.terminate();
  });

  test("the end of the sandbox and of the server are told", async () => {
    const lost = await open("/terminals/main");
    await server.call("POST", `/v1/sessions/${sessionId}/sandbox/end`);
    expect((await lost.closed).code).toBe(4410);
    const again = await open("/terminals/main");
    again.socket.send(Buffer.from("echo new-$((1+1))\n"));
    await until(() => again.text().includes("new-2"));
    server.web.channels.close();
    expect((await again.closed).code).toBe(1012);
  });

  async function logIn(): Promise<string> {
    const answer = await fetch(`${server.url}/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-berth-csrf": "1", origin: server.url },
      body: JSON.stringify({ api_key: server.apiKey }),
    });
    return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
  }
});
