// What a runner has loaded when it answers: every sandbox waits for it, and keeps it in memory.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { buildRunner } from "../../scripts/build-runner.ts";
import { childEnv } from "../lib/child-env.ts";
import type { RunnerConfig } from "./protocol.ts";

/** Each costs a millisecond and more, OpenSSL eight: they are for those who use what needs them. */
const FOR_LATER = ["crypto", "worker_threads", "readline", "zlib"];

async function healthOf(socketPath: string, token: string): Promise<number | undefined> {
  const asked = request({ socketPath, path: "/health", headers: { authorization: `Bearer ${token}` } });
  asked.end();
  const [response] = await once(asked, "response");
  response.resume();
  await once(response, "end");
  return response.statusCode;
}

test("a runner answers before it has loaded what only some sandboxes use", async () => {
  const root = mkdtempSync(join(tmpdir(), "berth-loaded-"));
  try {
    const directories = {
      stateDir: join(root, "state"),
      workspaceDir: join(root, "work"),
      homeDir: join(root, "home"),
    };
    for (const directory of Object.values(directories)) mkdirSync(directory);
    const config: RunnerConfig = {
      ...{ identity: "i", token: "t", env: {}, maxArchiveBytes: 1 << 20, maxOutputFileBytes: 1 << 20 },
      ...{ ownsProcesses: false, relaysEgress: false },
      ...directories,
    };
    const told = join(root, "tell.cjs");
    writeFileSync(
      told,
      "process.once('SIGTERM', () => { console.log(JSON.stringify(process.moduleLoadList)); process.exit(); })",
    );
    const program = await buildRunner(join(root, "runner.cjs"));
    // As the starter does it: the socket listens before the runner is there.
    const socketPath = join(root, "socket");
    const server = createServer().listen(`${socketPath}.new`);
    await once(server, "listening");
    renameSync(`${socketPath}.new`, socketPath);
    const { _handle: handle } = server as unknown as { _handle: { fd: number } };
    const child = spawn(process.execPath, ["--require", told, program], {
      stdio: ["pipe", "pipe", "inherit", handle.fd],
      env: childEnv({}),
    });
    server.close();
    child.stdin?.end(JSON.stringify(config));
    const said = child.stdout ? text(child.stdout) : Promise.reject(new Error("it has no output"));
    expect(await healthOf(socketPath, config.token).finally(() => child.kill("SIGTERM"))).toBe(200);
    const loaded: string[] = JSON.parse(await said);
    expect(loaded).toContain("NativeModule http");
    expect(FOR_LATER.filter((name) => loaded.includes(`NativeModule ${name}`))).toEqual([]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
