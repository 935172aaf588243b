// `npm start` as an operator knows it: one of two wins, wrong settings say what to do, nothing is left behind.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { childEnv } from "../../src/lib/child-env.ts";
import { startSystem } from "../support/system.ts";

const repository = path.resolve(import.meta.dirname, "../..");

async function npmStart(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
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
  const [code] = await once(child, "exit");
  return { code, output };
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
