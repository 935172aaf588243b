// What a sandbox reaches of the outside (E1–E19): real programs in a real sandbox, through the relay and the broker, to hosts on this machine.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AuditLine } from "../../src/egress/audit-queue.ts";
import { type Broker, createBroker } from "../../src/egress/broker.ts";
import { createAuthority } from "../../src/egress/certificate-authority.ts";
import type { Policy } from "../../src/egress/decide.ts";
import { createDialGuard } from "../../src/egress/dial-guard.ts";
import { type LinkServer, startLinkServer } from "../../src/egress/link-server.ts";
import { listOf } from "../../src/egress/refused-addresses.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { installationHash } from "../../src/sandboxes/local/records.ts";
import type { Sandbox } from "../../src/sandboxes/sandbox.ts";
import { LIMITED, startUpstream, type Upstream } from "../support/egress-world.ts";
import { sandboxesMissing, startTestSandboxd, TEST_LIMITS, type TestSandboxd } from "../support/local-sandboxd.ts";
import { NO_CEILINGS } from "../support/no-ceilings.ts";
import { isThere, makeHosts, serveHosts } from "../support/program-hosts.ts";
import { until } from "../support/until.ts";

const missing = sandboxesMissing();
const HOSTS = ["api.example.com", "git.example.com", "npm.example.com", "pypi.example.com", "not-allowed.example.com"];

describe.skipIf(missing)("egress", () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-egress-hosts-"));
  const lines: AuditLine[] = [];
  const policies = new Map<string, Policy>();
  let sandboxd: TestSandboxd;
  let sandbox: Sandbox;
  let upstream: Upstream;
  let broker: Broker;
  let link: LinkServer;
  let trusted: string;
  let counter = 0;
  const sh = async (command: string, target = sandbox) =>
    (await target.runOperation(`op${counter++}`, { kind: "bash", command, timeoutMs: 60_000 })).content;

  async function startBroker(): Promise<void> {
    broker = createBroker({
      readCeilings: async () => NO_CEILINGS,
      readPolicy: async (identity) => policies.get(identity) ?? null,
      trusted: [trusted],
      guard: createDialGuard({
        namedHosts: HOSTS.map((host) => ({ host, address: "127.0.0.1", port: upstream.port })),
        refusedRanges: listOf([]),
        resolve: async (host) => (host === "inside.example.com" ? ["169.254.169.254"] : []),
      }),
      packageHosts: ["npm.example.com", "pypi.example.com"].map((host) => ({ host, plain: false })),
      applyCredentials: null,
      audit: { add: (line) => void lines.push(line), close: async () => undefined },
      logger: createLogger("egress", { level: "silent", pretty: false }),
      now: Date.now,
    });
    link = await startLinkServer({
      socketPath: join(sandboxd.dataDir, "run", "egress.sock"),
      broker,
      logger: createLogger("egress", { level: "silent", pretty: false }),
    });
  }

  beforeAll(async () => {
    const authority = await createAuthority({ now: Date.now });
    trusted = authority.certificate;
    upstream = await startUpstream(authority, (request, response) => serveHosts(directory, request, response));
    makeHosts(directory);
    sandboxd = await startTestSandboxd({ limits: { ...TEST_LIMITS, memoryMb: 1024 } });
    await startBroker();
    sandbox = await sandboxd.backend.create("sesn_egress", {
      limits: { ...TEST_LIMITS, memoryMb: 1024, pids: 128 },
      env: {},
    });
    // npm and pip get their packages by the rule for package managers.
    const networking = {
      type: "limited" as const,
      ...{ allow_mcp_servers: false, allow_package_managers: true },
      allowed_hosts: ["api.example.com", "git.example.com", "inside.example.com"],
    };
    policies.set(sandbox.identity, {
      ...{ teamId: "team_1", sessionId: "sesn_egress", networking },
      ...NO_CEILINGS,
    });
    await until(async () => (await sh("ls /run/berth")).includes("ca-certificates.crt"));
  });
  beforeEach(() => void lines.splice(0));
  afterAll(async () => {
    await sandboxd[Symbol.asyncDispose]();
    link.close();
    await broker.closeAll();
    await upstream.close();
    rmSync(directory, { recursive: true, force: true });
  });

  describe("programs work as they are, with proxy variables and without", () => {
    const WITHOUT = "unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy NODE_USE_ENV_PROXY; ";
    const programs: Record<string, { command: string; says: string; needs?: string; once?: true }> = {
      curl: { command: "curl -sS https://api.example.com/hello", says: "hello from api.example.com" },
      "curl without its variable": {
        command: "unset CURL_CA_BUNDLE SSL_CERT_FILE; curl -sS https://api.example.com/hello",
        says: "hello from api.example.com",
      },
      wget: { command: "wget -qO- https://api.example.com/hello", says: "hello from api.example.com", needs: "wget" },
      node: {
        command: `node -e 'fetch("https://api.example.com/hello").then((r) => r.text()).then(console.log)'`,
        says: "hello from api.example.com",
      },
      "python urllib": {
        command: `/usr/bin/python3 -c 'import urllib.request; print(urllib.request.urlopen("https://api.example.com/hello").read().decode())'`,
        says: "hello from api.example.com",
        needs: "python3",
      },
      "python requests": {
        command: `/usr/bin/python3 -c 'import requests; print(requests.get("https://api.example.com/hello").text)'`,
        says: "hello from api.example.com",
        needs: "python3-requests",
      },
      openssl: {
        command:
          "printf 'GET /hello HTTP/1.1\\r\\nHost: api.example.com\\r\\nConnection: close\\r\\n\\r\\n' | openssl s_client -quiet -verify_return_error -connect api.example.com:443 -servername api.example.com 2>/dev/null",
        says: "hello from api.example.com",
        needs: "openssl",
      },
      git: {
        command:
          "rm -rf clone && git clone -q https://git.example.com/repo.git clone && cat clone/README && cd clone && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m second && git push -q -f origin HEAD:second && git ls-remote origin second | wc -l; cd /workspace",
        says: "a repository\n1",
        needs: "git",
        once: true,
      },
      npm: {
        command:
          "rm -rf app && mkdir app && cd app && /usr/bin/npm --cache /tmp/npm --registry https://npm.example.com install --no-audit --no-fund left-and-right 2>&1 | tail -2; node -p 'require(\"left-and-right\")'; cd /workspace",
        says: "a package of npm",
        needs: "npm",
        once: true,
      },
      pip: {
        command:
          "rm -rf lib && /usr/bin/python3 -m pip install -q --no-cache-dir --disable-pip-version-check --target lib --index-url https://pypi.example.com/simple ours 2>&1; PYTHONPATH=lib /usr/bin/python3 -c 'import ours; print(ours.NAME)'",
        says: "a package of pip",
        needs: "pip",
        once: true,
      },
    };
    for (const [name, { command, says, needs, once: isSlow }] of Object.entries(programs)) {
      const ways = [["without", WITHOUT] as const, ...(isSlow ? [] : [["with", ""] as const])];
      it.skipIf(!isThere(needs)).each(ways)(`${name}, %s`, async (_, before) => {
        expect((await sh(`(${before}${command})`)).trim()).toContain(says);
        expect(lines.length).toBeGreaterThan(0);
        for (const line of lines)
          expect(line).toMatchObject({ decision: "allow", sessionId: "sesn_egress", status: expect.any(Number) });
      });
    }
  });

  it("what is refused is told to the program in words", async () => {
    const said = await sh("curl -sS -w '%{http_code}' https://not-allowed.example.com/");
    expect(said).toContain("not-allowed.example.com is not among the allowed hosts");
    expect(said).toMatch(/403$/);
    expect(lines).toEqual([
      expect.objectContaining({ decision: "deny", rule: "host_not_allowed", host: "not-allowed.example.com" }),
    ]);
  });

  it("E2: an allowed name that leads to the cloud's metadata is not reached, nor is the address itself", async () => {
    expect(await sh("curl -sS https://inside.example.com/latest/meta-data/")).toContain("refused_address");
    expect(lines[0]).toMatchObject({ rule: "refused_address", suspicious: true });
    expect(await sh("curl -sS -m 5 --noproxy '*' http://169.254.169.254/ 2>&1")).toMatch(
      /Network is unreachable|Couldn't connect|Failed to connect/,
    );
    expect(await sh("curl -sS -m 5 https://169.254.169.254/ 2>&1")).toContain("403");
  });

  it("E1, E3, E18: nothing is reached past the broker: no address, no protocol, no service of this machine", async () => {
    const listener = createServer((socket) => socket.end("reached"));
    listener.listen(0, "0.0.0.0");
    await once(listener, "listening");
    const datagrams = createSocket("udp4");
    let received = 0;
    datagrams.on("message", () => {
      received += 1;
    });
    datagrams.bind(0, "0.0.0.0");
    await once(datagrams, "listening");
    try {
      const { port } = listener.address() as AddressInfo;
      const own = Object.values(networkInterfaces()).flatMap((entries) => entries?.map((entry) => entry.address) ?? []);
      const addresses = ["127.0.0.1", "8.8.8.8", "198.18.0.2", "2606:4700::1111", "::1", ...own];
      for (const address of addresses) {
        const said = await sh(
          `(timeout 5 bash -c 'exec 3<>/dev/tcp/${address}/${port}; cat <&3') 2>&1; (timeout 2 bash -c 'echo x > /dev/udp/${address}/${datagrams.address().port}') 2>&1`,
        );
        expect(said, address).not.toContain("reached");
      }
      expect(received).toBe(0);
      // No way to any other address is known at all.
      expect(await sh("cat /proc/net/route | tail -n +2; grep -v ' lo$' /proc/net/ipv6_route || true")).toBe("");
      expect(await sh("ping -c 1 -W 1 8.8.8.8 2>&1; echo $?")).not.toMatch(/1 received/);
      expect(await sh("ls /sys/class/net 2>/dev/null; tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '")).toBe("lo");
    } finally {
      listener.close();
      datagrams.close();
    }
  });

  it("E15: names are answered in the sandbox and nowhere else", async () => {
    expect(await sh("getent hosts secret.attacker.example; getent hosts nohost; echo $?")).toBe(
      "198.18.0.1      secret.attacker.example\n2",
    );
    expect(lines).toEqual([]);
  });

  it("a program can listen on any port of its own, and reaches it by localhost", async () => {
    const said = await sh(
      'node -e \'require("http").createServer((q, r) => r.end("mine")).listen(80, "127.0.0.1")\' & sleep 0.2; for i in $(seq 50); do curl -s http://localhost/ && break; sleep 0.1; done; kill %1',
    );
    expect(said).toContain("mine");
  });

  it("C3: a sandbox is known by its own listener, and sees no other's", async () => {
    const other = await sandboxd.backend.create("sesn_other", { limits: TEST_LIMITS, env: {} });
    expect(await sh("curl -sS https://api.example.com/hello", other)).toContain("belongs to no session");
    expect(lines).toEqual([expect.objectContaining({ rule: "no_session", teamId: null })]);
    expect(await sh("ls /run/berth", other)).toBe("broker\nca-certificates.crt\njava-cacerts");
    const own = await sh("sha256sum < /run/berth/ca-certificates.crt");
    expect(await sh("sha256sum < /run/berth/ca-certificates.crt", other)).not.toBe(own);
    await sandboxd.backend.destroy("sesn_other");
  });

  it("C21: a sandbox has its authority's certificate and no key, and what another one's signs is not trusted in it", async () => {
    const other = await sandboxd.backend.create("sesn_other", { limits: TEST_LIMITS, env: {} });
    await until(async () => (await sh("ls /run/berth", other)).includes("ca-certificates.crt"));
    const theirs = await sh("base64 -w0 /run/berth/ca-certificates.crt", other);
    await sandboxd.backend.destroy("sesn_other");
    const ask = "curl -sS -o /dev/null -w '%{ssl_verify_result}' https://api.example.com/hello --cacert";
    expect(await sh(`${ask} /run/berth/ca-certificates.crt`)).toBe("0");
    const said = await sh(`echo ${theirs} | base64 -d > theirs.crt; ${ask} theirs.crt 2>&1; rm theirs.crt`);
    expect(said).toMatch(/certificate/i);
    const places = "/run /etc /home /workspace /tmp /dev/shm /var /opt /proc/[0-9]*/environ";
    expect(await sh(`grep -rlE 'BEGIN (EC |RSA )?PRIVATE KEY' ${places} 2>/dev/null; echo done`)).toBe("done");
    // Nor on the machine: it is made in the broker's memory.
    const onDisk = [join(sandboxd.dataDir, "run"), `/run/berth-egress-${installationHash(sandboxd.dataDir)}`].filter(
      existsSync,
    );
    expect(onDisk.length).toBeGreaterThan(0);
    for (const place of onDisk)
      for (const entry of readdirSync(place, { recursive: true, withFileTypes: true }))
        if (entry.isFile())
          expect(readFileSync(join(entry.parentPath, entry.name), "latin1")).not.toContain("PRIVATE KEY");
  });

  it("a change of what is allowed holds in a running sandbox", async () => {
    const before = policies.get(sandbox.identity);
    if (!before) throw new Error("no policy");
    policies.set(sandbox.identity, { ...before, networking: LIMITED("other.example.com") });
    try {
      await until(async () => (await sh("curl -sS https://api.example.com/hello")).includes("host_not_allowed"));
    } finally {
      policies.set(sandbox.identity, before);
    }
    await until(async () => (await sh("curl -sS https://api.example.com/hello")).includes("hello from"));
  });

  it("a new ceiling holds a running sandbox whose environment is unrestricted, and leaves what lies below", async () => {
    const before = policies.get(sandbox.identity);
    if (!before) throw new Error("no policy");
    const open: Policy = { ...before, networking: { type: "unrestricted" } };
    policies.set(sandbox.identity, open);
    try {
      await until(async () => (await sh("curl -sS https://not-allowed.example.com/hello")).includes("hello from"));
      policies.set(sandbox.identity, { ...open, ceiling: LIMITED("api.example.com") });
      await until(async () =>
        (await sh("curl -sS https://not-allowed.example.com/hello")).includes("more than this server allows"),
      );
      expect(await sh("curl -sS https://api.example.com/hello")).toContain("hello from api.example.com");
      expect(lines.at(-2)).toMatchObject({
        decision: "deny",
        rule: "networking_ceiling",
        host: "not-allowed.example.com",
      });
      // Packages are above it as well.
      expect(await sh("curl -sS https://npm.example.com/")).toContain("networking_ceiling");
      // And one of the team's own.
      policies.set(sandbox.identity, { ...open, teamCeiling: LIMITED("git.example.com") });
      await until(async () =>
        (await sh("curl -sS https://api.example.com/hello")).includes("more than this team allows"),
      );
      expect(lines.at(-1)).toMatchObject({ decision: "deny", rule: "team_ceiling", host: "api.example.com" });
    } finally {
      policies.set(sandbox.identity, before);
    }
    await until(async () => (await sh("curl -sS https://not-allowed.example.com/")).includes("host_not_allowed"));
  });

  it("E19: without its broker a sandbox reaches nothing, and with the next one everything again, with new certificates", async () => {
    const certificate = await sh("cat /run/berth/ca-certificates.crt");
    link.close();
    await broker.closeAll();
    expect(
      await sh(
        "curl -sS -m 5 https://api.example.com/hello 2>&1; echo; curl -sS -m 5 --noproxy '*' https://api.example.com/hello 2>&1",
      ),
    ).not.toContain("hello from");
    await startBroker();
    await until(async () => (await sh("curl -sS https://api.example.com/hello 2>&1")).includes("hello from"));
    expect(await sh("cat /run/berth/ca-certificates.crt")).not.toBe(certificate);
  });

  it("a sandbox that ends takes its listener with it", async () => {
    const last = await sandboxd.backend.create("sesn_last", { limits: TEST_LIMITS, env: {} });
    const open = { type: "unrestricted" as const };
    policies.set(last.identity, { teamId: "team_1", sessionId: "sesn_last", networking: open, ...NO_CEILINGS });
    expect(await sh("curl -sS https://api.example.com/hello", last)).toContain("hello from");
    const closing = broker.close;
    const closed: string[] = [];
    broker.close = (id) => {
      closed.push(id);
      return closing(id);
    };
    await sandboxd.backend.destroy("sesn_last");
    await until(() => closed.length === 1);
  });
});
