// A worker is killed with -9 while a repository is being cloned: the next one waits for that clone, which is done once, and whole. Its token is nowhere.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAuthority } from "../../src/egress/certificate-authority.ts";
import { findIn, newCanary } from "../support/canary.ts";
import { startUpstream, type Upstream } from "../support/egress-world.ts";
import { sandboxesMissing } from "../support/local-sandboxd.ts";
import { makeHosts, serveHosts } from "../support/program-hosts.ts";
import { expectSoundLog, readSessionLog } from "../support/session-log.ts";
import { readProcess, sweepSystem } from "../support/sweep.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

const URL_OF_APP = "https://git.example.com/acme/app";
const TOKEN = newCanary("clone");
const directory = mkdtempSync(join(tmpdir(), "berth-clone-"));
/** Answers with the repository itself wait for it. */
let hold: Promise<void> = Promise.resolve();
let letInCount = 0;
let upstream: Upstream;
let system: System;

beforeAll(async () => {
  makeHosts(directory);
  mkdirSync(join(directory, "acme"));
  cpSync(join(directory, "repo.git"), join(directory, "acme", "app.git"), { recursive: true });
  const authority = await createAuthority({ now: Date.now });
  const caFile = join(directory, "ca.pem");
  writeFileSync(caFile, authority.certificate);
  upstream = await startUpstream(authority, (request, response) => {
    const given = Buffer.from(request.headers.authorization?.split(" ")[1] ?? "", "base64").toString();
    if (given !== `x-access-token:${TOKEN}`)
      return void response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    letInCount += 1;
    if (request.method !== "POST") return serveHosts(directory, request, response);
    void hold.then(() => serveHosts(directory, request, response));
  });
  const hosts = `git.example.com=127.0.0.1:${upstream.port}`;
  system = await startSystem({
    env: { BERTH_EGRESS_HOSTS: hosts, BERTH_EGRESS_CA_FILE: caFile, BERTH_LOG_LEVEL: "trace" },
  });
});
afterAll(async () => {
  await system?.dispose();
  await upstream?.close();
  rmSync(directory, { recursive: true, force: true });
});

test.skipIf(sandboxesMissing())("a clone outlives the worker that began it, and its token is nowhere", async () => {
  const packs = () => upstream.requests.filter((line) => line.startsWith("POST"));
  const { promise, resolve: letGo } = Promise.withResolvers<void>();
  hold = promise;
  const client = system.client();
  const agent = (await client.beta.agents.list()).data[0]?.id ?? "";
  const environment = (await client.beta.environments.list()).data[0]?.id ?? "";
  const session = await client.beta.sessions.create({
    ...{ agent, environment_id: environment },
    resources: [{ type: "github_repository", url: URL_OF_APP, authorization_token: TOKEN }],
  });
  await client.beta.sessions.events.send(session.id, {
    events: [{ type: "user.message", content: [{ type: "text", text: "Run `cat app/README; git -C app status`" }] }],
  });
  await until(() => packs().length === 1, { timeoutMs: 60_000 });
  const before = await system.pid("worker");
  await system.killPart("worker");
  await until(async () => ![null, before].includes(await system.pid("worker")), { timeoutMs: 30_000 });
  const about = { url: system.url, apiKey: system.apiKey, sessionId: session.id };
  const types = async () => (await readSessionLog(about)).map(({ type }) => type);
  await until(async () => (await types()).includes("session.status_rescheduled"), { timeoutMs: 30_000 });
  letGo();
  await until(async () => (await types()).at(-1) === "session.status_idle", { timeoutMs: 60_000 });
  const log = await readSessionLog(about);
  expectSoundLog(log);

  expect(packs()).toHaveLength(1);
  const result = JSON.stringify(log.find(({ type }) => type === "agent.tool_result"));
  expect(result).toContain("a repository");
  expect(result).toContain("nothing to commit, working tree clean");
  expect(result).not.toContain("Notice");
  const told = log.filter(({ type }) => type === "session.repository").map(({ status }) => status);
  expect(told).toEqual(["cloning", "ready"]);
  expect((await client.beta.sessions.retrieve(session.id)).resources).toMatchObject([{ status: "ready" }]);

  // It was used, and is nowhere that is not the broker's own.
  expect(letInCount).toBeGreaterThan(1);
  const sandboxd = await system.pid("sandboxd");
  const sweep = [
    { place: "the log", bytes: Buffer.from(JSON.stringify(log)) },
    ...(await sweepSystem(system)),
    ...readProcess(sandboxd ?? 0),
  ];
  expect(sweep.length).toBeGreaterThan(20);
  expect(findIn(sweep, [TOKEN])).toEqual([]);
});
