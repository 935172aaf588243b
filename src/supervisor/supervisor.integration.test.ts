// Parts as real processes: started again, stopped in order, found again after a kill -9.
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "../../test/support/until.ts";
import { systemClock } from "../lib/clock.ts";
import { findProcess, isAlive } from "../lib/processes.ts";
import { takeLock } from "./data-dir-lock.ts";
import { type NodePartOptions, nodePart } from "./node-part.ts";
import { createPidFiles, type PidFiles } from "./pid-files.ts";
import { checkPort } from "./ports.ts";
import { createSupervisor, type Supervisor } from "./supervisor.ts";

let dataDir: string;
let pidFiles: PidFiles;
let supervisor: Supervisor;
let said: string[];
const children: ChildProcess[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "berth-supervisor-"));
  pidFiles = createPidFiles(dataDir);
  said = [];
  supervisor = createSupervisor({ pidFiles, clock: systemClock, log: (_level, message) => said.push(message) });
});
afterEach(async () => {
  supervisor.force();
  await supervisor.stop();
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(dataDir, { recursive: true, force: true });
});

/** A part made of `code`; `order` in it is a file to note things in. */
function tiny(name: string, code: string, options: Partial<NodePartOptions> = {}) {
  const script = join(dataDir, `${name}.mjs`);
  const order = JSON.stringify(join(dataDir, "order"));
  writeFileSync(
    script,
    `import { appendFileSync } from "node:fs"; process.title = "berth-${name}"; const note = (text) => appendFileSync(${order}, text + "\\n");\n${code}`,
  );
  return nodePart({
    name,
    script,
    env: () => ({ PATH: process.env.PATH, BERTH_DATA_DIR: dataDir }),
    saysReadyBy: "ipc",
    onLine: () => undefined,
    ...options,
  });
}
const polite = (name: string) =>
  `process.on("SIGTERM", () => { note(${JSON.stringify(name)}); process.exit(0); }); setInterval(() => {}, 1000); process.send({ type: "ready" });`;
const deaf = `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); process.send({ type: "ready" });`;
const runFiles = () => readdirSync(join(dataDir, "run")).sort();

it("starts a part again that was killed, with its new process id in the pid file", async () => {
  const part = supervisor.run(tiny("worker", polite("worker")));
  const first = await part.ready;
  expect(pidFiles.read("worker")).toBe(first.pid);
  process.kill(first.pid, "SIGKILL");
  const second = await until(() => said.includes("worker runs again") && pidFiles.read("worker"));
  expect(second).not.toBe(first.pid);
  expect(said[0]).toMatch(/worker was ended by SIGKILL; it is started again at once/);
});

it("stops the users of the database before the database, and leaves no process and an empty run/", async () => {
  // Postgres is played by a process that notes when it is told to stop.
  const parts = ["postgres", "sandboxd", "worker", "egress", "web"].map((name) =>
    supervisor.run(tiny(name, polite(name))),
  );
  const pids = (await Promise.all(parts.map((part) => part.ready))).map((process) => process.pid);
  expect(runFiles()).toEqual(["egress.pid", "postgres.pid", "sandboxd.pid", "web.pid", "worker.pid"]);
  await supervisor.stop();
  const order = readFileSync(join(dataDir, "order"), "utf8").trim().split("\n");
  expect(order.slice(0, 3).sort()).toEqual(["egress", "web", "worker"]);
  expect(order.slice(3)).toEqual(["sandboxd", "postgres"]);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(runFiles()).toEqual([]);
});

it("ends a part that does not want to stop", async () => {
  const { pid } = await supervisor.run(tiny("postgres", deaf)).ready;
  await supervisor.stop();
  expect(isAlive(pid)).toBe(false);
});

it("leaves nothing of what a part started, whether it stopped or had to be killed", async () => {
  const starts = `import { spawn } from "node:child_process"; const own = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], { stdio: "ignore" });`;
  const pids = await Promise.all(
    [polite("worker"), deaf].map(async (code, index) => {
      const tells = code.replace('"ready"', '"ready", started: own.pid');
      const { readyMessage } = await supervisor.run(tiny(index === 0 ? "worker" : "sandboxd", starts + tells)).ready;
      return Number(readyMessage.started);
    }),
  );
  expect(pids.filter(isAlive)).toEqual(pids);
  await supervisor.stop();
  await until(() => pids.every((pid) => findProcess(pid) === null));
});

it("ends everything at once when forced", async () => {
  const parts = ["web", "postgres"].map((name) => supervisor.run(tiny(name, deaf)));
  const [web = 0, postgres = 0] = (await Promise.all(parts.map((part) => part.ready))).map(({ pid }) => pid);
  const stopped = supervisor.stop();
  supervisor.force();
  await until(() => !isAlive(web));
  // Unforced, the database would be asked now, and have its own two seconds and a half.
  await until(() => !isAlive(postgres), { timeoutMs: 2_000 });
  await stopped;
});

it("says why a part did not start, in its own last words", async () => {
  await expect(supervisor.run(tiny("web", `throw new Error("no such table")`)).ready).rejects.toThrow(
    /code 1: Error: no such table/,
  );
  await expect(
    supervisor.run(tiny("worker", "setInterval(() => {}, 1000)", { readyWithinMs: 300 })).ready,
  ).rejects.toThrow(/not ready within 0.3 s/);
  expect(runFiles()).toEqual([]);
});

it("a part that says it installs is given the time for that, and no more", async () => {
  const heard: unknown[] = [];
  const installer = (end: string) =>
    `console.log(JSON.stringify({ type: "installing", packages: ["bubblewrap"] })); ${end}`;
  const withLimits = (readyWithinMs: number, busyWithinMs: number): Partial<NodePartOptions> => ({
    saysReadyBy: "stdout",
    readyWithinMs,
    busy: { type: "installing", readyWithinMs: busyWithinMs, onSaid: (message) => heard.push(message) },
  });
  // Ready only once the limit of a usual start is over.
  const slow = installer(
    `setTimeout(() => console.log(JSON.stringify({ type: "ready", installed: ["bubblewrap"] })), 4000); setInterval(() => {}, 1000);`,
  );
  const { readyMessage } = await supervisor.run(tiny("sandboxd", slow, withLimits(3_000, 60_000))).ready;
  expect(readyMessage).toEqual({ type: "ready", installed: ["bubblewrap"] });
  expect(heard).toEqual([{ type: "installing", packages: ["bubblewrap"] }]);
  const stuck = installer("setInterval(() => {}, 1000);");
  await expect(supervisor.run(tiny("worker", stuck, withLimits(30_000, 300))).ready).rejects.toThrow(
    /not ready within 0.3 s/,
  );
});

it("goes on without an optional part, and keeps trying", async () => {
  const flag = join(dataDir, "repaired");
  const code = `import { existsSync } from "node:fs"; if (!existsSync(${JSON.stringify(flag)})) process.exit(3); ${polite("sandboxd")}`;
  const part = supervisor.run(tiny("sandboxd", code), { optional: true });
  await expect(part.ready).rejects.toThrow(/code 3/);
  writeFileSync(flag, "");
  await until(() => said.includes("sandboxd runs again"));
});

it("finds and ends what a killed supervisor left behind, and nobody else", async () => {
  // A real orphan of ours, and a stranger whose number stands in a stale pid file.
  const orphanScript = join(dataDir, "orphan.mjs");
  writeFileSync(
    orphanScript,
    `process.title = "berth-web"; process.on("SIGTERM", () => {}); process.send("up"); setInterval(() => {}, 1000);`,
  );
  const orphan = fork(orphanScript, { execArgv: [], env: { ...process.env, BERTH_DATA_DIR: dataDir } });
  const stranger = spawn("sleep", ["60"]);
  children.push(orphan, stranger);
  await once(orphan, "message");
  pidFiles.write("web", orphan.pid ?? 0);
  pidFiles.write("worker", stranger.pid ?? 0);
  pidFiles.write("postgres", 2 ** 22 + 1);
  expect(await pidFiles.endOrphans()).toEqual([`web (${orphan.pid})`]);
  expect(isAlive(stranger.pid ?? 0)).toBe(true);
  expect(runFiles()).toEqual([]);
});

it("of eight starts at once exactly one gets the data directory, and a killed holder gives it back", async () => {
  const script = join(dataDir, "lock.mjs");
  const lock = new URL("./data-dir-lock.ts", import.meta.url).href;
  writeFileSync(
    script,
    `import { takeLock } from ${JSON.stringify(lock)}; const taken = takeLock(${JSON.stringify(join(dataDir, "lock"))}) !== null; setImmediate(() => { gc(); process.send(taken); }); setInterval(gc, 50);`,
  );
  const starts = Array.from({ length: 8 }, () => fork(script, { execArgv: ["--expose-gc"] }));
  children.push(...starts);
  const answers = await Promise.all(starts.map(async (start) => (await once(start, "message"))[0] as boolean));
  expect(answers.filter(Boolean)).toHaveLength(1);
  const holder = starts[answers.indexOf(true)];
  expect(takeLock(join(dataDir, "lock"))).toBeNull();
  holder?.kill("SIGKILL");
  const taken = await until(() => takeLock(join(dataDir, "lock")));
  taken.release();
  expect(existsSync(join(dataDir, "lock-journal"))).toBe(false);
});

it("names the process that has the port", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  try {
    const failure = await checkPort("127.0.0.1", port).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringContaining(String(port)) });
    if (process.platform === "linux")
      expect(failure).toMatchObject({ why: expect.stringContaining(`Process ${process.pid}`) });
  } finally {
    server.close();
  }
  await expect(checkPort("127.0.0.1", 0)).resolves.toBeUndefined();
});
