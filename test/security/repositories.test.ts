// C14, C1, C13: a session's repositories, from the official SDK through worker, sandbox and broker to a git host that lets in the real token only.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Session } from "../../src/contract/sessions.ts";
import { findNetworking } from "../../src/db/session-networking.ts";
import { createApplyCredentials } from "../../src/egress/apply-credentials.ts";
import type { AuditLine } from "../../src/egress/audit-queue.ts";
import { type Broker, createBroker } from "../../src/egress/broker.ts";
import { createAuthority } from "../../src/egress/certificate-authority.ts";
import { createDialGuard } from "../../src/egress/dial-guard.ts";
import { type LinkServer, startLinkServer } from "../../src/egress/link-server.ts";
import { listOf } from "../../src/egress/refused-addresses.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { openCheckedKeyRing } from "../../src/secrets/check-keks.ts";
import { createSessionCredentials } from "../../src/secrets/session-credentials.ts";
import { createTeamKeys } from "../../src/secrets/team-keys.ts";
import { createReadyForPerson } from "../../src/sessions/ready-for-person.ts";
import { createSessionFiles } from "../../src/sessions/session-files.ts";
import { type ApiServer, startApiServer, TEST_KEK } from "../support/api-server.ts";
import { findForms, findIn } from "../support/canary.ts";
import { startUpstream, type Upstream } from "../support/egress-world.ts";
import { sandboxesMissing, startTestSandboxd, TEST_LIMITS, type TestSandboxd } from "../support/local-sandboxd.ts";
import { NO_CEILINGS } from "../support/no-ceilings.ts";
import { makeHosts, serveHosts } from "../support/program-hosts.ts";
import { createScriptedModel } from "../support/scripted-model.ts";
import { readProcessesBelow } from "../support/sweep.ts";
import { createTurnWorld, type TurnWorld } from "../support/turn-world.ts";
import { until } from "../support/until.ts";

const TOKEN = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
const ROTATED = "ghp_RotatedF292c6912E7710c838347Ae178B4b";
const URL_OF_APP = "https://git.example.com/acme/app";

describe.skipIf(sandboxesMissing())("repositories of sessions", () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-repositories-"));
  const lines: AuditLine[] = [];
  const said: string[] = [];
  const commands: string[] = [];
  const model = createScriptedModel((request) => {
    const command = request.messages.at(-1)?.role === "tool" ? undefined : commands.shift();
    return command === undefined ? { text: "done" } : { toolCalls: [{ name: "bash", input: { command } }] };
  });
  let accepted = TOKEN;
  let server: ApiServer;
  let client: Anthropic;
  let world: TurnWorld;
  let sandboxd: TestSandboxd;
  let upstream: Upstream;
  let broker: Broker;
  let link: LinkServer;
  let environment_id: string;
  let agent: string;

  /** As GitHub does: who shows no token is asked for one, and strangers' repositories are not there. */
  function gitHost(request: IncomingMessage, response: ServerResponse): void {
    const [, pair = ""] = (request.headers.authorization ?? "").split(" ");
    const given = Buffer.from(pair, "base64").toString();
    if (given !== `x-access-token:${accepted}`)
      return void response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end(`not let in: ${given}`);
    if (!request.url?.startsWith("/acme/")) return void response.writeHead(404).end();
    if (request.url.startsWith("/acme/secret")) return void response.writeHead(403).end();
    response.setHeader("x-let-in", given);
    serveHosts(directory, request, response);
  }

  async function begin(resources: NonNullable<Anthropic.Beta.SessionCreateParams["resources"]>): Promise<string> {
    return (await client.beta.sessions.create({ agent, environment_id, resources })).id;
  }
  /** A turn that runs one command; what the model was given of it. */
  async function run(session: string, command: string): Promise<string> {
    commands.push(command);
    const before = (await world.log(session)).length;
    await client.beta.sessions.events.send(session, {
      events: [{ type: "user.message", content: [{ type: "text", text: "go" }] }],
    });
    const log = await world.settled(session, { timeoutMs: 90_000 });
    const results = log.slice(before).filter(({ type }) => type === "agent.tool_result");
    const text = JSON.stringify(results.map(({ payload }) => payload));
    said.push(text);
    return text;
  }
  async function errorsOf(session: string) {
    return (await world.log(session)).flatMap(({ type, payload }) => (type === "session.error" ? [payload.error] : []));
  }
  async function progressOf(session: string) {
    return (await world.log(session)).flatMap(({ type, payload }) => (type === "session.repository" ? [payload] : []));
  }
  async function stateOf(session: string) {
    return (await client.beta.sessions.retrieve(session)).resources;
  }

  beforeAll(async () => {
    makeHosts(directory);
    mkdirSync(join(directory, "acme"));
    cpSync(join(directory, "repo.git"), join(directory, "acme", "app.git"), { recursive: true });
    const authority = await createAuthority({ now: Date.now });
    upstream = await startUpstream(authority, gitHost);
    server = await startApiServer();
    client = server.client();
    const { db } = server.web;
    const logger = createLogger("egress", { level: "silent", pretty: false });
    const limits = { ...TEST_LIMITS, memoryMb: 512, pids: 128 };
    sandboxd = await startTestSandboxd({ limits });
    const clock = systemClock;
    const teamKeys = createTeamKeys({ ring: await openCheckedKeyRing({ db, place: TEST_KEK, clock }) });
    broker = createBroker({
      readCeilings: async () => NO_CEILINGS,
      readPolicy: async (identity) => {
        const found = await findNetworking(db, { identity });
        return found && { ...found, ceiling: NO_CEILINGS.ceiling };
      },
      trusted: [authority.certificate],
      guard: createDialGuard({
        namedHosts: ["git.example.com"].map((host) => ({ host, address: "127.0.0.1", port: upstream.port })),
        refusedRanges: listOf([]),
      }),
      applyCredentials: createApplyCredentials({
        credentials: createSessionCredentials({ db, teamKeys, clock, logger }),
        refreshToken: () => Promise.reject(new Error("nothing is to be renewed")),
        tellFailed: () => Promise.reject(new Error("nothing fails to be renewed")),
        clock,
      }),
      ...{ packageHosts: [], logger, now: Date.now },
      audit: { add: (line) => void lines.push(line), close: async () => undefined },
    });
    link = await startLinkServer({ socketPath: join(sandboxd.dataDir, "run", "egress.sock"), broker, logger });
    world = await createTurnWorld({ database: server.database });
    await world.startWorker({ model, backend: sandboxd.backend });
    agent = (
      await client.beta.agents.create({
        name: "A",
        model: "alpha",
        tools: [{ type: "agent_toolset_20260401", default_config: { permission_policy: { type: "always_allow" } } }],
      })
    ).id;
    const networking = { type: "limited" as const, allowed_hosts: ["api.example.com"] };
    environment_id = (await client.beta.environments.create({ name: "Closed", config: { type: "cloud", networking } }))
      .id;
  });
  afterAll(async () => {
    await world?.dispose();
    await sandboxd?.[Symbol.asyncDispose]();
    link?.close();
    await broker?.closeAll();
    await upstream?.close();
    await server?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("C14: one is there before the first tool runs, and is pulled and pushed without a token in the sandbox", async () => {
    const session = await begin([
      {
        ...{ type: "github_repository", url: URL_OF_APP, authorization_token: TOKEN },
        checkout: { type: "branch", name: "main" },
      },
    ]);
    const first = await run(
      session,
      "cd /workspace/app && cat README && git branch --show-current && git pull -q && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m second && git push -q origin HEAD:mine && echo pushed; cat .git/config; env; cat /proc/[0-9]*/environ | tr '\\0' '\\n'",
    );
    expect(first).toMatch(/a repository\\nmain\\npushed/);
    expect(first).toContain(`url = ${URL_OF_APP}`);
    expect(first).not.toContain("Notice");
    expect(await stateOf(session)).toMatchObject([{ status: "ready", problem: null }]);
    const place = { repository_url: URL_OF_APP, mount_path: "/workspace/app" };
    expect(await progressOf(session)).toMatchObject([
      { ...place, status: "cloning" },
      { ...place, status: "ready", duration_ms: expect.any(Number) },
    ]);
    expect(model.requests[0]?.system).toContain(`- /workspace/app: ${URL_OF_APP}, branch main`);
    const used = lines.filter(({ host }) => host === "git.example.com");
    expect(used.length).toBeGreaterThan(3);
    for (const line of used)
      expect(line).toMatchObject({
        decision: "allow",
        rule: "repository",
        credentials: [`token of ${URL_OF_APP}`],
      });

    // The host is open for the repository, and for nothing else.
    const other = await run(
      session,
      "for path in acme/other acme/app2 acme acme/app/../other user/keys; do curl -sS --path-as-is https://git.example.com/$path; done",
    );
    expect(other.match(/host_not_allowed/g)).toHaveLength(5);

    const archive = Buffer.from(
      await new Response(await (await sandboxd.backend.open(session)).archive()).arrayBuffer(),
    );
    const processes = readProcessesBelow(sandboxd.pid);
    expect(processes.some(({ bytes }) => Buffer.from(bytes).includes("/workspace"))).toBe(true);
    const sweep = [
      ...processes,
      { place: "the archive", bytes: archive },
      { place: "results", bytes: Buffer.from(said.join("\n")) },
      { place: "the log", bytes: Buffer.from(JSON.stringify(await world.log(session))) },
      { place: "audit lines", bytes: Buffer.from(JSON.stringify(lines)) },
      { place: "prompts", bytes: Buffer.from(JSON.stringify(model.requests)) },
    ];
    expect(findIn(sweep, [TOKEN])).toEqual([]);

    // Another token holds within seconds, a resource that is deleted opens nothing.
    const [resource] = await stateOf(session);
    if (resource?.type !== "github_repository") throw new Error("it is not there");
    const ofSession = { session_id: session };
    accepted = ROTATED;
    await client.beta.sessions.resources.update(resource.id, { ...ofSession, authorization_token: ROTATED });
    const reach = "cd /workspace/app && git ls-remote -q origin main && echo reached";
    await until(async () => (await run(session, reach)).includes("reached"), { timeoutMs: 60_000 });
    await client.beta.sessions.resources.delete(resource.id, ofSession);
    await until(async () => (await run(session, reach)).includes("host_not_allowed"), { timeoutMs: 60_000 });
    accepted = TOKEN;
  });

  it("a terminal that is opened before the first turn finds it, and the turn tells nothing twice", async () => {
    const session = await begin([{ type: "github_repository", url: URL_OF_APP, authorization_token: TOKEN }]);
    const { db, teamId } = server.web;
    const onLogGrew = () => undefined;
    const logger = createLogger("web", { level: "silent", pretty: false });
    const files = createSessionFiles({
      ...{ db, clock: systemClock, onFilesWanted: () => undefined },
      sandboxes: { backend: sandboxd.backend, spec: { limits: { ...TEST_LIMITS, memoryMb: 512, pids: 128 }, env: {} } },
      ready: createReadyForPerson({ db, clock: systemClock, onLogGrew, logger }),
      getSession: async (_team, id) => ({ id, status: "idle", archived_at: null }) as Session,
    });
    const terminal = await files.openTerminal(teamId, session, { id: "main", columns: 80, rows: 24, offset: 0 });
    await terminal.write(Buffer.from("cat app/README; exit\n"));
    let shown = "";
    for await (const event of terminal.events)
      if (event.type === "output") shown += Buffer.from(event.bytes).toString();
    expect(shown).toContain("a repository");
    expect(await stateOf(session)).toMatchObject([{ status: "ready", problem: null }]);
    const before = upstream.requests.length;
    expect(await run(session, "git -C app status | head -1")).toContain("On branch main");
    expect(upstream.requests).toHaveLength(before);
    expect((await progressOf(session)).map(({ status }) => status)).toEqual(["cloning", "ready"]);
  });

  it("what cannot be cloned is told to the user and the model, the session goes on, and it comes with a token that is right", async () => {
    const session = await begin([
      { type: "github_repository", url: URL_OF_APP, authorization_token: ROTATED },
      {
        type: "github_repository",
        url: `${URL_OF_APP}.git`,
        mount_path: "/workspace/b",
        checkout: { type: "branch", name: "no" },
      },
      {
        type: "github_repository",
        url: "https://git.example.com/acme/none",
        mount_path: "/workspace/c",
        authorization_token: TOKEN,
      },
      {
        type: "github_repository",
        url: "https://git.example.com/acme/secret",
        mount_path: "/workspace/d",
        authorization_token: TOKEN,
      },
    ]);
    const result = await run(session, "ls /workspace; echo goes on");
    expect(result).toContain("goes on");
    expect(result).toContain(`Notice: The repository ${URL_OF_APP} is not at /workspace/app`);
    const types = () => errorsOf(session).then((errors) => errors.map((error) => (error as { type: string }).type));
    expect(await types()).toEqual([
      "repository_authentication_error",
      "repository_authentication_error",
      "repository_not_found_error",
      "repository_forbidden_error",
    ]);
    expect(await errorsOf(session)).toMatchObject([
      {
        repository_url: URL_OF_APP,
        retry_status: { type: "retrying" },
        message: expect.stringMatching(/does not take the token/),
      },
      {},
      {},
      {},
    ]);
    const [resource] = await stateOf(session);
    expect(resource).toMatchObject({ status: "failed", problem: expect.stringMatching(/does not take the token/) });
    if (resource?.type !== "github_repository") throw new Error("it is not there");
    await client.beta.sessions.resources.update(resource.id, { session_id: session, authorization_token: TOKEN });
    expect(await stateOf(session)).toMatchObject([{ status: "waiting", problem: null }, {}, {}, {}]);
    // The broker looks at the new token within seconds, and so do the turns.
    await until(async () => (await run(session, "cat app/README")).includes("a repository"), { timeoutMs: 60_000 });
    expect(await stateOf(session)).toMatchObject([{ status: "ready", problem: null }, {}, {}, {}]);
    expect((await types()).at(-1)).toBe("repository_checkout_error");
    // The same problem is not told twice.
    const count = (await types()).length;
    const told = await progressOf(session);
    await run(session, "true");
    expect(await types()).toHaveLength(count);
    expect(await progressOf(session)).toEqual(told);
    // Each that failed was begun once, and not told again with every turn; the one that came with another token was told.
    expect(told.filter(({ status }) => status === "ready")).toMatchObject([{ mount_path: "/workspace/app" }]);
    expect(told.filter(({ mount_path }) => mount_path === "/workspace/d")).toHaveLength(1);
    expect(findForms(Buffer.from(JSON.stringify(await world.log(session))), [TOKEN, ROTATED])).toEqual([]);
  });

  it("a commit is checked out; what lies in the way stays; a fork has the files and the token", async () => {
    const head = await run(
      await begin([{ type: "github_repository", url: URL_OF_APP, authorization_token: TOKEN }]),
      "git -C app rev-parse HEAD",
    );
    const sha = /[0-9a-f]{40}/.exec(head)?.[0] ?? "";
    const session = await begin([
      {
        ...{
          type: "github_repository",
          url: URL_OF_APP,
          authorization_token: TOKEN,
          mount_path: "/workspace/it's here",
        },
        checkout: { type: "commit", sha },
      },
    ]);
    expect(
      await run(session, 'cd "/workspace/it\'s here" && git rev-parse HEAD && git status | head -1; touch kept'),
    ).toMatch(new RegExp(`${sha}.*HEAD detached`));
    const forked = (await server.call("POST", `/v1/sessions/${session}/fork`, { body: {} })).body as { id: string };
    await client.beta.sessions.delete(session);
    expect(
      await run(forked.id, 'cd "/workspace/it\'s here" && ls && git ls-remote -q origin main && echo reached'),
    ).toMatch(/README\\nkept\\n.*reached/);
    const added = await server.call("POST", `/v1/sessions/${forked.id}/resources`, {
      body: { type: "github_repository", url: "https://git.example.com/acme/app.git", mount_path: "/workspace/taken" },
    });
    expect(added.status).toBe(200);
    commands.length = 0;
    // Cloned before it runs, so it lies beside nothing of it.
    expect(await run(forked.id, "cat /workspace/taken/README")).toContain("a repository");
  });
});
