// The embedded Postgres as a process: it starts anywhere, stops cleanly, and survives being killed.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isAlive, waitUntilGone } from "../../lib/processes.ts";
import { migrate } from "../migrate.ts";
import { findBinaries } from "./binaries.ts";
import { clusterPaths, ensureCluster } from "./cluster.ts";
import { type EmbeddedPostgres, findEmbeddedPostgresUrl, startEmbeddedPostgres } from "./embedded-postgres.ts";
import { chooseIdentity } from "./identity.ts";

let dataDir: string;
const started: EmbeddedPostgres[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "berth-embedded-"));
});
afterEach(async () => {
  for (const postgres of started.splice(0)) await postgres.stop(500);
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir });
  started.push(postgres);
  return postgres;
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined); // The tests kill the server on purpose.
  await client.connect();
  return client;
}

it("keeps every acknowledged row through kill -9 of the server under load", async () => {
  const first = await start();
  const client = await connect(first.url);
  await client.query("create table rows (n int primary key)");
  let acknowledged = 0;
  const writing = (async () => {
    for (;;) {
      await client.query("insert into rows values ($1)", [acknowledged]);
      acknowledged++;
      if (acknowledged === 200) process.kill(first.pid, "SIGKILL");
    }
  })();
  await expect(writing).rejects.toThrow();
  await first.exited;

  const second = await start();
  expect(second.port).toBe(first.port);
  expect(second.firstStart).toBe(false);
  const again = await connect(second.url);
  const { rows } = await again.query<{ n: number }>("select count(*)::int as n from rows where n < $1", [acknowledged]);
  expect(rows[0]?.n).toBe(acknowledged);
  await again.end();
});

it("ends with the process that started it, and the next start takes over", async () => {
  const script = join(dataDir, "parent.mjs");
  const launcher = new URL("./embedded-postgres.ts", import.meta.url).href;
  writeFileSync(
    script,
    `import { startEmbeddedPostgres } from ${JSON.stringify(launcher)};
     const { pid } = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} });
     process.send({ pid });
     setInterval(() => {}, 1000);`,
  );
  const parent: ChildProcess = fork(script, { execArgv: [] });
  const [{ pid }] = (await once(parent, "message")) as [{ pid: number }];
  expect(findEmbeddedPostgresUrl(dataDir)).not.toBeNull();
  parent.kill("SIGKILL");
  const second = await start();
  expect(await waitUntilGone(pid, 1_000)).toBe(true);
  await (await connect(second.url)).end();
});

it("ends a server that was left behind and would otherwise hold the data directory", async () => {
  const first = await start();
  const second = await start();
  expect(isAlive(first.pid)).toBe(false);
  await (await connect(second.url)).end();
});

it("does not mistake a stranger's process id in postmaster.pid for a running server", async () => {
  const first = await start();
  await first.stop();
  writeFileSync(
    join(dataDir, "postgres", "postmaster.pid"),
    `${process.pid}\n${dataDir}/postgres\n0\n${first.port}\n\n127.0.0.1\n\nready   \n`,
  );
  expect(findEmbeddedPostgresUrl(dataDir)).toBeNull();
  const second = await start();
  expect(second.pid).not.toBe(process.pid);
});

it("takes another port when the kept one is taken, and keeps its data", async () => {
  const first = await start();
  await first.stop();
  const squatter = createServer().listen(first.port, "127.0.0.1");
  await once(squatter, "listening");
  try {
    const second = await start();
    expect(second.port).not.toBe(first.port);
  } finally {
    squatter.close();
  }
});

it("shows itself on 127.0.0.1 only, with a password that only we can read, and the application is no superuser", async () => {
  const postgres = await start();
  expect(statSync(clusterPaths(dataDir).password).mode & 0o777).toBe(0o600);
  const wrong = new URL(postgres.url);
  wrong.password = "wrong";
  await expect(connect(wrong.href)).rejects.toThrow(/password/);
  const client = await connect(postgres.url);
  const { rows } = await client.query(
    "select current_setting('listen_addresses') as address, current_setting('fsync') as fsync, (select rolsuper from pg_roles where rolname = current_user) as super",
  );
  await client.end();
  expect(rows[0]).toEqual({ address: "127.0.0.1", fsync: "on", super: false });
});

it("lets the application make the index that finds sessions by a part of their title, and a search uses it", async () => {
  const postgres = await start();
  await migrate({ url: postgres.url });
  const client = await connect(postgres.url);
  await client.query("set enable_seqscan = off");
  const { rows } = await client.query<{ "QUERY PLAN": string }>(
    "explain select id from sessions s where s.title ilike '%needle%'",
  );
  await client.end();
  expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("sessions_title");
});

it("leaves half a data directory, made by a start that was killed, behind", async () => {
  mkdirSync(join(dataDir, "postgres.making-1", "base"), { recursive: true });
  await start();
  expect(existsSync(join(dataDir, "postgres.making-1"))).toBe(false);
});

it.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
  "as root without user namespaces, runs as nobody inside our 0700 directory",
  async () => {
    const identity = chooseIdentity({ platform: "linux", uid: 0, named: true, userNamespaces: false, setpriv: true });
    if (identity.kind === "impossible") throw new Error(identity.why);
    await ensureCluster({ dataDir, binaries: findBinaries(), identity });
    expect(statSync(join(dataDir, "postgres")).uid).toBe(65_534);
    // And back again, when namespaces are allowed: the directory changes hands.
    await start();
    expect(statSync(join(dataDir, "postgres")).uid).toBe(0);
  },
);
