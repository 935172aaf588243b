// `berth exec` and `berth cp` against the whole system, as a script and as a person at a terminal uses them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { spawn as spawnPty } from "@lydell/node-pty";
import { afterAll, beforeAll, expect, test } from "vitest";
import { childEnv } from "../../src/lib/child-env.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const berthScript = path.join(repository, "scripts", "berth.cjs");
let system: System;
let sessionId: string;
let directory: string;

beforeAll(async () => {
  system = await startSystem();
  directory = await mkdtemp(path.join(tmpdir(), "berth-cp-"));
  const client = system.client();
  const agent = (await client.beta.agents.list()).data[0]?.id ?? "";
  const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
  sessionId = (await client.beta.sessions.create({ agent, environment_id })).id;
});
afterAll(async () => {
  await system?.dispose();
  await rm(directory, { recursive: true, force: true });
});

const env = () => childEnv({ PATH: process.env.PATH, HOME: process.env.HOME, BERTH_DATA_DIR: system.dataDir });

function start(args: readonly string[]) {
  const child = spawn("node", [berthScript, ...args], { cwd: directory, env: env() });
  const out: Buffer[] = [];
  let note = "";
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk) => {
    note += chunk;
  });
  const ended = once(child, "close").then(([code]) => Number(code));
  return { child, bytes: () => Buffer.concat(out), note: () => note, ended };
}

async function berth(args: readonly string[], input: string | Buffer = "") {
  const running = start(args);
  running.child.stdin.on("error", () => undefined);
  running.child.stdin.end(input);
  const code = await running.ended;
  return { code, out: running.bytes().toString("utf8"), bytes: running.bytes(), note: running.note() };
}

test("a program's output, errors, input and exit code are this command's", async () => {
  expect(await berth(["exec", sessionId, "--", "sh", "-c", "echo out; echo err >&2; exit 42"])).toMatchObject({
    code: 42,
    out: "out\n",
    note: "err\n",
  });
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7) % 256));
  expect((await berth(["exec", sessionId, "--", "cat"], bytes)).bytes.equals(bytes)).toBe(true);
  expect(await berth(["exec", sessionId, "--", "no-such-program"])).toMatchObject({
    code: 127,
    note: "no-such-program: command not found\n",
  });
});

test("a snapshot is taken, and listed: for people in columns, for scripts a line each", async () => {
  expect(await berth(["exec", sessionId, "--", "sh", "-c", "echo kept > /workspace/kept.txt"])).toMatchObject({
    code: 0,
  });
  const taken = await berth(["snapshots", sessionId, "--take"]);
  expect(taken).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^snap_\w+ +current +\d+ \w+ +request +\d+ +\d+ +\d+ +\+\d+ ~0 -0\n/),
  });
  const [first] = (await berth(["snapshots", sessionId, "--json", "--limit", "1"])).out.trim().split("\n");
  expect(JSON.parse(first ?? "")).toMatchObject({ type: "snapshot", session_id: sessionId, state: "current" });
  const script = "cd /workspace && rm kept.txt && echo x > \"$(printf 'new\\nline')\" && echo y > other.txt";
  expect(await berth(["exec", sessionId, "--", "sh", "-c", script])).toMatchObject({ code: 0 });
  expect(await berth(["snapshots", sessionId, "--take", "--changes", "--limit", "1"])).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      / \+2 ~0 -1\n {2}\+ \/workspace\/new⏎line\n {2}\+ \/workspace\/other.txt\n {2}- \/workspace\/kept.txt\n$/,
    ),
  });
  expect(await berth(["snapshots", "sesn_00000000000000000000000000"])).toMatchObject({
    code: 1,
    note: expect.stringMatching(/sesn_0+/),
  });
});

test("Ctrl-C reaches the program, which ends as it likes", async () => {
  const running = start([
    "exec",
    sessionId,
    "--",
    "sh",
    "-c",
    "trap 'echo tidied; exit 5' INT; echo ready; sleep 600 & wait",
  ]);
  await until(() => running.bytes().includes("ready"));
  running.child.kill("SIGINT");
  expect(await running.ended).toBe(5);
  expect(running.bytes().toString()).toContain("tidied");
});

test("what cannot be is told in words", async () => {
  expect(await berth(["exec", "sesn_unknown", "--", "ls"])).toMatchObject({
    code: 1,
    note: expect.stringContaining("sesn_unknown"),
  });
  expect(await berth(["exec", sessionId])).toMatchObject({
    code: 1,
    note: expect.stringContaining("A shell needs a terminal"),
  });
  expect((await berth(["cp", "here", "there"])).note).toContain("One of the two has to be in a sandbox");
  expect((await berth(["cp", `${sessionId}:missing`, "."])).note).toContain("missing");
  expect((await berth(["cp", "missing", `${sessionId}:x`])).note).toContain("There is no missing here");
});

test("a shell at a terminal: typed, resized, left, found again, ended with its exit code", async () => {
  const open = () => {
    const pty = spawnPty("node", [berthScript, "exec", sessionId], {
      cols: 90,
      rows: 25,
      cwd: directory,
      env: { ...env(), TERM: "xterm" } as Record<string, string>,
    });
    let said = "";
    pty.onData((data) => {
      said += data;
    });
    const ended = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)));
    return { pty, said: () => said, ended };
  };
  const first = open();
  await until(() => first.said().includes("$ "), { describe: first.said });
  first.pty.write("stty size; x=kept\r");
  await until(() => first.said().includes("25 90"), { describe: first.said });
  first.pty.resize(100, 30);
  first.pty.write("sleep 600\r");
  await until(() => first.said().includes("sleep 600"));
  first.pty.write("\u0003");
  first.pty.write("stty size\r");
  await until(() => first.said().includes("30 100"), { describe: first.said });
  first.pty.kill("SIGKILL");
  await first.ended;
  const second = open();
  await until(() => second.said().includes("30 100"), { describe: second.said });
  second.pty.write("echo $x-$((1+1)); exit 6\r");
  expect(await second.ended).toBe(6);
  expect(second.said()).toContain("kept-2");
});

test("files and directories are copied both ways, byte for byte; pipes too", async () => {
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31) % 256));
  await mkdir(path.join(directory, "tree/deep/er"), { recursive: true });
  await writeFile(path.join(directory, "tree/a.bin"), bytes);
  await writeFile(path.join(directory, "tree/deep/er/ümlaut name.txt"), "text\n");
  expect(await berth(["cp", "tree", `${sessionId}:copied`])).toMatchObject({ code: 0, note: "" });
  const listed = await berth([
    "exec",
    sessionId,
    "--",
    "sh",
    "-c",
    "cd copied && find . -type f | sort && sha256sum a.bin",
  ]);
  expect(listed.out).toContain("./deep/er/ümlaut name.txt");
  expect(await berth(["cp", `${sessionId}:copied`, "back"])).toMatchObject({ code: 0, note: "" });
  expect((await readFile(path.join(directory, "back/a.bin"))).equals(bytes)).toBe(true);
  expect(await readFile(path.join(directory, "back/deep/er/ümlaut name.txt"), "utf8")).toBe("text\n");
  expect(await berth(["cp", `${sessionId}:copied/a.bin`, "."])).toMatchObject({ code: 0 });
  expect((await readFile(path.join(directory, "a.bin"))).equals(bytes)).toBe(true);
  expect((await berth(["cp", "-", `${sessionId}:piped`], "from a pipe")).code).toBe(0);
  expect((await berth(["cp", `${sessionId}:piped`, "-"])).out).toBe("from a pipe");
});
