// What `npm pack` makes is installed elsewhere, below node_modules, and runs: the command line, and the server that it starts.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { childEnv } from "../../src/lib/child-env.ts";
import { until } from "../support/until.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const run = promisify(execFile);
let folder: string;
let installed: string;
let environment: Record<string, string | undefined>;

/** As npm lays it out: our package a real folder, what it depends on beside it. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "berth-packed-"));
  // Without scripts: the dashboard's build has tests of its own, and takes a minute.
  await run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: repository });
  const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz")) ?? "";
  await run("tar", ["-xzf", path.join(folder, tarball), "-C", folder]);
  const modules = path.join(folder, "node_modules");
  await mkdir(modules);
  for (const name of await readdir(path.join(repository, "node_modules")))
    await symlink(path.join(repository, "node_modules", name), path.join(modules, name));
  installed = path.join(modules, "berth");
  await rename(path.join(folder, "package"), installed);
  environment = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    BERTH_DATA_DIR: path.join(folder, "data"),
    BERTH_UI: "off",
    PORT: "0",
  };
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function berth(...args: string[]) {
  return run("node", [path.join(installed, "scripts", "berth.cjs"), ...args], {
    cwd: folder,
    env: childEnv(environment),
  });
}

test("it holds what runs, and no tests", async () => {
  const files = await readdir(installed, { recursive: true });
  expect(files.filter((file) => /\.test\.tsx?$/.test(file))).toEqual([]);
  expect(files).toEqual(
    expect.arrayContaining(["LICENSE", "README.md", "src/bin/up.ts", "src/db/migrations/0001-sessions-are-logs.sql"]),
  );
  const manifest = JSON.parse(await readFile(path.join(installed, "package.json"), "utf8"));
  expect(manifest.bin).toEqual({ berth: "scripts/berth.cjs" });
});

test("its command says what it can", async () => {
  expect((await berth("--help")).stdout).toContain("berth run");
  expect((await berth("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("its server starts, runs a command in a sandbox, and stops", async () => {
  const server = spawn("node", [path.join(installed, "scripts", "berth.cjs"), "up"], {
    cwd: folder,
    env: childEnv(environment),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [server.stdout, server.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  const ended = once(server, "exit");
  try {
    await until(() => output.includes("  API   http") || server.exitCode !== null, {
      timeoutMs: 60_000,
      describe: () => output,
    });
    const answer = await berth("run", "Please `echo packed-and-run`");
    expect(answer.stdout).toContain("packed-and-run");
    expect(answer.stderr).toContain("● bash");
    expect((await berth("doctor")).stdout).toContain("Berth can be used.");
  } finally {
    server.kill("SIGTERM");
    await ended;
  }
  expect(output).not.toContain("Warning");
  expect(await readdir(path.join(folder, "data", "run"))).toEqual([]);
});
