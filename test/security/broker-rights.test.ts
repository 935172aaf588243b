// A taken-over egress broker: what a process with its rights reaches of the machine that root started Berth on.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthority } from "../../src/egress/certificate-authority.ts";
import { brokerUidFor, installationHash } from "../../src/sandboxes/local/records.ts";
import { newCanary } from "../support/canary.ts";
import { echoHost, type Seen } from "../support/echo-host.ts";
import { startUpstream, type Upstream } from "../support/egress-world.ts";
import { sandboxesMissing } from "../support/local-sandboxd.ts";
import { type Part, type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

const run = promisify(execFile);
const HOST = "api.github.example.com";
const notRoot = process.getuid?.() !== 0;
if (notRoot) console.warn("SKIPPED: the broker's rights are not tested, root has to start the tests");

/** Without a pause, for what may be there for less than a millisecond. */
const LOOK_AT_OWNERS = `
const { existsSync, lstatSync } = require("node:fs");
const [path, stop] = process.argv.slice(1);
const owners = new Set();
while (!existsSync(stop)) {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found) owners.add(found.uid);
}
console.log(JSON.stringify([...owners]));
`;

describe.skipIf(sandboxesMissing() !== null || notRoot)("a broker that root started", () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-rights-"));
  const seen: Seen[] = [];
  let upstream: Upstream;
  let system: System;
  let agentId: string;
  let uid: number;

  async function api(method: string, path: string, body?: unknown) {
    const response = await fetch(system.url + path, {
      method,
      headers: { "x-api-key": system.apiKey, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { id: string; data: Record<string, unknown>[] };
  }

  /** What the host saw of a session's request with a credential of a vault of its own, or what the program said instead. */
  async function askWithCredential(value: string): Promise<string> {
    const vaultId = (await api("POST", "/v1/vaults", { display_name: "Production" })).id;
    const networking = { type: "limited", allowed_hosts: [HOST] };
    const auth = { type: "environment_variable", secret_name: "GITHUB_TOKEN", secret_value: value, networking };
    await api("POST", `/v1/vaults/${vaultId}/credentials`, { auth });
    const { id } = await api("POST", "/v1/sessions", { agent: agentId, vault_ids: [vaultId] });
    const text = `Run \`curl -sS -H "Authorization: Bearer $GITHUB_TOKEN" https://${HOST}/echo/json\``;
    seen.splice(0);
    await api("POST", `/v1/sessions/${id}/events`, {
      events: [{ type: "user.message", content: [{ type: "text", text }] }],
    });
    const result = async () =>
      (await api("GET", `/v1/sessions/${id}/events?limit=1000`)).data.find(({ type }) => type === "agent.tool_result");
    const { content } = await until(result, { timeoutMs: 60_000 });
    return String(seen[0]?.headers.authorization ?? JSON.stringify(content));
  }

  async function restartBroker(): Promise<void> {
    const before = await system.pid("egress");
    await system.killPart("egress");
    await until(async () => ![null, before].includes(await system.pid("egress")), { timeoutMs: 20_000 });
    // As who it is in the end: it is ready then.
    await until(async () => uidOf(await pidOf("egress")) === String(uid), { timeoutMs: 60_000 });
  }

  const pidOf = async (part: Part) => (await system.pid(part)) ?? Number.NaN;
  const statusOf = (path: string) =>
    Object.fromEntries(
      readFileSync(path, "utf8")
        .split("\n")
        .map((line) => line.split(":\t").map((text) => text.trim())),
    ) as Record<string, string>;

  const uidOf = (pid: number) => statusOf(`/proc/${pid}/status`).Uid?.split("\t")[0];

  beforeAll(async () => {
    const authority = await createAuthority({ now: Date.now });
    const caFile = join(directory, "ca.pem");
    writeFileSync(caFile, authority.certificate, { mode: 0o600 });
    upstream = await startUpstream(authority, echoHost(seen));
    system = await startSystem({
      env: { BERTH_EGRESS_HOSTS: `${HOST}=127.0.0.1:${upstream.port}`, BERTH_EGRESS_CA_FILE: caFile },
    });
    agentId = String((await api("GET", "/v1/agents")).data[0]?.id);
    uid = brokerUidFor(installationHash(system.dataDir));
  }, 300_000);
  afterAll(async () => {
    await system?.dispose();
    await upstream?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("S2: it is a user of its own without a right, in every thread, and gains none", async () => {
    const pid = await pidOf("egress");
    const threads = readdirSync(`/proc/${pid}/task`);
    expect(threads.length).toBeGreaterThan(1);
    for (const thread of threads) {
      const status = statusOf(`/proc/${pid}/task/${thread}/status`);
      const ids = Array(4).fill(uid).join("\t");
      expect(status).toMatchObject({ Uid: ids, Gid: ids, Groups: "", NoNewPrivs: "1" });
      for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) expect(status[set]).toBe("0000000000000000");
    }
    const others = await Promise.all((["web", "worker", "postgres", "sandboxd", "supervisor"] as const).map(pidOf));
    for (const other of others) expect(uidOf(other)).not.toBe(String(uid));
  });

  it("its socket is never there as root's: sandboxd would keep the directories of sandboxes from who listens then", async () => {
    const socketPath = join(system.dataDir, "run", "egress.sock");
    const stop = join(directory, "stop-looking");
    const looking = run(process.execPath, ["-e", LOOK_AT_OWNERS, socketPath, stop]);
    await restartBroker();
    writeFileSync(stop, "");
    expect(JSON.parse((await looking).stdout)).toEqual([uid]);
  });

  it("sandboxes reach their hosts through it, with credentials, also after it was killed", async () => {
    const [value, later] = [newCanary("variable"), newCanary("later")];
    // A sandbox does not wait long for a broker that was only just started.
    await until(async () => (await askWithCredential(value)) === `Bearer ${value}`, { timeoutMs: 60_000 });
    await restartBroker();
    await until(async () => (await askWithCredential(later)) === `Bearer ${later}`, { timeoutMs: 60_000 });
    expect(uidOf(await pidOf("egress"))).toBe(String(uid));
  });

  it("K7: a key that replaced the one it read is read for it, since it can't open the file any more", async () => {
    // One that has opened nothing yet with the key that it began with.
    await restartBroker();
    const file = join(system.dataDir, "kek");
    const before = readFileSync(file, "utf8");
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, BERTH_DATA_DIR: system.dataDir };
    const cli = ["scripts/berth.cjs", "keys", "rotate"];
    await run("node", cli, { env: { ...env, NODE_ENV: "test" } });
    expect(readFileSync(file, "utf8")).not.toBe(before);
    const value = newCanary("rotated");
    await until(async () => (await askWithCredential(value)) === `Bearer ${value}`, { timeoutMs: 60_000 });
  });

  it("S15, K14: a process with its rights opens no file of the database, no key, no setting, and looks into no other process", async () => {
    const { dataDir } = system;
    const postgres = join(dataDir, "postgres");
    expect(existsSync(join(postgres, "PG_VERSION")) || readdirSync(postgres).length > 0).toBe(true);
    const others = await Promise.all((["web", "worker", "postgres", "sandboxd", "supervisor"] as const).map(pidOf));
    const files = [
      ...["", "postgres", "kek", "api-key", "logs", "run", "sandboxes"].map((name) => join(dataDir, name)),
      ...["/etc/shadow", "/root"],
      ...others.flatMap((pid) =>
        ["environ", "mem", "maps", "fd", "root", "cwd/."].map((name) => `/proc/${pid}/${name}`),
      ),
    ];
    const attack = `
      const { openSync, readdirSync, statSync, writeFileSync, readFileSync, chownSync } = require("node:fs");
      const reached = [];
      const tried = (what, act) => { try { act(); reached.push(what); } catch (error) { if (!["EACCES", "EPERM", "EROFS", "ENOTDIR"].includes(error.code)) reached.push(what + " " + error.code); } };
      for (const file of ${JSON.stringify(files)}) {
        tried("open " + file, () => { openSync(file, "r"); });
        tried("list " + file, () => { readdirSync(file); });
      }
      for (const pid of ${JSON.stringify(others)}) tried("signal " + pid, () => process.kill(pid, 0));
      tried("setuid", () => process.setuid(0));
      tried("write /etc", () => writeFileSync("/etc/berth-was-here", ""));
      const groups = readFileSync("/proc/self/status", "utf8");
      console.log(JSON.stringify({ reached, me: process.getuid(), groups: /NoNewPrivs:\\s+1/.test(groups) }));`;
    const rights = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--no-new-privs", "--inh-caps=-all"];
    // A Node that everybody can read, whatever the repository's place allows.
    const node = join(directory, "node");
    writeFileSync(node, readFileSync(process.execPath), { mode: 0o755 });
    await run("chmod", ["711", directory]);
    const asBroker = async (code: string) =>
      JSON.parse((await run("setpriv", [...rights, node, "-e", code], { cwd: "/" })).stdout) as unknown;
    expect(await asBroker(attack)).toEqual({ reached: [], me: uid, groups: true });
    // The same as root reaches all of it: the attack itself works.
    const { stdout } = await run(node, ["-e", attack.replace('tried("write /etc"', 'false && tried("write /etc"')]);
    expect((JSON.parse(stdout) as { reached: string[] }).reached.length).toBeGreaterThan(others.length * 4);
  });

  it("S15: of what sandboxes mount only its sockets' directories are its own", async () => {
    const place = `/run/berth-egress-${installationHash(system.dataDir)}`;
    expect(statSync(place)).toMatchObject({ uid: 0, gid: uid });
    expect(statSync(place).mode & 0o777).toBe(0o710);
    const ids = readdirSync(join(place, "s"));
    expect(ids.length).toBeGreaterThan(0);
    for (const id of ids) {
      expect(statSync(join(place, "s", id)).uid).toBe(0);
      expect(statSync(join(place, "s", id, "broker"))).toMatchObject({ uid, gid: uid });
      // A broker that was started a moment ago listens in a moment.
      await until(() => existsSync(join(place, "s", id, "broker", "socket")));
      expect(statSync(join(place, "s", id, "broker", "socket")).uid).toBe(uid);
    }
  });
});
