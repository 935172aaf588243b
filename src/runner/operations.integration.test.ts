// Operations by id: what an id means in the life of the sandbox that began it, and in later ones.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Journal } from "./journal.ts";
import { Operations } from "./operations.ts";
import { BadRequest, type WireOperation } from "./protocol.ts";

let root: string;
let end: (() => void) | null = null;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "berth-operations-"));
});
afterEach(() => {
  end?.();
  end = null;
  rmSync(root, { recursive: true, force: true });
});

/** A runner's operations on the test's disk; what ran before is ended, as a sandbox's life is. */
function begin(): Operations {
  end?.();
  const [stateDir, workspaceDir, homeDir] = ["state", "workspace", "home"].map((name) => join(root, name));
  if (!stateDir || !workspaceDir || !homeDir) throw new Error("unreachable");
  for (const directory of [stateDir, workspaceDir, homeDir]) mkdirSync(directory, { recursive: true });
  const config = { identity: "i", token: "t", env: {}, stateDir, workspaceDir, homeDir };
  const limits = { maxArchiveBytes: 1 << 20, maxOutputFileBytes: 1 << 20, ownsProcesses: false, relaysEgress: false };
  const journal = new Journal(stateDir);
  const operations = new Operations({
    config: { ...config, ...limits },
    journal,
    env: () => ({ PATH: "/usr/bin:/bin" }),
    workerFile: "",
  });
  end = () => {
    operations.end();
    journal.close();
  };
  return operations;
}

const bash = (command: string): WireOperation => ({ kind: "bash", command });

test("an id can't be used for two operations of one life", async () => {
  const operations = begin();
  await operations.run("a", bash("echo one")).result;
  expect(() => operations.run("a", bash("echo two"))).toThrow(BadRequest);
});

test("an id of an earlier life gives its result, also when the operation reads otherwise now", async () => {
  await begin().run("a", bash("echo one")).result;
  const later = await begin().run("a", { kind: "bash", command: "echo one", timeoutMs: 1000 }).result;
  expect(later).toMatchObject({ outcome: "ok", content: "one" });
});

test("an id that an earlier life began and did not end may have run, however it reads now", async () => {
  end?.();
  const state = join(root, "state");
  const journal = new Journal(state);
  journal.start("a", "another release's hash");
  journal.close();
  const operations = begin();
  expect(await operations.run("a", bash("echo one")).result).toMatchObject({ outcome: "unknown" });
  expect(await operations.run("a", bash("echo one")).result).toMatchObject({ outcome: "unknown" });
});

async function told(operations: Operations, id: string, command: string) {
  return operations.run(id, bash(command)).result;
}

test("the first command after a wake, a timeout or a lost shell says that the shell is a fresh one; later ones do not", async () => {
  let operations = begin();
  expect(await told(operations, "a", "cd /; X=1")).not.toHaveProperty("freshShell");
  operations = begin();
  expect(await told(operations, "b", "echo $X; pwd")).toMatchObject({
    content: `\n${join(root, "workspace")}`,
    freshShell: true,
  });
  expect(await told(operations, "c", "pwd")).not.toHaveProperty("freshShell");
  await operations.run("d", { kind: "bash", command: "sleep 100", timeoutMs: 100 }).result;
  expect(await told(operations, "e", "pwd")).toHaveProperty("freshShell", true);
  expect(await told(operations, "f", "exit 3")).toMatchObject({ outcome: "failed", exitCode: 3 });
  expect(await told(operations, "g", "pwd")).toHaveProperty("freshShell", true);
  await told(operations, "h", "exit 3");
  await operations.run("i", { kind: "bash", restart: true }).result;
  expect(await told(operations, "j", "pwd")).not.toHaveProperty("freshShell");
});

test.each([
  ["printf(){ :; }; echo one", "one"],
  ["echo one; exec >&-", "one"],
  ["echo one; exec >/dev/null 2>&1", "one"],
  ["echo one; exec 213>&- 213</dev/null", "one"],
  ["echo one; exec 1>&- 2>&- 0<&-", "one"],
  ["set -x; true; set +x; echo one >&2", "++ true\n++ set +x\none"],
  ["exec 3>&1; echo one >&3", "one"],
  ["trap 'echo trapped' EXIT; echo one", "one"],
])("%s does not take the shell's end mark away, nor the outputs of the next command", async (command, content) => {
  const operations = begin();
  const first = await operations.run("a", { kind: "bash", command: `X=kept; ${command}`, timeoutMs: 5000 }).result;
  expect(first).toMatchObject({ outcome: "ok", content });
  const next = await operations.run("b", { kind: "bash", command: "echo $X; echo e >&2; cat", timeoutMs: 5000 }).result;
  expect(next).toMatchObject({ outcome: "ok", content: "kept\ne" });
});

test("a shell that can't say its end mark ends, and the next command has a fresh one", async () => {
  const operations = begin();
  const lost = await operations.run("a", { kind: "bash", command: "enable -n printf", timeoutMs: 5000 }).result;
  expect(lost).toMatchObject({ outcome: "failed", content: expect.stringContaining("bash session terminated") });
  expect(await told(operations, "b", "echo alive")).toMatchObject({ content: "alive", freshShell: true });
});

test("a background job does not hold the shell's way out", async () => {
  const operations = begin();
  const seen = await told(
    operations,
    "a",
    // Not before it is what it is going to be: until then bash still closes what the job has no use for.
    "sleep 100 & until [ $(cat /proc/$!/comm) = sleep ]; do :; done; ls -l /proc/$!/fd | grep -c 'shell-' ; ls /proc/self/fd | grep -c 213; true",
  );
  expect(seen.content).toBe("2\n0");
});
