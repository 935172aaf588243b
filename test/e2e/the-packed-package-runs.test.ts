// What `npm pack` makes, as a person gets it: installed by npm into an empty folder, started by npx with its dashboard, used, stopped.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { childEnv } from "../../src/lib/child-env.ts";
import { until } from "../support/until.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const exec = promisify(execFile);
const MINUTES_MS = 60_000;
let folder: string;
/** Empty before the installation, as somebody's new folder is. */
let app: string;
let environment: Record<string, string | undefined>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "berth-packed-"));
  app = path.join(folder, "app");
  await mkdir(app);
  await mkdir(path.join(folder, "home"));
  environment = {
    // Without our own node_modules/.bin: the Node of this machine starts it.
    PATH: (process.env.PATH ?? "")
      .split(":")
      .filter((entry) => !entry.includes("node_modules"))
      .join(":"),
    HOME: path.join(folder, "home"),
    npm_config_cache: process.env.npm_config_cache ?? path.join(homedir(), ".npm"),
    npm_config_update_notifier: "false",
    PORT: "0",
  };
  // With its scripts: prepack builds what is out of date.
  await run("npm", ["pack", "--silent", "--pack-destination", folder], repository);
  const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz")) ?? "";
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--silent", `../${tarball}`]);
}, 10 * MINUTES_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

function run(command: string, args: readonly string[], cwd = app) {
  return exec(command, args, { cwd, env: childEnv(environment), maxBuffer: 2 ** 26, timeout: 9 * MINUTES_MS });
}

const berth = (...args: string[]) => run("npx", ["berth", ...args]);
const installed = () => path.join(app, "node_modules", "@berth", "server");

test("it holds what runs, and no tests", async () => {
  const files = await readdir(installed(), { recursive: true });
  expect(files.filter((file) => /\.test\.tsx?$/.test(file))).toEqual([]);
  expect(files).toEqual(
    expect.arrayContaining([
      "LICENSE",
      "README.md",
      "docs/quickstart.md",
      "docs/images/session.png",
      "docs/images/session-dark.png",
      "src/bin/up.ts",
      "src/app/components/icons/LICENSE",
      "src/db/migrations/0001-sessions-are-logs.sql",
      ".next/BUILD_ID",
    ]),
  );
  const manifest = JSON.parse(await readFile(path.join(installed(), "package.json"), "utf8"));
  expect(manifest).toMatchObject({ name: "@berth/server", bin: { berth: "scripts/berth.cjs" }, license: "MIT" });
  expect(manifest.private).toBeUndefined();
});

test("its command says what it can", async () => {
  expect((await berth("--help")).stdout).toContain("berth run");
  expect((await berth("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("npx berth up: the link logs in, the dashboard is whole, an agent answers from a sandbox, Ctrl-C ends all", async () => {
  const server = spawn("npx", ["berth", "up"], {
    cwd: app,
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
    await until(() => /login\?token=\S+/.test(output) || server.exitCode !== null, {
      timeoutMs: MINUTES_MS,
      describe: () => output,
    });
    expect(output).toContain("`npx berth login` prints another");
    expect(output).not.toContain("building");
    const answer = await berth("run", "Please `echo packed-and-run`");
    expect(answer.stdout).toContain("packed-and-run");
    expect(answer.stderr).toContain("● bash");
    await expectWholeDashboard(/http:\S+login\?token=\S+/.exec(output)?.[0] ?? "", sessionIn(answer.stderr));
    expect((await berth("doctor")).stdout).toContain("Berth can be used.");
  } finally {
    // To all of them, as a terminal does.
    if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, "SIGINT");
    await ended;
  }
  const data = path.join(folder, "home", ".local", "share", "berth");
  // npx may be gone before the parts are.
  await until(async () => (await readdir(path.join(data, "run"))).length === 0);
  expect(output).not.toMatch(/warning/i);
  const failures = (await readFile(path.join(data, "logs", "web.log"), "utf8")).match(
    /^.*("level":[56]0|⨯|Error:).*$/gm,
  );
  expect(failures).toBeNull();
});

function sessionIn(text: string): string {
  return /sesn_\w+/.exec(text)?.[0] ?? "";
}

/** Logs in by the link as the page does, and fetches pages with everything that they load. */
async function expectWholeDashboard(link: string, sessionId: string): Promise<void> {
  const { origin, searchParams } = new URL(link);
  const login = await fetch(`${origin}/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-berth-csrf": "1", origin },
    body: JSON.stringify({ token: searchParams.get("token") }),
  });
  expect(login.status, await login.clone().text()).toBeLessThan(300);
  const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const loaded = new Set<string>();
  for (const page of ["/", `/sessions/${sessionId}`, "/agents", "/usage", "/running", "/settings/licences"]) {
    const response = await fetch(origin + page, { headers: { cookie }, redirect: "error" });
    expect(response.status, page).toBe(200);
    for (const [asset] of (await response.text()).matchAll(/\/_next\/static\/[\w./~-]+\.(?:js|css)/g))
      loaded.add(asset);
  }
  expect(loaded.size).toBeGreaterThan(10);
  for (const asset of loaded) expect((await fetch(origin + asset)).status, asset).toBe(200);
}
