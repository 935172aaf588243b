// C13, C1: programs as people use them, in a real sandbox, with placeholders where they expect tokens; their hosts let in the real ones only.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AuditLine } from "../../src/egress/audit-queue.ts";
import { type Broker, createBroker } from "../../src/egress/broker.ts";
import { createAuthority } from "../../src/egress/certificate-authority.ts";
import { createDialGuard } from "../../src/egress/dial-guard.ts";
import { type LinkServer, startLinkServer } from "../../src/egress/link-server.ts";
import { listOf } from "../../src/egress/refused-addresses.ts";
import { createLogger } from "../../src/lib/logger.ts";
import type { Sandbox } from "../../src/sandboxes/sandbox.ts";
import { findIn } from "../support/canary.ts";
import { applyHeld, type Held, heldCredential, heldVariable } from "../support/credential-world.ts";
import { startUpstream, type Upstream } from "../support/egress-world.ts";
import { buildGoProgram, JAVA_SOURCE } from "../support/language-programs.ts";
import { sandboxesMissing, startTestSandboxd, TEST_LIMITS, type TestSandboxd } from "../support/local-sandboxd.ts";
import { NO_CEILINGS } from "../support/no-ceilings.ts";
import { isThere, makeHosts, serveHosts } from "../support/program-hosts.ts";
import { readProcessesBelow } from "../support/sweep.ts";
import { until } from "../support/until.ts";

const HOSTS = [
  ...["api.example.com", "git.example.com", "npm.example.com", "pypi.example.com", "basic.example.com"],
  ...["api.github.com", "github.com"],
];
const TOKEN = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
/** What programs heed where they are told of a proxy; the outside is to be reached without it, too. */
const WITHOUT_PROXIES =
  "unset HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy NODE_USE_ENV_PROXY";
const PASSWORD = "a-password/of:basic+auth=";

describe.skipIf(sandboxesMissing())("programs with placeholders", () => {
  const hasGo = isThere("go");
  const directory = mkdtempSync(join(tmpdir(), "berth-credential-hosts-"));
  const lines: AuditLine[] = [];
  const variable = heldVariable("TOKEN", TOKEN, { hosts: ["*.example.com", "github.com", "*.github.com"] });
  const basic = heldCredential(
    { type: "basic", username: "git", networking: { type: "limited", allowed_hosts: ["basic.example.com"] } },
    { password: PASSWORD },
  );
  const held: Held = { current: [variable, basic] };
  const outputs: string[] = [];
  let sandboxd: TestSandboxd;
  let sandbox: Sandbox;
  let upstream: Upstream;
  let broker: Broker;
  let link: LinkServer;
  let counter = 0;

  async function sh(command: string): Promise<string> {
    const { content } = await sandbox.runOperation(`op${counter++}`, { kind: "bash", command, timeoutMs: 60_000 });
    outputs.push(content);
    return content;
  }

  /** Lets in who shows the real token, in whichever way. */
  function letsIn(request: IncomingMessage, response: ServerResponse): void {
    const { authorization = "", host = "" } = request.headers;
    const [scheme = "", rest = ""] = authorization.split(" ");
    const password =
      scheme.toLowerCase() === "basic"
        ? Buffer.from(rest, "base64")
            .toString()
            .replace(/^[^:]*:/, "")
        : rest;
    if (password !== (host.startsWith("basic.") ? PASSWORD : TOKEN))
      return void response
        .writeHead(401, { "www-authenticate": 'Basic realm="hosts"' })
        .end(`not let in: ${authorization}`);
    // As a host that is of no use: it says whom it let in.
    response.setHeader("x-let-in", authorization);
    if (host === "basic.example.com") request.headers.host = "git.example.com";
    serveHosts(directory, request, response);
  }

  beforeAll(async () => {
    const authority = await createAuthority({ now: Date.now });
    upstream = await startUpstream(authority, letsIn);
    makeHosts(directory);
    mkdirSync(join(directory, "acme"));
    cpSync(join(directory, "repo.git"), join(directory, "acme", "repo.git"), { recursive: true });
    const limits = { ...TEST_LIMITS, memoryMb: 1024, pids: 128 };
    sandboxd = await startTestSandboxd({ limits });
    const logger = createLogger("egress", { level: "silent", pretty: false });
    broker = createBroker({
      readCeilings: async () => NO_CEILINGS,
      readPolicy: async () => ({
        teamId: "team_1",
        sessionId: "sesn_1",
        networking: { type: "unrestricted" },
        ...NO_CEILINGS,
      }),
      trusted: [authority.certificate],
      guard: createDialGuard({
        namedHosts: HOSTS.map((host) => ({ host, address: "127.0.0.1", port: upstream.port })),
        refusedRanges: listOf([]),
      }),
      ...{ packageHosts: [], applyCredentials: applyHeld(held), logger, now: Date.now },
      audit: { add: (line) => void lines.push(line), close: async () => undefined },
    });
    link = await startLinkServer({ socketPath: join(sandboxd.dataDir, "run", "egress.sock"), broker, logger });
    sandbox = await sandboxd.backend.create("sesn_programs", { limits, env: { TOKEN: variable.placeholder } });
    await until(async () => (await sh("ls /run/berth")).includes("ca-certificates.crt"));
    await sandbox.writeFile("/workspace/Ask.java", Buffer.from(JAVA_SOURCE));
    if (hasGo) await sandbox.writeFile("/workspace/ask-in-go", buildGoProgram());
  }, 120_000);
  beforeEach(() => void lines.splice(0));
  afterAll(async () => {
    await sandboxd?.[Symbol.asyncDispose]();
    link?.close();
    await broker?.closeAll();
    await upstream?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  type Program = { command: string; says: string; needs?: string };
  const programs: Record<string, Program> = {
    curl: { command: 'curl -sS -H "Authorization: Bearer $TOKEN" https://api.example.com/', says: "hello from" },
    "curl with a user": { command: 'curl -sS -u "me:$TOKEN" https://api.example.com/', says: "hello from" },
    wget: {
      command: 'wget -qO- --header="Authorization: token $TOKEN" https://api.example.com/',
      says: "hello from",
      needs: "wget",
    },
    "node fetch": {
      command: `node -e 'fetch("https://api.example.com/", { headers: { authorization: "Bearer " + process.env.TOKEN } }).then((r) => r.text()).then(console.log)'`,
      says: "hello from",
    },
    "python urllib": {
      command: `/usr/bin/python3 -c 'import os, urllib.request as u; print(u.urlopen(u.Request("https://api.example.com/", headers={"Authorization": "Bearer " + os.environ["TOKEN"]})).read().decode())'`,
      says: "hello from",
      needs: "python3",
    },
    "python requests": {
      command: `/usr/bin/python3 -c 'import os, requests; print(requests.get("https://api.example.com/", auth=("me", os.environ["TOKEN"])).text)'`,
      says: "hello from",
      needs: "python3-requests",
    },
    openssl: {
      command:
        'printf "GET / HTTP/1.1\\r\\nHost: api.example.com\\r\\nAuthorization: Bearer $TOKEN\\r\\nConnection: close\\r\\n\\r\\n" | openssl s_client -quiet -verify_return_error -connect api.example.com:443 -servername api.example.com 2>/dev/null',
      says: "hello from",
      needs: "openssl",
    },
    "git with a token in the address": {
      command:
        'rm -rf one && git clone -q "https://x:$TOKEN@git.example.com/repo.git" one && cat one/README && cd one && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m second && git push -q -f origin HEAD:second && git ls-remote origin second | wc -l; cd /workspace',
      says: "a repository\n1",
      needs: "git",
    },
    "git with a credential of the host": {
      command: "rm -rf two && git clone -q https://basic.example.com/repo.git two && cat two/README",
      says: "a repository",
      needs: "git",
    },
    npm: {
      command: `rm -rf app && mkdir app && cd app && echo '//npm.example.com/:_authToken=\${TOKEN}' > .npmrc && echo registry=https://npm.example.com >> .npmrc && /usr/bin/npm --cache /tmp/npm install --no-audit --no-fund left-and-right 2>&1 | tail -2; node -p 'require("left-and-right")'; cd /workspace`,
      says: "a package of npm",
      needs: "npm",
    },
    pip: {
      command:
        "rm -rf lib && /usr/bin/python3 -m pip install -q --no-cache-dir --disable-pip-version-check --target lib --index-url \"https://me:$TOKEN@pypi.example.com/simple\" ours 2>&1; PYTHONPATH=lib /usr/bin/python3 -c 'import ours; print(ours.NAME)'",
      says: "a package of pip",
      needs: "pip",
    },
    gh: {
      command: "GH_TOKEN=$TOKEN gh api user --jq .login; GITHUB_TOKEN=$TOKEN gh auth status",
      says: "octo\ngithub.com\n",
      needs: "gh",
    },
    "gh that clones": {
      command:
        "rm -rf three && export GITHUB_TOKEN=$TOKEN && gh repo clone acme/repo three -- -q -c credential.helper='!gh auth git-credential' && cat three/README",
      says: "a repository",
      needs: "gh",
    },
    "gh with a host of its own": {
      command: "GH_HOST=api.example.com GH_ENTERPRISE_TOKEN=$TOKEN gh api /user --jq .login 2>&1",
      says: "octo",
      needs: "gh",
    },
    go: {
      command: "chmod +x ask-in-go && ./ask-in-go https://api.example.com/",
      says: "HTTP/2.0 hello from api.example.com",
      needs: "go",
    },
    java: {
      command: "java Ask.java https://api.example.com/",
      says: "HTTP_2 hello from api.example.com",
      needs: "javac",
    },
  };
  /** Those that heed the variables get by with them as well. */
  const bothWays = new Set(["curl", "node fetch", "python requests", "git with a token in the address", "go"]);
  const runs = Object.keys(programs).flatMap((name) => [
    { name, title: name, setUp: WITHOUT_PROXIES },
    ...(bothWays.has(name) ? [{ name, title: `${name}, through the proxy that its variables name`, setUp: ":" }] : []),
  ]);
  for (const { name, title, setUp } of runs) {
    const { command, says, needs } = programs[name] as Program;
    it.skipIf(!isThere(needs))(title, async () => {
      expect((await sh(`(${setUp}; ${command})`)).trim()).toContain(says);
      const named = lines.filter(({ credentials }) => credentials.length > 0);
      expect(named.length).toBeGreaterThan(0);
      for (const line of named) expect(line).toMatchObject({ decision: "allow", detail: null });
    });
  }

  it("C1, C13: nothing of a value is in the sandbox: not in its files, git's own, its processes or their memory", async () => {
    await sh("curl -sS -D headers -o body -u x:$TOKEN https://api.example.com/; (sleep 60 & echo $TOKEN > kept)");
    const own = await sh(
      "cat one/.git/config one/.git/logs/HEAD app/.npmrc kept headers; printenv; cat /proc/[0-9]*/environ | tr '\\0' '\\n'",
    );
    expect(own).toContain(variable.placeholder);
    const archive = Buffer.from(await new Response(await sandbox.archive()).arrayBuffer());
    expect(archive.includes(variable.placeholder)).toBe(true);
    const processes = readProcessesBelow(sandboxd.pid);
    const runner = processes.filter(
      ({ place, bytes }) => place.endsWith("/mem") && Buffer.from(bytes).includes(variable.placeholder),
    );
    // The runner's memory was read, for it knows the placeholder.
    expect(runner.length).toBeGreaterThan(0);
    const sweep = [
      ...processes,
      { place: "the archive", bytes: archive },
      { place: "what was printed", bytes: Buffer.from(outputs.join("\n")) },
      { place: "audit lines", bytes: Buffer.from(JSON.stringify(lines)) },
    ];
    const values = [TOKEN, PASSWORD];
    expect(findIn(sweep, values)).toEqual([]);
  });
});
