// Packages of environments: installed in a sandbox of their own by the machine's own pip and npm, through the broker; read by sandboxes after that.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { askPackageTools } from "../../src/egress/ask-package-tools.ts";
import type { AuditLine } from "../../src/egress/audit-queue.ts";
import { type Broker, type BrokerOptions, createBroker } from "../../src/egress/broker.ts";
import { createAuthority } from "../../src/egress/certificate-authority.ts";
import { createDialGuard } from "../../src/egress/dial-guard.ts";
import type { PackageSetting } from "../../src/egress/link-protocol.ts";
import { type LinkServer, startLinkServer } from "../../src/egress/link-server.ts";
import { listOf } from "../../src/egress/refused-addresses.ts";
import { createLogger } from "../../src/lib/logger.ts";
import type { PackageProgress, PackageSet, Sandbox } from "../../src/sandboxes/sandbox.ts";
import { startUpstream, type Upstream } from "../support/egress-world.ts";
import { sandboxesMissing, startTestSandboxd, TEST_LIMITS, type TestSandboxd } from "../support/local-sandboxd.ts";
import { NO_CEILINGS } from "../support/no-ceilings.ts";
import {
  createPackageRegistries,
  GO_HOST,
  NPM_HOST,
  type PackageRegistries,
  PIP_HOST,
} from "../support/package-registries.ts";
import { isThere } from "../support/program-hosts.ts";
import { until } from "../support/until.ts";

const missing = sandboxesMissing() ?? (isThere("pip") && isThere("npm") ? null : "pip or npm is missing");
const LIMITS = { ...TEST_LIMITS, memoryMb: 1024, pids: 128 };
const logger = createLogger("egress", { level: "silent", pretty: false });

const MIRROR = "mirror.corp.example";

describe.skipIf(missing)("packages of environments", () => {
  const lines: AuditLine[] = [];
  const asked: { sessionId: string; name: string }[] = [];
  const dataDir = mkdtempSync(join(tmpdir(), "berth-packages-"));
  const packageHosts = [NPM_HOST, PIP_HOST, MIRROR].map((host) => ({ host, plain: false }));
  const mirrored: string[] = [];
  const packageSettings: PackageSetting[] = [];
  let registries: PackageRegistries;
  let sandboxd: TestSandboxd;
  let upstream: Upstream;
  let brokerOptions: BrokerOptions;
  let broker: Broker;
  let link: LinkServer;
  let counter = 0;

  const stored = () => readdirSync(join(dataDir, "packages")).filter((name) => /^[0-9a-f]{40}$/.test(name));
  const halves = () => readdirSync(join(dataDir, "packages")).filter((name) => name.startsWith(".blank-"));
  const setOf = (lists: PackageSet["lists"], teamId = "team_1"): PackageSet => ({ teamId, lists });
  const install = (set: PackageSet, progress: PackageProgress[] = []) =>
    sandboxd.backend.installPackages(set, { sessionId: "sesn_1", onProgress: (one) => void progress.push(one) });
  const create = (name: string, packages: PackageSet) =>
    sandboxd.backend.create(name, { limits: LIMITS, env: {}, packages });
  const sh = async (sandbox: Sandbox, command: string) =>
    (await sandbox.runOperation(`op${counter++}`, { kind: "bash", command, timeoutMs: 60_000 })).content;
  const fetched = (file: string) => upstream.requests.filter((line) => line.endsWith(file)).length;
  const start = () => startTestSandboxd({ dataDir, limits: LIMITS, keepData: true });

  beforeAll(async () => {
    registries = createPackageRegistries();
    registries.addPip("ours", { module: 'NAME = "of pip"\ndef main(): print("a program of pip")\n', program: "ours" });
    registries.addNpm(
      "left-and-right",
      { bin: { "left-and-right": "run.js" } },
      {
        "index.js": 'module.exports = { name: "of npm" };\n',
        "run.js": '#!/usr/bin/env node\nconsole.log("a program of npm");\n',
      },
    );
    registries.addNpm(
      "curious",
      { scripts: { postinstall: "sh ./look.sh > report.txt 2>&1" } },
      {
        "index.js": "",
        "look.sh": [
          "env",
          "ls -A /workspace /home/agent",
          "curl -sS -m 10 https://elsewhere.example/secret",
          `curl -sS -m 10 -o /dev/null -w 'mirror %{http_code}\\n' https://${NPM_HOST}/left-and-right`,
          "chmod 600 index.js",
        ].join("\n"),
      },
    );
    const authority = await createAuthority({ now: Date.now });
    upstream = await startUpstream(authority, (request, response) => {
      // A company's mirror has what the registries have.
      if (request.headers.host === MIRROR) {
        mirrored.push(request.url ?? "");
        const path = (request.url ?? "").replace(/^\/(?:npm|pip|go)(?=\/)/, "");
        const isNpm = request.url?.startsWith("/npm/") || path.endsWith(".tgz");
        request.headers.host = request.url?.startsWith("/go/") ? GO_HOST : isNpm ? NPM_HOST : PIP_HOST;
        request.url = path;
      }
      registries.handle(request, response);
    });
    sandboxd = await start();
    brokerOptions = {
      readCeilings: async () => NO_CEILINGS,
      readPolicy: async () => null,
      trusted: [authority.certificate],
      guard: createDialGuard({
        namedHosts: [NPM_HOST, PIP_HOST, MIRROR, "elsewhere.example"].map((host) => ({
          ...{ host, address: "127.0.0.1", port: upstream.port },
        })),
        refusedRanges: listOf([]),
      }),
      packageHosts,
      applyCredentials: async ({ sessionId, host }) => {
        asked.push({ sessionId, name: host });
        throw new Error("no credential may go with what an installation asks");
      },
      audit: { add: (line) => void lines.push(line), close: async () => undefined },
      logger,
      now: Date.now,
    };
    broker = createBroker(brokerOptions);
    link = await startLinkServer({
      socketPath: join(dataDir, "run", "egress.sock"),
      broker,
      logger,
      packageSettings: () => packageSettings,
    });
  });
  beforeEach(() => {
    lines.splice(0);
    upstream.requests.splice(0);
  });
  afterEach(() => {
    registries.hold = null;
    packageSettings.splice(0);
    expect(asked).toEqual([]);
  });
  afterAll(async () => {
    await sandboxd[Symbol.asyncDispose]();
    link.close();
    await broker.closeAll();
    await upstream.close();
    registries.dispose();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it("are there for the agent with nothing to activate, and for the next session without an installation", async () => {
    const set = setOf({ pip: ["ours==1.0"], npm: ["left-and-right"], gem: [] });
    const progress: PackageProgress[] = [];
    expect(await install(set, progress)).toBe(true);
    expect(progress).toEqual([
      { manager: "pip", packages: ["ours==1.0"] },
      { manager: "npm", packages: ["left-and-right"] },
    ]);
    const sandbox = await create("one", set);
    const use = [
      "/usr/bin/python3 -c 'import ours; print(ours.NAME)'",
      "ours",
      `node -p 'require("left-and-right").name'`,
      `echo 'import it from "left-and-right"; console.log(it.name)' > a.mjs && node a.mjs`,
      "left-and-right",
    ];
    expect(await sh(sandbox, use.join("; "))).toBe("of pip\na program of pip\nof npm\nof npm\na program of npm");
    expect(lines.every(({ sessionId, rule }) => sessionId === "sesn_1" && rule === "package_managers")).toBe(true);

    upstream.requests.splice(0);
    const again = setOf({ npm: ["left-and-right"], pip: ["ours==1.0", "ours==1.0"] });
    expect(await install(again)).toBe(false);
    expect(await sh(await create("two", again), "ours")).toBe("a program of pip");
    expect(upstream.requests).toEqual([]);
  });

  it("can't be changed by whoever reads them", async () => {
    const set = setOf({ pip: ["ours==1.0"], npm: ["left-and-right"] });
    const sandbox = await create("one", set);
    const changed = await sh(
      sandbox,
      "touch /opt/packages/x; echo 1 >> /opt/packages/pip/ours.py; rm -rf /node_modules/*",
    );
    expect(changed.match(/Read-only file system/g)?.length).toBeGreaterThanOrEqual(3);
    expect(await sh(await create("two", set), "ours; left-and-right")).toBe("a program of pip\na program of npm");
  });

  it("are installed once when two sessions ask at once", async () => {
    const set = setOf({ pip: ["ours"] });
    let goOn: () => void = () => undefined;
    registries.hold = new Promise((resolve) => {
      goOn = resolve;
    });
    const progress: PackageProgress[] = [];
    const first = install(set);
    await until(() => upstream.requests.length > 0);
    const second = install(set, progress);
    await until(() => progress.length === 1);
    goOn();
    expect(await Promise.all([first, second])).toEqual([true, true]);
    expect(fetched(".whl")).toBe(1);
  });

  it("are each team's own", async () => {
    const mine = setOf({ npm: ["left-and-right"] });
    await install(mine);
    expect(await install(setOf(mine.lists, "team_2"))).toBe(true);
    expect(fetched(".tgz")).toBe(2);
  });

  it("are installed without anything of the session, and reach package managers' hosts only", async () => {
    const set = setOf({ npm: ["curious"] });
    await sandboxd.backend.create("one", { limits: LIMITS, env: { TOKEN: "placeholder-of-the-session" } });
    await install(set);
    const sandbox = await create("three", set);
    const report = await sh(sandbox, "cat /node_modules/curious/report.txt; stat -c %a /node_modules/curious/index.js");
    expect(report).not.toContain("placeholder-of-the-session");
    expect(report).toContain("elsewhere.example is not among the allowed hosts");
    expect(report).toContain("mirror 200");
    // Whatever the package did to its permissions, it can be read.
    expect(report.split("\n").at(-1)).toBe("644");
    expect(lines.filter(({ decision }) => decision !== "allow").map(({ host }) => host)).toContain("elsewhere.example");
  });

  it("that can't be had say which manager failed, what it said and what to do, and nothing of them stays", async () => {
    const before = stored();
    const failing = install(setOf({ npm: ["left-and-right"], pip: ["ours", "not-there==9.9"] }));
    await expect(failing).rejects.toMatchObject({ code: "packages_failed" });
    const words = await failing.catch((error: Error) => error.message);
    expect(words).toMatch(/could not be installed: pip \(not-there==9\.9, ours\) ended with exit code 1\. Correct/);
    expect(words).toMatch(/No matching distribution found for not-there/);
    expect(stored()).toEqual(before);
    expect(halves()).toEqual([]);
  });

  it("come into a sandbox that runs without them, with its files", async () => {
    const sandbox = await sandboxd.backend.create("four", { limits: LIMITS, env: {} });
    await sh(sandbox, "echo kept > file");
    const set = setOf({ pip: ["ours==1.0"], npm: ["left-and-right"] });
    await install(set);
    const woken = await create("four", set);
    expect(woken.identity).toBe(sandbox.identity);
    expect(await sh(woken, "cat file; ours")).toBe("kept\na program of pip");
  });

  it("come from the mirrors that this machine's own package managers are set to", async () => {
    packageSettings.push(
      { tool: "pip", name: "index-url", value: `https://${MIRROR}/pip/simple`, passwordFor: null },
      { tool: "npm", name: "registry", value: `https://${MIRROR}/npm/`, passwordFor: null },
    );
    const set = setOf({ pip: ["ours"], npm: ["left-and-right"] }, "team_6");
    expect(await install(set)).toBe(true);
    expect(await sh(await create("seven", set), "ours; left-and-right")).toBe("a program of pip\na program of npm");
    expect(mirrored).toEqual(expect.arrayContaining(["/pip/simple/ours/", "/npm/left-and-right"]));
  });

  it.skipIf(!isThere("go"))(
    "of go come from the mirror that its own settings name, and nobody else is asked of a private module",
    async () => {
      registries.addGo("tool.corp.example", 'package main\n\nfunc main() { println("a program of go") }\n');
      const env = {
        PATH: `${process.env.PATH}:/usr/local/go/bin`,
        ...{ HOME: dataDir, GOPROXY: `https://${MIRROR}/go`, GOPRIVATE: "*.corp.example" },
      };
      const told = (await askPackageTools(env)).find(({ tool }) => tool === "go");
      expect(told).toMatchObject({ problem: null, hosts: expect.arrayContaining([{ host: MIRROR, plain: false }]) });
      packageSettings.push(...(told?.settings ?? []));
      const set = setOf({ go: ["tool.corp.example@v1.0.0"] }, "team_8");
      expect(await install(set)).toBe(true);
      expect(await sh(await create("eight", set), "tool.corp.example")).toBe("a program of go");
      expect(mirrored).toContain("/go/tool.corp.example/@v/v1.0.0.zip");
      expect(lines.filter(({ host }) => host !== MIRROR)).toEqual([]);
    },
  );

  it("C1: are not asked of a mirror whose address holds a password, and it is said which", async () => {
    packageSettings.push({
      ...{ tool: "pip", name: "index-url", value: `https://${MIRROR}/pip/simple`, passwordFor: MIRROR },
    });
    const failing = install(setOf({ pip: ["ours"] }, "team_7"));
    await expect(failing).rejects.toMatchObject({ code: "packages_failed" });
    expect(await failing.catch((error: Error) => error.message)).toMatch(
      /pip \(ours\): pip of the machine .* is set to mirror\.corp\.example with a password in its address/,
    );
    // Other managers are not kept by it.
    expect(await install(setOf({ npm: ["left-and-right"] }, "team_7"))).toBe(true);
    expect(upstream.requests.filter((line) => line.includes(MIRROR))).toEqual([]);
  });

  it("wait for a broker that has just begun, and for what it is told of their hosts", async () => {
    link.close();
    await broker.closeAll();
    const known = packageHosts.splice(0);
    const set = setOf({ pip: ["ours"] }, "team_4");
    const installed = install(set);
    await until(() => halves().length === 1);
    const { promise: packageHostsKnown, resolve } = Promise.withResolvers<void>();
    broker = createBroker({ ...brokerOptions, packageHostsKnown });
    link = await startLinkServer({
      socketPath: join(dataDir, "run", "egress.sock"),
      broker,
      logger,
      packageSettings: () => packageSettings,
    });
    // A sandbox of a session does not wait: by then the link has been taken up.
    const sandbox = await sandboxd.backend.create("six", { limits: LIMITS, env: {} });
    await until(async () => (await sh(sandbox, "ls /run/berth")).includes("ca-certificates.crt"));
    packageHosts.push(...known);
    resolve();
    expect(await installed).toBe(true);
    expect(lines.filter(({ decision }) => decision !== "allow")).toEqual([]);
  });

  it("of an installation that was cut off are never used", async () => {
    const set = setOf({ pip: ["ours"] }, "team_3");
    registries.hold = new Promise(() => undefined);
    const cut = install(set).catch((error: Error) => error);
    await until(() => upstream.requests.length > 0);
    expect(halves()).toHaveLength(1);
    await sandboxd.end("SIGKILL");
    expect(await cut).toMatchObject({ code: "sandbox_unavailable" });
    registries.hold = null;
    sandboxd = await start();
    expect(halves()).toEqual([]);
    expect(await install(set)).toBe(true);
    expect(await sh(await create("five", set), "ours")).toBe("a program of pip");
    // What was whole before is still there.
    expect(await install(setOf({ pip: ["ours==1.0"], npm: ["left-and-right"] }))).toBe(false);
  });

  it("that nobody used for longest go when all of them take more than they may", async () => {
    await sandboxd.end("SIGTERM");
    for (const name of stored()) {
      const file = join(dataDir, "packages", name, "record.json");
      const record = JSON.parse(readFileSync(file, "utf8")) as object;
      writeFileSync(file, JSON.stringify({ ...record, lastUsedAt: Date.now() - 3_600_000 }));
    }
    expect(stored().length).toBeGreaterThan(2);
    sandboxd = await startTestSandboxd({ dataDir, limits: LIMITS, keepData: true, packagesDiskMb: 1 });
    await install(setOf({ npm: ["left-and-right"] }, "team_5"));
    expect(stored()).toHaveLength(1);
  });
});
