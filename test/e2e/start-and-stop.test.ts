// `npm start` as an operator knows it: one of two wins, wrong settings say what to do, nothing is left behind.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { childEnv } from "../../src/lib/child-env.ts";
import { startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

const repository = path.resolve(import.meta.dirname, "../..");

function beginStart(env: Record<string, string>) {
  const child = spawn("node", ["scripts/start.cjs"], {
    cwd: repository,
    env: childEnv({ PATH: process.env.PATH, HOME: process.env.HOME, BERTH_UI: "off", ...env }),
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    output += chunk;
  });
  return { child, output: () => output, ended: once(child, "exit").then(([code]) => code as number | null) };
}

async function npmStart(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const start = beginStart(env);
  return { code: await start.ended, output: start.output() };
}

test("a second start on the same data directory says so and exits; SIGTERM leaves no process and an empty run/", async () => {
  const system = await startSystem();
  const pids = await Promise.all(
    (["supervisor", "web", "worker", "postgres"] as const).map((part) => system.pid(part)),
  );
  for (const pid of pids) expect(pid).not.toBeNull();
  const second = await npmStart({ BERTH_DATA_DIR: system.dataDir, PORT: "0" }).catch((error) => error);
  expect(second.code).toBe(1);
  expect(second.output).toContain(String(pids[0]));
  expect((await fetch(`${system.url}/healthz`)).status).toBe(200);
  const ready = await fetch(`${system.url}/readyz`);
  expect(ready.status, await ready.clone().text()).toBe(200);
  expect(await system.stop()).toBe(0);
  for (const pid of pids) expect(() => process.kill(pid ?? 0, 0)).toThrow();
  expect(await readdir(path.join(system.dataDir, "run"))).toEqual([]);
  await system.dispose();
});

test("of two starts begun together one wins; the other says so and leaves it alone", async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), "berth-two-"));
  const starts = [0, 1].map(() => beginStart({ BERTH_DATA_DIR: dataDir, PORT: "0" }));
  try {
    const loser = await Promise.race(starts.map((start) => start.ended.then(() => start)));
    const winner = starts.find((start) => start !== loser);
    if (!winner) throw new Error("both ended");
    expect(await loser.ended, loser.output()).toBe(1);
    expect(loser.output()).toMatch(/already runs on this data directory/);
    const url = await until(() => /^ {2}API {3}(http\S+)/m.exec(winner.output())?.[1], {
      timeoutMs: 60_000,
      describe: winner.output,
    });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    winner.child.kill("SIGTERM");
    expect(await winner.ended, winner.output()).toBe(0);
    expect(await readdir(path.join(dataDir, "run"))).toEqual([]);
  } finally {
    for (const { child } of starts) if (child.exitCode === null) child.kill("SIGTERM");
    await Promise.all(starts.map((start) => start.ended));
    await rm(dataDir, { recursive: true, force: true });
  }
});

test("a port that is taken ends the start, which names the port and who has it, and leaves nothing running", async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), "berth-port-"));
  const server = createServer().listen(0, "127.0.0.1");
  try {
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // A server on a port has such an address.
    const { code, output } = await npmStart({ BERTH_DATA_DIR: dataDir, PORT: String(port) });
    expect(code, output).toBe(1);
    expect(output).toContain(String(port));
    if (process.platform === "linux") expect(output).toContain(`Process ${process.pid}`);
    expect(await readdir(path.join(dataDir, "run"))).toEqual([]);
  } finally {
    server.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});

test.each([
  ["PORT", "http", "PORT"],
  ["LITELLM_GATEWAY_URL", "not a url", "LITELLM_GATEWAY_URL"],
  ["BERTH_SANDBOX_MEMORY_MB", "-5", "BERTH_SANDBOX_MEMORY_MB"],
  ["HOST", "0.0.0.0", "BERTH_API_KEY"],
])("%s=%s ends the start and names %s with an example", async (name, value, named) => {
  const dataDir = await mkdtemp(path.join(tmpdir(), "berth-config-"));
  try {
    const { code, output } = await npmStart({ BERTH_DATA_DIR: dataDir, [name]: value });
    expect(code).toBe(1);
    expect(output).toContain(named);
    expect(output.toLowerCase()).toContain("example");
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
