// Credentials of a vault, from the API to a real sandbox and back: the host sees the value, the sandbox never does. Ids C1–C29.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAuthority } from "../../src/egress/certificate-authority.ts";
import { findIn, newCanary } from "../support/canary.ts";
import { echoHost, type Seen } from "../support/echo-host.ts";
import { startUpstream, type Upstream } from "../support/egress-world.ts";
import { sandboxesMissing } from "../support/local-sandboxd.ts";
import { readProcess, readProcessesBelow, type Swept, sweepSystem } from "../support/sweep.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

const VALUE = newCanary("variable");
const BEARER = newCanary("bearer");
const ROTATED = newCanary("rotated");
const LATER = newCanary("later");
const KEPT = newCanary("kept");
const [ACCESS, REFRESH] = [newCanary("access"), newCanary("refresh")];
const [RENEWED, NEXT_REFRESH] = ["renewed", "next-refresh"].map((name) => newCanary(name).replace(/[^\x21-\x7e]/g, ""));
const HOSTS = [
  "api.github.example.com",
  "mcp.example.com",
  "other.example.com",
  "tracker.example.com",
  "id.example.com",
];

describe.skipIf(sandboxesMissing())("credentials in a real sandbox", () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-credentials-"));
  const seen: Seen[] = [];
  const answers: Swept[] = [];
  /** Of the token endpoint. */
  const asked: URLSearchParams[] = [];
  /** Requests that get the beginning of an answer, and no end. */
  let hanging = 0;
  let upstream: Upstream;
  let system: System;
  let sessionId: string;
  let vaultId: string;
  let credentialId: string;
  let agentId: string;

  async function api(method: string, path: string, body?: unknown) {
    const response = await fetch(system.url + path, {
      method,
      headers: { "x-api-key": system.apiKey, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    answers.push({ place: `${method} ${path}`, bytes: Buffer.from(text) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as { id: string; data: Record<string, unknown>[] };
  }

  /** What a command printed, as the model reads it. */
  async function run(command: string, session = sessionId): Promise<string> {
    const path = `/v1/sessions/${session}/events`;
    const results = async () =>
      (await api("GET", `${path}?limit=1000`)).data.filter(({ type }) => type === "agent.tool_result");
    const idle = async () =>
      (await api("GET", `${path}?limit=1000`)).data.filter(({ type }) => type === "session.status_idle").length;
    const before = (await results()).length;
    const idleBefore = await idle();
    await api("POST", path, {
      events: [{ type: "user.message", content: [{ type: "text", text: `Run \`${command}\`` }] }],
    });
    await until(async () => (await idle()) > idleBefore, { timeoutMs: 60_000 });
    const [last] = (await results()).slice(before);
    const content = last?.content as { text?: string }[] | undefined;
    return (content ?? []).map(({ text }) => text ?? "").join("");
  }

  /** Null: it is not there. */
  async function fileOf(session: string, path: string): Promise<string | null> {
    const where = `/v1/sessions/${session}/files/content?path=${encodeURIComponent(path)}`;
    const response = await fetch(system.url + where, { headers: { "x-api-key": system.apiKey } });
    const text = await response.text();
    answers.push({ place: `GET ${where}`, bytes: Buffer.from(text) });
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`GET ${where}: ${response.status} ${text}`);
    return text;
  }

  const newSession = async () => (await api("POST", "/v1/sessions", { agent: agentId, vault_ids: [vaultId] })).id;

  beforeAll(async () => {
    const authority = await createAuthority({ now: Date.now });
    const caFile = join(directory, "ca.pem");
    writeFileSync(caFile, authority.certificate);
    const echo = echoHost(seen);
    upstream = await startUpstream(authority, async (request, response) => {
      if (request.url === "/hang") {
        hanging += 1;
        return void response.writeHead(200).write("begun\n");
      }
      if (request.headers.host !== "id.example.com") return echo(request, response);
      let body = "";
      for await (const piece of request) body += piece;
      asked.push(new URLSearchParams(body));
      response.end(JSON.stringify({ access_token: RENEWED, refresh_token: NEXT_REFRESH, expires_in: 3600 }));
    });
    system = await startSystem({
      env: {
        BERTH_EGRESS_HOSTS: HOSTS.map((host) => `${host}=127.0.0.1:${upstream.port}`).join(","),
        BERTH_EGRESS_CA_FILE: caFile,
        BERTH_LOG_LEVEL: "trace",
      },
    });
    agentId = String((await api("GET", "/v1/agents")).data[0]?.id);
    vaultId = (await api("POST", "/v1/vaults", { display_name: "Production" })).id;
    credentialId = (
      await api("POST", `/v1/vaults/${vaultId}/credentials`, {
        auth: {
          ...{ type: "environment_variable", secret_name: "GITHUB_TOKEN", secret_value: VALUE },
          networking: { type: "limited", allowed_hosts: ["api.github.example.com"] },
        },
      })
    ).id;
    await api("POST", `/v1/vaults/${vaultId}/credentials`, {
      auth: { type: "static_bearer", token: BEARER, mcp_server_url: "https://mcp.example.com/mcp" },
    });
    sessionId = await newSession();
  }, 300_000);
  beforeEach(() => void seen.splice(0));
  afterAll(async () => {
    await system?.dispose();
    await upstream?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("C1, C6: the host sees the value, the sandbox a placeholder, also in what comes back", async () => {
    const printed = await run("echo $GITHUB_TOKEN");
    expect(printed.trim()).toMatch(/^berth_placeholder_[0-9a-z]{32}$/);
    const placeholder = printed.trim();
    const said = await run(
      'curl -sS -H "Authorization: Bearer $GITHUB_TOKEN" https://api.github.example.com/echo/json',
    );
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${VALUE}`]);
    expect(JSON.parse(said)).toEqual({ authorization: `Bearer ${placeholder}`, token: placeholder, body: "" });
  });

  it("a bearer token goes to its server without being asked for, and nowhere else", async () => {
    const said = await run("curl -sS https://mcp.example.com/mcp; curl -sS https://mcp.example.com/other");
    expect(seen.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ["/mcp", `Bearer ${BEARER}`],
      ["/other", undefined],
    ]);
    expect(said).toContain("berth_value_removed");
    expect(said).not.toContain(BEARER);
  });

  it("C2: a placeholder on its way to another host does not leave, and is a security event", async () => {
    const said = await run('curl -sS -H "Authorization: Bearer $GITHUB_TOKEN" https://other.example.com/echo/json');
    expect(said).toContain("GITHUB_TOKEN is not for other.example.com");
    expect(seen).toEqual([]);
    await until(async () =>
      (await api("GET", `/v1/egress_requests?session_id=${sessionId}`)).data.some(
        (line) => line.rule === "placeholder_host" && line.suspicious === true && line.host === "other.example.com",
      ),
    );
  });

  it("C3, F8: another session has another placeholder, and a fork too; neither uses this one's", async () => {
    const placeholder = (await run("echo $GITHUB_TOKEN")).trim();
    const fork = (await api("POST", `/v1/sessions/${sessionId}/fork`, {})).id;
    for (const other of [await newSession(), fork]) {
      // A fork's first command is told of its files, too.
      const own = /berth_placeholder_\w+$/.exec((await run("echo $GITHUB_TOKEN", other)).trim())?.[0];
      expect(own).toBeDefined();
      expect(own).not.toBe(placeholder);
      const said = await run(
        `curl -sS -H "Authorization: Bearer ${placeholder}" https://api.github.example.com/echo/json`,
        other,
      );
      expect(said).toContain("placeholder_unknown");
    }
    expect(seen).toEqual([]);
  });

  it("a variable that is added to the vault is there in the next turn of a running session, and is gone when archived", async () => {
    expect((await run("X=mine; echo $LATER_TOKEN-")).trim()).toBe("-");
    const { id } = await api("POST", `/v1/vaults/${vaultId}/credentials`, {
      auth: {
        ...{ type: "environment_variable", secret_name: "LATER_TOKEN", secret_value: LATER },
        networking: { type: "unrestricted" },
      },
    });
    expect((await run("echo $X $LATER_TOKEN-")).trim()).toMatch(/^mine berth_placeholder_/);
    await api("POST", `/v1/vaults/${vaultId}/credentials/${id}/archive`);
    expect((await run("echo $X $LATER_TOKEN-")).trim()).toBe("mine -");
  });

  it("C22, C23: a new value is used within 5 s, a deleted credential's placeholder is dead within 5 s", async () => {
    const ask = 'curl -sS -H "Authorization: Bearer $GITHUB_TOKEN" https://api.github.example.com/echo/json';
    await api("POST", `/v1/vaults/${vaultId}/credentials/${credentialId}`, {
      auth: { type: "environment_variable", secret_value: ROTATED },
    });
    await until(async () => {
      await run(ask);
      return seen.at(-1)?.headers.authorization === `Bearer ${ROTATED}`;
    });
    const kept = (await run("echo $GITHUB_TOKEN")).trim();
    await api("DELETE", `/v1/vaults/${vaultId}/credentials/${credentialId}`);
    const dead = `curl -sS -H "Authorization: Bearer ${kept}" https://api.github.example.com/echo/json`;
    await until(async () => (await run(dead)).includes("placeholder_unknown"));
    const count = seen.length;
    expect(await run(dead)).toContain("placeholder_unknown");
    expect(seen).toHaveLength(count);
  });

  it("C26: an OAuth token that is about to end is renewed outside of the sandbox, once for many requests at once", async () => {
    await api("POST", `/v1/vaults/${vaultId}/credentials`, {
      auth: {
        ...{ type: "mcp_oauth", access_token: ACCESS, mcp_server_url: "https://tracker.example.com/mcp" },
        expires_at: new Date(Date.now() + 50_000).toISOString(),
        refresh: {
          ...{ client_id: "berth", refresh_token: REFRESH, token_endpoint: "https://id.example.com/token" },
          token_endpoint_auth: { type: "none" },
        },
      },
    });
    const session = await newSession();
    await run("for i in 1 2 3 4 5; do curl -sS https://tracker.example.com/mcp & done; wait", session);
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(Array(5).fill(`Bearer ${RENEWED}`));
    expect(asked.map((form) => form.get("refresh_token"))).toEqual([REFRESH]);
  });

  it("E19: what is under way when the broker is killed ends with an error, and nothing else does; the next one lets through again", async () => {
    const [one, other] = [await newSession(), await newSession()];
    await run("true", other);
    const asking = run(
      "curl -sS -N -m 50 -o got https://mcp.example.com/hang 2>&1; echo ended $?; cat got; echo here",
      one,
    );
    // Not only sent by its host: the answer's beginning has come through the broker.
    await until(async () => (await fileOf(one, "/workspace/got")) === "begun\n", { timeoutMs: 60_000 });
    expect(hanging).toBe(1);
    const alive = run("sleep 1; echo alive", other);
    await system.killPart("egress");
    // 28: it would have waited for an answer until its own limit.
    expect(await asking).toMatch(/ended (?!0\b|28\b)\d+\nbegun\nhere/);
    expect(await alive).toContain("alive");
    await until(
      async () => (await run("curl -sS -m 5 https://mcp.example.com/echo/json 2>&1", one)).includes("authorization"),
      {
        timeoutMs: 60_000,
      },
    );
  });

  it("E19: a broker that stalls lets nothing through and holds up nothing else; what was given up meanwhile does not go out later", async () => {
    const [one, other] = [await newSession(), await newSession()];
    await run("true", one);
    const pid = await system.pid("egress");
    if (pid === null) throw new Error("no broker runs");
    process.kill(pid, "SIGSTOP");
    try {
      const asking = run("curl -sS -m 2 https://mcp.example.com/stalled 2>&1; echo ended $?; echo here", one);
      expect(await run("echo alive", other)).toContain("alive");
      expect(await asking).toMatch(/ended [1-9]\d*\nhere/);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await until(
      async () => (await run("curl -sS -m 5 https://mcp.example.com/echo/json 2>&1", one)).includes("authorization"),
      {
        timeoutMs: 60_000,
      },
    );
    expect(seen.map(({ path }) => path)).not.toContain("/stalled");
  });

  it("C1, C25: after all that no value is in the database, a log, an answer of the API, a disk, the worker, or a process of a sandbox", async () => {
    await api("POST", `/v1/vaults/${vaultId}/credentials`, {
      auth: {
        ...{ type: "environment_variable", secret_name: "KEPT_TOKEN", secret_value: KEPT },
        networking: { type: "unrestricted" },
      },
    });
    const fresh = await newSession();
    const said = await run("curl -sS https://mcp.example.com/mcp > kept; env > env; cat kept; echo $KEPT_TOKEN", fresh);
    const placeholder = /berth_placeholder_\w+/.exec(said)?.[0];
    if (placeholder === undefined) throw new Error(`no placeholder: ${said}`);
    const [sandboxd, worker] = [await system.pid("sandboxd"), await system.pid("worker")];
    if (sandboxd === null || worker === null) throw new Error("nothing runs");
    const inside = readProcessesBelow(sandboxd);
    expect(inside.filter(({ place, bytes }) => place.endsWith("/mem") && bytes.length > 0).length).toBeGreaterThan(1);
    const kept = await sweepSystem(system);
    // What programs write on a sandbox's disk is looked at: the placeholder is there.
    const disks = kept.filter(({ place }) => place.endsWith("/disk.img"));
    if (process.getuid?.() === 0)
      expect(disks.some(({ bytes }) => Buffer.from(bytes).includes(placeholder))).toBe(true);
    const sweep = [...answers, ...inside, ...readProcess(worker), ...kept];
    const values = [VALUE, BEARER, ROTATED, LATER, KEPT, ACCESS, REFRESH, RENEWED, NEXT_REFRESH].map(String);
    expect(findIn(sweep, values)).toEqual([]);
  });
});
