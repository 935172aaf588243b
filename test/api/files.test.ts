// Files of a session: read and written through the API in a real sandbox; nothing outside it, nothing of other teams, nothing that runs in a browser.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { sandboxesMissing, startTestSandboxd, TEST_SPEC, type TestSandboxd } from "../support/local-sandboxd.ts";

describe.skipIf(sandboxesMissing() !== null)("files of a session", () => {
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
    const agent = await server.client().beta.agents.create({ name: "Files", model: "alpha" });
    const { body } = await server.call("POST", "/v1/sessions", { body: { agent: agent.id } });
    // The API's own answer.
    return (body as { id: string }).id;
  }
  const url = (path: string, query: Record<string, string> = {}, id = sessionId) =>
    `/v1/sessions/${id}${path}?${new URLSearchParams(query)}`;
  const send = (path: string, content: string | Uint8Array<ArrayBuffer>, id = sessionId, headers = {}) =>
    fetch(server.url + url("/files/content", { path }, id), {
      method: "POST",
      headers: { "x-api-key": server.apiKey, ...headers },
      body: content,
    });
  const read = (path: string, headers: Record<string, string> = { "x-api-key": server.apiKey }) =>
    fetch(server.url + url("/files/content", { path }), { headers });
  /** By the sandbox itself, as a tool would. */
  async function run(command: string): Promise<void> {
    const sandbox = await sandboxd.backend.create(sessionId, TEST_SPEC);
    const result = await sandbox.runOperation(`op-${Math.random()}`, { kind: "bash", command });
    expect(result.outcome, result.content).toBe("ok");
  }

  test("a session without a sandbox has no files, and looking makes no sandbox", async () => {
    expect((await server.call("GET", url("/sandbox"))).body).toMatchObject({ state: "none", last_used_at: null });
    expect((await server.call("GET", url("/files"))).body).toEqual({ path: "/workspace", data: [], truncated: false });
    expect((await server.call("GET", url("/files/content", { path: "a" }))).status).toBe(404);
    expect((await server.call("GET", url("/files/archive"))).status).toBe(404);
    expect(await sandboxd.backend.list()).toEqual([]);
  });

  test("what is uploaded is there, byte for byte, also after the sandbox slept", async () => {
    const bytes = new Uint8Array(3_000_000).map((_, index) => index % 251);
    const answer = await send("data/big.bin", bytes);
    expect(await answer.json()).toEqual({ type: "file_written", path: "data/big.bin", size_bytes: 3_000_000 });
    await sandboxd.backend.hibernate(sessionId);
    const back = await read("/workspace/data/big.bin");
    expect(back.status).toBe(200);
    expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true);
    expect((await server.call("GET", url("/sandbox"))).body).toMatchObject({ state: "running" });
    expect((await server.call("GET", url("/files"))).body).toMatchObject({
      data: [{ name: "data", path: "/workspace/data", kind: "directory" }],
    });
  });

  test("an archive holds workspace and home", async () => {
    const answer = await fetch(server.url + url("/files/archive"), { headers: { "x-api-key": server.apiKey } });
    expect(answer.headers.get("content-disposition")).toContain(`filename="${sessionId}.tar"`);
    const text = Buffer.from(await answer.arrayBuffer()).toString("latin1");
    expect(text).toContain("workspace/data/big.bin");
  });

  test("a page that an agent wrote is bytes to a browser", async () => {
    await send("page.html", "<script>alert(document.cookie)</script>");
    const { headers } = await read("page.html");
    expect(headers.get("content-type")).toBe("application/octet-stream");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
    expect(headers.get("content-disposition")).toMatch(/^attachment; /);
    await send("vector.svg", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>");
    expect((await read("vector.svg")).headers.get("content-type")).toBe("application/octet-stream");
  });

  test("nothing outside is read or written, by whatever way", async () => {
    await run(
      "ln -sf /etc/passwd link; ln -sfn / root; mkfifo -m 666 pipe; mkdir -p dir; ln -sf loop loop; truncate -s 10G sparse || true",
    );
    for (const path of [
      "/etc/passwd",
      "../etc/passwd",
      "link",
      "root/etc/passwd",
      "pipe",
      "dir",
      "loop",
      "/proc/1/environ",
    ]) {
      const answer = await read(path);
      expect(answer.status, path).toBe(400);
      expect(await answer.text()).not.toContain("root:");
    }
    for (const path of ["/etc/x", "../x", "root/tmp/x", "a\0b"]) expect((await send(path, "x")).status, path).toBe(400);
    expect((await server.call("GET", url("/files", { path: "/etc" }))).status).toBe(400);
    expect((await server.call("GET", url("/files", { path: "root" }))).status).toBe(400);
  });

  test("names of any kind are listed and can be asked for", async () => {
    const names = ["a\nb", "<img src=x>", "مرحبا", "\u202Egnp.exe", " space ", "%2e%2e", "🚀"];
    for (const name of names) expect((await send(`names/${name}`, name)).status, name).toBe(200);
    const { body } = await server.call("GET", url("/files", { path: "names" }));
    // The API's own answer.
    const listed = (body as { data: { name: string; path: string }[] }).data;
    expect(listed.map(({ name }) => name).sort()).toEqual([...names].sort());
    for (const { name, path } of listed) expect(await (await read(path)).text()).toBe(name);
  });

  test("bad input is refused in words", async () => {
    expect(await server.call("GET", url("/files/content"))).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining("path") } },
    });
    expect(await server.call("GET", url("/files/content", { path: "nope" }))).toMatchObject({
      status: 404,
      body: { error: { message: 'There is no file "nope" in this session.' } },
    });
    const tooLarge = await send("huge", new Uint8Array(33 * 1024 * 1024));
    expect(tooLarge.status).toBe(413);
  });

  test("who is not asked in gets nothing", async () => {
    expect((await read("page.html", {})).status).toBe(401);
    expect((await fetch(server.url + url("/files/content", { path: "x" }), { method: "POST", body: "x" })).status).toBe(
      401,
    );
    const foreign = "sesn_00000000000000000000000000";
    for (const path of ["/sandbox", "/files", "/files/archive"])
      expect((await server.call("GET", url(path, {}, foreign))).status, path).toBe(404);
    expect((await send("x", "x", foreign)).status).toBe(404);
  });

  test("an archived session gives its files and takes none", async () => {
    await server.call("POST", `/v1/sessions/${sessionId}/archive`);
    expect((await read("page.html")).status).toBe(200);
    expect((await send("late.txt", "x")).status).toBe(400);
  });

  test("where no sandbox can be reached, that is said", async () => {
    const blind = await startApiServer({ database: server.database });
    try {
      const answer = await blind.call("GET", url("/files"));
      expect(answer).toMatchObject({ status: 503, body: { error: { message: "This process reaches no sandboxes." } } });
    } finally {
      await blind.close();
    }
  });
});
